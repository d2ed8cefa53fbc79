create table transfers (
    transfer_id uuid primary key,
    service text not null,
    seller text not null,
    reference text not null,
    amount_minor bigint not null,
    currency text not null,
    value_on date not null,
    recorded_at timestamptz not null,
    state text not null default 'reported',
    counted_minor bigint not null default 0,
    owed_minor bigint not null default 0,
    invoice_id uuid,
    payer_id uuid,
    number text,
    proposal text,
    proposed_by text,
    assigned_by text,
    taken_back_reference text
);
create index transfers_by_time on transfers (service, recorded_at desc);
create index transfers_by_invoice on transfers (invoice_id);
create index transfers_owed on transfers (service, recorded_at desc) where owed_minor > 0;
comment on table transfers is 'One row per bank transfer that is, or is proposed to be, for an invoice.';
comment on column transfers.transfer_id is 'The transfer; the same as of its entry in csbe.bank_entries, if it has one.';
comment on column transfers.service is 'Key of the rulebook.';
comment on column transfers.seller is 'Legal entity whose account it came to.';
comment on column transfers.reference is 'By which the bank knows the booking.';
comment on column transfers.amount_minor is 'All that came, in minor units.';
comment on column transfers.currency is 'ISO 4217.';
comment on column transfers.value_on is 'From which day on it counts at the bank.';
comment on column transfers.recorded_at is 'When it was recorded.';
comment on column transfers.state is 'proposed, received or taken_back; reported only in between.';
comment on column transfers.counted_minor is 'What of it counted for the invoice, in minor units.';
comment on column transfers.owed_minor is 'What of it is to be given back and is not yet, in minor units.';
comment on column transfers.invoice_id is 'The invoice that it is for; null until that is known.';
comment on column transfers.payer_id is 'Who pays that invoice.';
comment on column transfers.number is 'Number of that invoice.';
comment on column transfers.proposal is 'What the first of two persons has decided, while it waits for the second.';
comment on column transfers.proposed_by is 'The first of two persons; null where one was enough.';
comment on column transfers.taken_back_reference is 'By which the bank knows the booking that took it back; null while it has not.';
comment on column transfers.assigned_by is 'Who decided which invoice it is for; null where the payer named it.';
