create table charges (
    charge_id uuid primary key,
    service text not null,
    subject_kind text not null,
    subject_id uuid not null,
    member_id uuid not null,
    payer_id uuid not null,
    seller text not null,
    raised_at timestamptz not null,
    trip_id uuid,
    fee text,
    state text not null default 'raised',
    collected_from timestamptz,
    supplied_on date,
    objection text,
    reasons jsonb,
    currency text,
    price_minor bigint,
    proposal text,
    decision text,
    decision_reason text,
    decided_by text,
    proposed_by text,
    invoice_id uuid
);
create index charges_by_time on charges (service, raised_at desc);
create index charges_in_review on charges (service, raised_at desc) where state = 'in_review';
create index charges_waiting on charges (service, payer_id, seller) where state = 'waiting';
create index charges_by_invoice on charges (invoice_id);
create index charges_by_subject on charges (subject_id);
create index charges_by_trip on charges (trip_id);
create index charges_by_member on charges (member_id, raised_at desc);
comment on table charges is 'One row per charge. Reasons that people wrote, and who they are, are not for analysts.';
comment on column charges.charge_id is 'The charge.';
comment on column charges.service is 'Key of the rulebook.';
comment on column charges.subject_kind is 'Topic of the aggregate that it is for, e.g. rental.trip.';
comment on column charges.subject_id is 'What it is for, e.g. the trip.';
comment on column charges.member_id is 'Who had it.';
comment on column charges.payer_id is 'Who pays.';
comment on column charges.seller is 'Legal entity that sells.';
comment on column charges.raised_at is 'When it was raised.';
comment on column charges.trip_id is 'The trip that it is for, or that it came of; null where there was none.';
comment on column charges.fee is 'Id in the catalogue of fees; null for what a tariff prices.';
comment on column charges.state is 'announced, in_review, waiting (for the invoice of its month), billed or waived; raised only in between.';
comment on column charges.collected_from is 'When it is billed, unless its payer objects; null when it was not announced.';
comment on column charges.supplied_on is 'Local day on which what it is for ended, of one that waits for the end of its month, or did.';
comment on column charges.objection is 'Personal: why its payer does not agree, in their words.';
comment on column charges.reasons is 'Why it was reviewed; null when it was not.';
comment on column charges.currency is 'ISO 4217; null when it was billed at once.';
comment on column charges.price_minor is 'Gross, in minor units: what it costs once it waits for its month, before that what it would have cost before the review; null when it was billed at once.';
comment on column charges.proposal is 'What the first of two persons has decided, while it waits for the second.';
comment on column charges.decision is 'approve, correct or waive; null when nobody had to decide.';
comment on column charges.decision_reason is 'Personal: why, in the words of who decided, or proposed.';
comment on column charges.decided_by is 'Who decided; null when nobody had to.';
comment on column charges.proposed_by is 'The first of two persons; null where one was enough.';
comment on column charges.invoice_id is 'Its invoice; null while it has none.';

create table invoices (
    invoice_id uuid primary key,
    service text not null,
    number text not null,
    seller text not null,
    subject_kind text not null,
    subject_id uuid not null,
    member_id uuid,
    payer_id uuid not null,
    city_id text not null,
    issued_at timestamptz not null,
    issued_on date not null,
    supplied_from date not null,
    supplied_on date not null,
    currency text not null,
    net_minor bigint not null,
    tax_minor bigint not null,
    gross_minor bigint not null,
    paid_minor bigint not null default 0,
    credited_minor bigint not null default 0,
    open_minor bigint not null generated always as (gross_minor - credited_minor - paid_minor) stored,
    state text not null default 'open',
    decline_code text,
    retry_at timestamptz,
    credit_proposal text,
    credit_proposed_by text,
    lines jsonb not null,
    taxes jsonb not null
);
create index invoices_by_payer on invoices (service, payer_id, issued_at desc);
create index invoices_by_time on invoices (service, issued_at desc);
create index invoices_by_number on invoices (service, number);
create index invoices_by_subject on invoices (subject_id);
create index invoices_by_member on invoices (member_id, issued_at desc);
create index invoices_by_number on invoices (number);
comment on table invoices is 'One row per invoice.';
comment on column invoices.invoice_id is 'The invoice.';
comment on column invoices.service is 'Key of the rulebook.';
comment on column invoices.number is 'Number, without gaps per seller.';
comment on column invoices.seller is 'Legal entity that issued it.';
comment on column invoices.subject_kind is 'Topic of the aggregate that it is for, e.g. rental.trip; billing.invoice where it has several charges.';
comment on column invoices.subject_id is 'What it is for, e.g. the trip; the invoice itself where it has several charges.';
comment on column invoices.member_id is 'Who had it; null where several had.';
comment on column invoices.payer_id is 'Who pays.';
comment on column invoices.city_id is 'City in which it was supplied, or the first of its charges.';
comment on column invoices.issued_at is 'When it was issued.';
comment on column invoices.issued_on is 'Day in the city on which it was issued: the day for the books.';
comment on column invoices.supplied_from is 'First day on which something that it is for ended.';
comment on column invoices.supplied_on is 'Day in the city on which what it is for ended, the last of them.';
comment on column invoices.currency is 'ISO 4217.';
comment on column invoices.net_minor is 'Net, in minor units.';
comment on column invoices.tax_minor is 'All taxes, in minor units.';
comment on column invoices.gross_minor is 'To pay, in minor units.';
comment on column invoices.paid_minor is 'Received and not refunded, in minor units.';
comment on column invoices.credited_minor is 'Taken back by credit notes, in minor units.';
comment on column invoices.open_minor is 'Neither received nor taken back, in minor units.';
comment on column invoices.state is 'open, paid or credited.';
comment on column invoices.decline_code is 'Why the last payment of an open invoice failed; null when none did.';
comment on column invoices.retry_at is 'When a payment that failed is tried again; null when it is not.';
comment on column invoices.credit_proposal is 'What the first of two persons would take back, while it waits for the second.';
comment on column invoices.credit_proposed_by is 'The first of two persons, while it waits for the second.';
comment on column invoices.lines is 'Each line with its rule, tariff version and facts.';
comment on column invoices.taxes is 'Each tax with its rate and base.';

create table credit_notes (
    credit_note_id uuid primary key,
    service text not null,
    number text not null,
    seller text not null,
    invoice_id uuid not null,
    payer_id uuid not null,
    issued_at timestamptz not null,
    issued_on date not null,
    currency text not null,
    net_minor bigint not null,
    tax_minor bigint not null,
    gross_minor bigint not null
);
create index credit_notes_by_time on credit_notes (service, issued_at desc);
create index credit_notes_by_invoice on credit_notes (invoice_id);
create index credit_notes_by_payer on credit_notes (payer_id, issued_at desc);
create index credit_notes_by_number on credit_notes (number);
comment on table credit_notes is 'One row per credit note.';
comment on column credit_notes.credit_note_id is 'The credit note.';
comment on column credit_notes.service is 'Key of the rulebook.';
comment on column credit_notes.number is 'Number, without gaps per seller.';
comment on column credit_notes.seller is 'Legal entity that issued it.';
comment on column credit_notes.invoice_id is 'The invoice of which it takes back a part, or all.';
comment on column credit_notes.payer_id is 'Who pays the invoice.';
comment on column credit_notes.issued_at is 'When it was issued.';
comment on column credit_notes.issued_on is 'Day in the city on which it was issued: the day for the books.';
comment on column credit_notes.currency is 'ISO 4217.';
comment on column credit_notes.net_minor is 'Net, in minor units.';
comment on column credit_notes.tax_minor is 'All taxes, in minor units.';
comment on column credit_notes.gross_minor is 'Taken back, in minor units.';

create table payments (
    payment_id uuid primary key,
    service text not null,
    payer_id uuid not null,
    subject_kind text not null,
    subject_id uuid not null,
    amount_minor bigint not null,
    currency text not null,
    state text not null,
    changed_at timestamptz not null
);
create index payments_by_time on payments (service, changed_at desc);
create index payments_by_subject on payments (subject_id);
create index payments_by_payer on payments (payer_id, changed_at desc);
comment on table payments is 'One row per payment.';
comment on column payments.payment_id is 'The payment.';
comment on column payments.service is 'Key of the rulebook.';
comment on column payments.payer_id is 'Who pays.';
comment on column payments.subject_kind is 'Topic of the aggregate that it is for, e.g. rental.trip.';
comment on column payments.subject_id is 'What it is for, e.g. the trip.';
comment on column payments.amount_minor is 'Amount asked to be held, in minor units.';
comment on column payments.currency is 'ISO 4217.';
comment on column payments.state is 'The last thing that happened to it.';
comment on column payments.changed_at is 'When that was.';

create table refunds (
    payment_id uuid not null,
    credit_note_id uuid not null,
    service text not null,
    number text not null,
    amount_minor bigint not null,
    currency text not null,
    state text not null,
    decline_code text,
    failures integer not null default 0,
    retry_at timestamptz,
    changed_at timestamptz not null,
    primary key (payment_id, credit_note_id)
);
create index refunds_by_credit_note on refunds (credit_note_id);
create index refunds_failed on refunds (service, changed_at desc) where state in ('failed', 'given_up', 'by_hand');
comment on table refunds is 'One row per payment or transfer and credit note: what it gives back for it.';
comment on column refunds.payment_id is 'The payment, or the transfer.';
comment on column refunds.credit_note_id is 'The credit note.';
comment on column refunds.service is 'Key of the rulebook.';
comment on column refunds.number is 'Number of the credit note.';
comment on column refunds.amount_minor is 'To give back, in minor units.';
comment on column refunds.currency is 'ISO 4217.';
comment on column refunds.state is 'pending, refunded, failed (asked for again by itself), given_up (not any more), by_hand (it came by transfer: an agent pays it back), paid_by_other_means, or dropped (the bank has taken the transfer back).';
comment on column refunds.decline_code is 'Why the provider refused the last time that it did.';
comment on column refunds.failures is 'How often the provider has refused.';
comment on column refunds.retry_at is 'When a refund that failed is asked for again; null when it is not.';
comment on column refunds.changed_at is 'When the last of it happened.';
