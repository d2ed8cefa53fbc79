comment on column csbe.events.recorded_at is
    'When it was appended, by the clock of the database, which may be set back: what must be in order goes by the position.';
