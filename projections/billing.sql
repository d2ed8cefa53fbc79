create table if not exists read_v1.invoices (
    invoice_id uuid primary key,
    service text not null,
    number text not null,
    seller text not null,
    member_id uuid not null,
    trip_id uuid not null,
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
create index if not exists invoices_by_member on read_v1.invoices (service, member_id, issued_at desc);
create index if not exists invoices_by_time on read_v1.invoices (service, issued_at desc);
create index if not exists invoices_by_trip on read_v1.invoices (trip_id);
comment on table read_v1.invoices is 'One row per invoice.';
comment on column read_v1.invoices.invoice_id is 'The invoice.';
comment on column read_v1.invoices.service is 'Key of the rulebook.';
comment on column read_v1.invoices.number is 'Number, without gaps per seller.';
comment on column read_v1.invoices.seller is 'Legal entity that issued it.';
comment on column read_v1.invoices.member_id is 'Who pays.';
comment on column read_v1.invoices.trip_id is 'The trip or reservation that it is for.';
comment on column read_v1.invoices.issued_at is 'When it was issued.';
comment on column read_v1.invoices.currency is 'ISO 4217.';
comment on column read_v1.invoices.net_minor is 'Net, in minor units.';
comment on column read_v1.invoices.tax_minor is 'All taxes, in minor units.';
comment on column read_v1.invoices.gross_minor is 'To pay, in minor units.';
comment on column read_v1.invoices.paid_minor is 'Received and not refunded, in minor units.';
comment on column read_v1.invoices.credited_minor is 'Taken back by credit notes, in minor units.';
comment on column read_v1.invoices.open_minor is 'Neither received nor taken back, in minor units.';
comment on column read_v1.invoices.state is 'open, in_review, paid or credited.';
comment on column read_v1.invoices.lines is 'Each line with its rule, tariff version and facts.';
comment on column read_v1.invoices.taxes is 'Each tax with its rate and base.';

create table if not exists read_v1.credit_notes (
    credit_note_id uuid primary key,
    service text not null,
    number text not null,
    seller text not null,
    invoice_id uuid not null,
    member_id uuid not null,
    issued_at timestamptz not null,
    currency text not null,
    net_minor bigint not null,
    tax_minor bigint not null,
    gross_minor bigint not null,
    reason text not null
);
create index if not exists credit_notes_by_time on read_v1.credit_notes (service, issued_at desc);
create index if not exists credit_notes_by_invoice on read_v1.credit_notes (invoice_id);
comment on table read_v1.credit_notes is 'One row per credit note. The reason is free text: not for analysts.';
comment on column read_v1.credit_notes.credit_note_id is 'The credit note.';
comment on column read_v1.credit_notes.service is 'Key of the rulebook.';
comment on column read_v1.credit_notes.number is 'Number, without gaps per seller.';
comment on column read_v1.credit_notes.seller is 'Legal entity that issued it.';
comment on column read_v1.credit_notes.invoice_id is 'The invoice of which it takes back a part, or all.';
comment on column read_v1.credit_notes.member_id is 'Whose invoice it is.';
comment on column read_v1.credit_notes.issued_at is 'When it was issued.';
comment on column read_v1.credit_notes.currency is 'ISO 4217.';
comment on column read_v1.credit_notes.net_minor is 'Net, in minor units.';
comment on column read_v1.credit_notes.tax_minor is 'All taxes, in minor units.';
comment on column read_v1.credit_notes.gross_minor is 'Taken back, in minor units.';
comment on column read_v1.credit_notes.reason is 'Why, in the words of who issued it.';

create table if not exists read_v1.payments (
    payment_id uuid primary key,
    service text not null,
    member_id uuid not null,
    trip_id uuid not null,
    amount_minor bigint not null,
    currency text not null,
    state text not null,
    changed_at timestamptz not null
);
create index if not exists payments_by_time on read_v1.payments (service, changed_at desc);
create index if not exists payments_by_trip on read_v1.payments (trip_id);
comment on table read_v1.payments is 'One row per payment.';
comment on column read_v1.payments.payment_id is 'The payment.';
comment on column read_v1.payments.service is 'Key of the rulebook.';
comment on column read_v1.payments.member_id is 'Who pays.';
comment on column read_v1.payments.trip_id is 'What it is for.';
comment on column read_v1.payments.amount_minor is 'Amount asked to be held, in minor units.';
comment on column read_v1.payments.currency is 'ISO 4217.';
comment on column read_v1.payments.state is 'The last thing that happened to it.';
comment on column read_v1.payments.changed_at is 'When that was.';
