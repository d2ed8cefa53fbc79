create table journal (
    position bigint not null,
    line smallint not null,
    service text not null,
    booked_on date not null,
    document text not null,
    debit text not null,
    credit text not null,
    currency text not null,
    amount_minor bigint not null check (amount_minor > 0),
    seller text,
    country text,
    city_id text,
    subject_kind text,
    product text,
    payer_id uuid,
    invoice_id uuid,
    tax text,
    tax_rate numeric,
    base_minor bigint,
    primary key (position, line),
    check (debit <> credit)
);
create index journal_by_day on journal (service, booked_on);
create index journal_by_invoice on journal (invoice_id) where 'receivables' in (debit, credit);
comment on table journal is 'One row per entry of the books. It moves an amount from the credited account to the debited one, so that all accounts together are nothing after each of them, in each currency.';
comment on column journal.position is 'Position of the event in the log that says so.';
comment on column journal.line is 'Which of its entries.';
comment on column journal.service is 'Key of the rulebook.';
comment on column journal.booked_on is 'Local day of an invoice or a credit note; value day of a transfer that came; else the day in UTC.';
comment on column journal.document is 'Number of the invoice or credit note, or the reference of the payment.';
comment on column journal.debit is 'Account to which it goes.';
comment on column journal.credit is 'Account from which it goes.';
comment on column journal.currency is 'ISO 4217.';
comment on column journal.amount_minor is 'More than nothing, in minor units.';
comment on column journal.seller is 'Legal entity that sells; null where it is not known which invoice it is for.';
comment on column journal.country is 'ISO 3166 code of the country of the seller.';
comment on column journal.city_id is 'City of the invoice; of revenue that of the charge.';
comment on column journal.subject_kind is 'Topic of what the invoice is for, e.g. rental.trip; of revenue that of the charge.';
comment on column journal.product is 'Of revenue: rule of the tariff, or fee, that made the line.';
comment on column journal.payer_id is 'Who pays.';
comment on column journal.invoice_id is 'The invoice that it belongs to.';
comment on column journal.tax is 'Of a tax: its name.';
comment on column journal.tax_rate is 'Of a tax: its rate, a fraction.';
comment on column journal.base_minor is 'Of a tax: what it is on, in minor units.';

create table ledger_documents (
    document_id uuid primary key,
    invoice_id uuid not null,
    seller text not null,
    country text not null,
    city_id text not null,
    subject_kind text not null
);
comment on table ledger_documents is 'One row per invoice and credit note: where entries that refer to it belong.';
comment on column ledger_documents.document_id is 'The invoice or credit note.';
comment on column ledger_documents.invoice_id is 'The invoice.';
comment on column ledger_documents.seller is 'Legal entity that sells.';
comment on column ledger_documents.country is 'ISO 3166 code of its country.';
comment on column ledger_documents.city_id is 'City of the invoice.';
comment on column ledger_documents.subject_kind is 'Topic of what the invoice is for, e.g. rental.trip.';

create table ledger_transfers (
    transfer_id uuid primary key,
    invoice_id uuid not null
);
comment on table ledger_transfers is 'One row per transfer whose invoice is known.';
comment on column ledger_transfers.transfer_id is 'The transfer.';
comment on column ledger_transfers.invoice_id is 'The invoice that it was for.';
