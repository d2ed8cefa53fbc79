create table csbe.provider_operations (
    idempotency_key text primary key,
    payment_id uuid not null,
    operation text not null check (operation in ('hold', 'capture', 'release', 'refund')),
    amount_minor bigint not null check (amount_minor >= 0),
    currency text not null,
    accepted boolean not null,
    reference text not null,
    decline_code text,
    performed_at timestamptz not null default now(),
    check (accepted = (decline_code is null))
);

create index provider_operations_by_payment on csbe.provider_operations (payment_id);

comment on table csbe.provider_operations is 'The simulated payment provider''s own books: every operation it was asked for and its answer. A real provider keeps these on its side.';
comment on column csbe.provider_operations.idempotency_key is 'The caller''s key; the same key gets the same answer.';
comment on column csbe.provider_operations.payment_id is 'The payment that it belongs to.';
comment on column csbe.provider_operations.operation is 'hold, capture, release or refund.';
comment on column csbe.provider_operations.amount_minor is 'Amount in minor units of the currency.';
comment on column csbe.provider_operations.currency is 'ISO 4217 code.';
comment on column csbe.provider_operations.accepted is 'Whether the provider did it.';
comment on column csbe.provider_operations.reference is 'The provider''s reference of the operation.';
comment on column csbe.provider_operations.decline_code is 'Why it did not, when it did not.';
comment on column csbe.provider_operations.performed_at is 'When it answered first.';

create table csbe.messages_sent (
    idempotency_key text primary key,
    member_id uuid not null,
    template text not null,
    channel text not null check (channel in ('mail', 'file')),
    sent_at timestamptz not null default now()
);

create index messages_sent_by_time on csbe.messages_sent (sent_at);

comment on table csbe.messages_sent is 'Messages to members that were handed over, so that none is sent twice and whoever asks is told of what was sent. Holds no address and no content.';
comment on column csbe.messages_sent.idempotency_key is 'Id of the effect that asked for the message.';
comment on column csbe.messages_sent.member_id is 'Whom it is to.';
comment on column csbe.messages_sent.template is 'By which text it was written.';
comment on column csbe.messages_sent.channel is 'mail, to an address, by a mail server that took it; file, where it lies in the data directory instead.';
comment on column csbe.messages_sent.sent_at is 'When it was handed over.';
