create table csbe.ingest_sessions (
    number integer primary key check (number > 1)
);

comment on table csbe.ingest_sessions is 'Sessions that processes besides the first have at the broker, and that may hold messages; who reads one has its session lock.';
comment on column csbe.ingest_sessions.number is 'The last part of its client id.';
