create table csbe.personal_reads (
    read_id bigint generated always as identity primary key,
    read_at timestamptz not null,
    service text not null,
    reader_role text not null,
    reader text not null,
    door text not null,
    by_right text not null,
    member_id uuid
);
create index personal_reads_by_member on csbe.personal_reads (member_id, read_at);
create index personal_reads_by_time on csbe.personal_reads (read_at);

comment on table csbe.personal_reads is 'Who read what is known of a member. It only grows, by csbe.note_reads, until a row is too old; the server cannot change a row.';
comment on column csbe.personal_reads.read_id is 'In the order in which they were stored.';
comment on column csbe.personal_reads.read_at is 'When it was read; the same again within the hour is not noted.';
comment on column csbe.personal_reads.service is 'Key of the rulebook.';
comment on column csbe.personal_reads.reader_role is 'Role of who read it.';
comment on column csbe.personal_reads.reader is 'Their name.';
comment on column csbe.personal_reads.door is 'By what: method and path of a route, a command of the terminal, or a webhook.';
comment on column csbe.personal_reads.by_right is 'Why they could: the scope of their token, or the grant.';
comment on column csbe.personal_reads.member_id is 'Whose it was; null for all that a report or a list has, and once the person is erased.';
