create table mandates (
    mandate_id uuid primary key,
    service text not null,
    payer_id uuid not null,
    seller text not null,
    creditor_id text not null,
    reference text not null,
    signed_on date not null,
    signed_at timestamptz not null,
    last_used_on date,
    state text not null default 'signed',
    end_reason text
);
create index mandates_by_payer on mandates (payer_id, signed_at desc);
create index mandates_by_time on mandates (service, signed_at desc);
comment on table mandates is 'One row per SEPA mandate, without whose account it is.';
comment on column mandates.mandate_id is 'The mandate; also the id of the payment method.';
comment on column mandates.service is 'Key of the rulebook.';
comment on column mandates.payer_id is 'Who pays by it.';
comment on column mandates.seller is 'Legal entity that may collect by it.';
comment on column mandates.creditor_id is 'By which SEPA knows the seller.';
comment on column mandates.reference is 'Unique mandate reference, as banks tell it.';
comment on column mandates.signed_on is 'When it was signed.';
comment on column mandates.signed_at is 'When it was taken down.';
comment on column mandates.last_used_on is 'Day of the last collection that went to the bank.';
comment on column mandates.state is 'signed or ended.';
comment on column mandates.end_reason is 'revoked, or the code of the bank; null while it has not ended.';

create table debits (
    debit_id uuid primary key,
    service text not null,
    payer_id uuid not null,
    invoice_id uuid not null,
    number text not null,
    mandate_id uuid not null,
    seller text not null,
    amount_minor bigint not null,
    currency text not null,
    announced_for date not null,
    requested_at timestamptz not null,
    state text not null default 'requested',
    batch_id uuid,
    sequence text,
    collection_on date,
    reason text,
    retry_at timestamptz,
    booked_on date,
    booked_reference text,
    returned_on date,
    returned_reference text,
    bank_fee_minor bigint
);
create index debits_by_time on debits (service, requested_at desc);
create index debits_waiting on debits (service, seller, announced_for) where state = 'requested';
create index debits_by_batch on debits (batch_id);
create index debits_by_invoice on debits (invoice_id);
create index debits_by_payer on debits (payer_id, requested_at desc);
comment on table debits is 'One row per direct debit: the money of one invoice.';
comment on column debits.debit_id is 'The debit; without signs and in capitals its end-to-end id at the bank.';
comment on column debits.service is 'Key of the rulebook.';
comment on column debits.payer_id is 'Who pays.';
comment on column debits.invoice_id is 'The invoice.';
comment on column debits.number is 'Number of that invoice.';
comment on column debits.mandate_id is 'By which mandate.';
comment on column debits.seller is 'Legal entity that collects.';
comment on column debits.amount_minor is 'In minor units; once it is in collection, what the bank was asked for.';
comment on column debits.currency is 'ISO 4217.';
comment on column debits.announced_for is 'It is collected on this day or later.';
comment on column debits.requested_at is 'When it was announced.';
comment on column debits.state is 'requested, in_collection, collected, dropped, rejected or returned.';
comment on column debits.batch_id is 'The batch that it went to the bank with.';
comment on column debits.sequence is 'FRST or RCUR.';
comment on column debits.collection_on is 'Day on which the bank was asked to collect it.';
comment on column debits.reason is 'Why it was dropped, rejected or returned: a word of ours, or the code of the bank.';
comment on column debits.retry_at is 'When its money is asked for again; null when it is not.';
comment on column debits.booked_on is 'Value day of its booking.';
comment on column debits.booked_reference is 'By which the bank knows that booking.';
comment on column debits.returned_on is 'Value day of its return.';
comment on column debits.returned_reference is 'By which the bank knows the return.';
comment on column debits.bank_fee_minor is 'What the bank took for the return, in minor units.';
