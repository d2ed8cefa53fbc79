alter table csbe.followers add column shards integer check (shards > 1);

comment on column csbe.followers.shards is
    'In how many parts several processes build its read model: each has a row of its own (1of2 after the name), and this one '
    'stands still until they are at one position. Null while it is not split.';
