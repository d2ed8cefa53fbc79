truncate csbe.snapshots;
alter table csbe.snapshots add column digest bytea not null;
comment on column csbe.snapshots.digest is
    'SHA-256 over aggregate, topic, version, schema, state and the stored bytes of the last event that the state knows.';
comment on column csbe.snapshots.schema_fingerprint is
    'Digest of the state''s JSON schema and of the code that makes it; a state of another one is ignored.';
