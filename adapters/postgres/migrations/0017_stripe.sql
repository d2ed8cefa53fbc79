create table csbe.stripe_payments (
    payment_id uuid primary key,
    service text not null,
    intent_id text unique,
    doubts integer not null default 0,
    asked_at timestamptz not null default clock_timestamp()
);

comment on table csbe.stripe_payments is 'Which PaymentIntent at Stripe stands for which payment. It only grows.';
comment on column csbe.stripe_payments.payment_id is 'Ours.';
comment on column csbe.stripe_payments.service is 'Key of the rulebook.';
comment on column csbe.stripe_payments.intent_id is 'Stripe''s; null before it has given one.';
comment on column csbe.stripe_payments.doubts is 'How often Stripe failed so that nobody knew what it had done; then it is looked for before it is asked again.';
comment on column csbe.stripe_payments.asked_at is 'When Stripe was asked first.';

create table csbe.provider_notices (
    id text primary key,
    type text not null,
    object_id text,
    payment_id uuid,
    received_at timestamptz not null default clock_timestamp()
);
create index provider_notices_by_time on csbe.provider_notices (received_at);

comment on table csbe.provider_notices is 'What the payment provider sent by itself, so that none counts twice. Only that, not its content: that is fetched from the provider.';
comment on column csbe.provider_notices.id is 'The provider''s.';
comment on column csbe.provider_notices.type is 'What happened, in the provider''s words, e.g. payment_intent.succeeded.';
comment on column csbe.provider_notices.object_id is 'The provider''s id of what it happened to.';
comment on column csbe.provider_notices.payment_id is 'Of ours; null where it is about none, or of a type that nothing follows from.';
comment on column csbe.provider_notices.received_at is 'When it came first.';
