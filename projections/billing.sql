create table invoices (
    invoice_id uuid primary key,
    service text not null,
    number text not null,
    seller text not null,
    subject_kind text not null,
    subject_id uuid not null,
    member_id uuid not null,
    payer_id uuid not null,
    issued_at timestamptz not null,
    currency text not null,
    net_minor bigint not null,
    tax_minor bigint not null,
    gross_minor bigint not null,
    paid_minor bigint not null default 0,
    credited_minor bigint not null default 0,
    open_minor bigint not null generated always as (gross_minor - credited_minor - paid_minor) stored,
    state text not null default 'open',
    lines jsonb not null,
    taxes jsonb not null
);
create index invoices_by_payer on invoices (service, payer_id, issued_at desc);
create index invoices_by_time on invoices (service, issued_at desc);
create index invoices_by_subject on invoices (subject_id);
comment on table invoices is 'One row per invoice.';
comment on column invoices.invoice_id is 'The invoice.';
comment on column invoices.service is 'Key of the rulebook.';
comment on column invoices.number is 'Number, without gaps per seller.';
comment on column invoices.seller is 'Legal entity that issued it.';
comment on column invoices.subject_kind is 'Topic of the aggregate that it is for, e.g. rental.trip.';
comment on column invoices.subject_id is 'What it is for, e.g. the trip.';
comment on column invoices.member_id is 'Who had it.';
comment on column invoices.payer_id is 'Who pays.';
comment on column invoices.issued_at is 'When it was issued.';
comment on column invoices.currency is 'ISO 4217.';
comment on column invoices.net_minor is 'Net, in minor units.';
comment on column invoices.tax_minor is 'All taxes, in minor units.';
comment on column invoices.gross_minor is 'To pay, in minor units.';
comment on column invoices.paid_minor is 'Received and not refunded, in minor units.';
comment on column invoices.credited_minor is 'Taken back by credit notes, in minor units.';
comment on column invoices.open_minor is 'Neither received nor taken back, in minor units.';
comment on column invoices.state is 'open, in_review, paid or credited.';
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
    currency text not null,
    net_minor bigint not null,
    tax_minor bigint not null,
    gross_minor bigint not null,
    reason text not null
);
create index credit_notes_by_time on credit_notes (service, issued_at desc);
create index credit_notes_by_invoice on credit_notes (invoice_id);
comment on table credit_notes is 'One row per credit note. The reason is free text: not for analysts.';
comment on column credit_notes.credit_note_id is 'The credit note.';
comment on column credit_notes.service is 'Key of the rulebook.';
comment on column credit_notes.number is 'Number, without gaps per seller.';
comment on column credit_notes.seller is 'Legal entity that issued it.';
comment on column credit_notes.invoice_id is 'The invoice of which it takes back a part, or all.';
comment on column credit_notes.payer_id is 'Who pays the invoice.';
comment on column credit_notes.issued_at is 'When it was issued.';
comment on column credit_notes.currency is 'ISO 4217.';
comment on column credit_notes.net_minor is 'Net, in minor units.';
comment on column credit_notes.tax_minor is 'All taxes, in minor units.';
comment on column credit_notes.gross_minor is 'Taken back, in minor units.';
comment on column credit_notes.reason is 'Why, in the words of who issued it.';

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
