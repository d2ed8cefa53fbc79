create table event_log (
    position bigint primary key,
    recorded_at timestamptz not null,
    aggregate_id uuid not null,
    version bigint not null,
    topic text not null,
    service text not null,
    member_id uuid,
    vehicle_id uuid,
    actor_role text not null,
    actor_id text not null,
    command text not null,
    command_id uuid not null,
    correlation_id uuid not null,
    causation_id uuid,
    reason text
);
create index event_log_by_aggregate on event_log (aggregate_id, version);
create index event_log_by_member on event_log (member_id, position);
create index event_log_by_vehicle on event_log (vehicle_id, position);
create index event_log_by_service on event_log (service, position);
create index event_log_by_correlation on event_log (correlation_id, position);
create index event_log_by_time on event_log (service, recorded_at);
comment on table event_log is 'One row per event, without values about a person.';
comment on column event_log.position is 'Position in the log.';
comment on column event_log.recorded_at is 'When it was recorded.';
comment on column event_log.aggregate_id is 'What it is about.';
comment on column event_log.version is 'Place in the history of the aggregate.';
comment on column event_log.topic is 'Permanent name of the event.';
comment on column event_log.service is 'Key of the rulebook.';
comment on column event_log.member_id is 'The member concerned.';
comment on column event_log.vehicle_id is 'The car concerned.';
comment on column event_log.actor_role is 'Role of who asked.';
comment on column event_log.actor_id is 'Who asked: an id, or a policy''s name.';
comment on column event_log.command is 'The command that caused it.';
comment on column event_log.command_id is 'Its id.';
comment on column event_log.correlation_id is 'The outside request that everything follows from.';
comment on column event_log.causation_id is 'The event that the command followed from.';
comment on column event_log.reason is 'Reason that was given, free text: not for analysts.';
