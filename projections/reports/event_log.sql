create or replace view reports.event_log as
select position, recorded_at, aggregate_id, version, topic, service, member_id, vehicle_id, actor_role, command, command_id,
    correlation_id, causation_id
from read_v1.event_log;
