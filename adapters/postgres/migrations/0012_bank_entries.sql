create table csbe.bank_entries (
    entry_id uuid primary key,
    service text not null,
    seller text not null,
    kind text not null,
    reference text not null,
    amount_minor bigint,
    currency text,
    value_on date,
    booked_on date,
    code text not null,
    why text not null,
    kept_at timestamptz not null default clock_timestamp()
);
create index bank_entries_by_time on csbe.bank_entries (service, kept_at desc, entry_id desc);

comment on table csbe.bank_entries is 'What stood on a bank account and was for no invoice that its payer had named. It only grows. Who paid, and what they wrote, is not kept: whoever looks for that asks the bank by the reference.';
comment on column csbe.bank_entries.entry_id is 'The same for the same booking, in whichever file it stands; of a credit the id of the transfer that it becomes.';
comment on column csbe.bank_entries.service is 'Key of the rulebook.';
comment on column csbe.bank_entries.seller is 'Legal entity whose account it is.';
comment on column csbe.bank_entries.kind is 'credit, reversal (the bank took back what had come) or returned (a payment of ours that came back).';
comment on column csbe.bank_entries.reference is 'By which the bank knows it; empty where it gave none.';
comment on column csbe.bank_entries.amount_minor is 'In minor units; null where the file has no amount that is money.';
comment on column csbe.bank_entries.currency is 'ISO 4217; null with the amount.';
comment on column csbe.bank_entries.value_on is 'From which day on it counts at the bank; null where it does not say.';
comment on column csbe.bank_entries.booked_on is 'When it was booked; null where the file does not say.';
comment on column csbe.bank_entries.code is 'What kind of booking the bank says that it is.';
comment on column csbe.bank_entries.why is 'Why it was for no invoice when it was read first.';
comment on column csbe.bank_entries.kept_at is 'When it was read first.';
