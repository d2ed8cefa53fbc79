"""The log as auditors search it: by aggregate, member, vehicle and time. No values about a person, only ids."""

from functools import cache
from uuid import UUID

from domain import contexts
from domain.fleet.vehicle import Vehicle
from domain.kernel.aggregate import DomainEvent
from domain.kernel.messages import RecordedEvent
from domain.members.member import Member
from projections.kernel.changes import Changes, Table
from projections.kernel.projector import Projector

EVENT_LOG = Table("event_log", ("position",))


class EventLogProjector(Projector):
    """One row per event."""

    NAME = "event_log"
    PARALLEL = True
    TABLES = (EVENT_LOG,)
    READS = frozenset(("member_id", "vehicle_id"))

    def __init__(self) -> None:
        super().__init__()
        self.on = dict.fromkeys(contexts.EVENTS.values(), self._logged)

    def _logged(self, recorded: RecordedEvent, event: DomainEvent) -> Changes:
        meta = recorded.metadata
        yield EVENT_LOG.insert(
            position=recorded.position,
            recorded_at=recorded.recorded_at,
            aggregate_id=event.originator_id,
            version=event.originator_version,
            topic=recorded.topic,
            service=meta.service,
            member_id=_about(event, Member.TOPIC, "member_id"),
            vehicle_id=_about(event, Vehicle.TOPIC, "vehicle_id"),
            actor_role=meta.actor.role,
            actor_id=meta.actor.id,
            command=meta.command,
            command_id=meta.command_id,
            correlation_id=meta.correlation_id,
            causation_id=meta.causation_id,
            reason=meta.reason,
        )


def _about(event: DomainEvent, kind: str, field: str) -> UUID | None:
    """The member or vehicle that an event is about: its own id, or the one that it names."""
    if _is_of(type(event), kind):
        return event.originator_id
    return event.__dict__.get(field)  # pydantic is slow to say that there is none


@cache
def _is_of(event_class: type[DomainEvent], kind: str) -> bool:
    return event_class.TOPIC.startswith(f"{kind}.")
