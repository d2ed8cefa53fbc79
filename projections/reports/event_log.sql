create or replace view reports.event_log as
select position, recorded_at, aggregate_id, version, topic, service, member_id, vehicle_id, actor_role, command, command_id,
    correlation_id, causation_id
from read_v1.event_log;
comment on view reports.event_log is 'One row per event, without values about a person.';
comment on column reports.event_log.position is 'Position in the log.';
comment on column reports.event_log.recorded_at is 'When it was recorded.';
comment on column reports.event_log.aggregate_id is 'What it is about.';
comment on column reports.event_log.version is 'Place in the history of the aggregate.';
comment on column reports.event_log.topic is 'Permanent name of the event.';
comment on column reports.event_log.service is 'Key of the rulebook.';
comment on column reports.event_log.member_id is 'The member concerned.';
comment on column reports.event_log.vehicle_id is 'The car concerned.';
comment on column reports.event_log.actor_role is 'Role of who asked.';
comment on column reports.event_log.command is 'The command that caused it.';
comment on column reports.event_log.command_id is 'Its id.';
comment on column reports.event_log.correlation_id is 'The outside request that everything follows from.';
comment on column reports.event_log.causation_id is 'The event that the command followed from.';
