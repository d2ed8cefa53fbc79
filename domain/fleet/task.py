"""Something to be done to a car in the field."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from domain.fleet.commands import TaskKind
from domain.fleet.description import Propulsion
from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.ids import TaskId, VehicleId
from domain.kernel.values import Instant

FILLINGS: tuple[TaskKind, ...] = ("refuel", "charge")


def kind_for(kind: TaskKind, propulsion: Propulsion) -> TaskKind:
    """To be filled means what it means for a car."""
    if kind not in FILLINGS:
        return kind
    return "charge" if propulsion == "electric" else "refuel"


class Task(Aggregate):
    """Work on one car: raised -> done | cancelled."""

    TOPIC = "fleet.task"

    vehicle_id: VehicleId
    kind: TaskKind
    reason: str
    """Why it was raised."""
    other_reasons: tuple[str, ...] = ()
    """What asked for the same since it was raised."""
    state: Literal["raised", "done", "cancelled"] = "raised"
    closed_at: Instant | None = None

    class Raised(Created):
        """Somebody should see to it."""

        TOPIC = "fleet.task.raised"
        vehicle_id: VehicleId
        kind: TaskKind
        reason: str

    class ReasonAdded(Event):
        """Something else asks for the same."""

        TOPIC = "fleet.task.reason_added"
        reason: str
        reasons: tuple[str, ...]
        """All of them, the first one first."""

        def apply(self, aggregate: "Task") -> None:
            aggregate.other_reasons = self.reasons[1:]

    class Done(Event):
        """It was seen to."""

        TOPIC = "fleet.task.done"

        def apply(self, aggregate: "Task") -> None:
            aggregate.state, aggregate.closed_at = "done", self.timestamp

    class Cancelled(Event):
        """It is not needed any more."""

        TOPIC = "fleet.task.cancelled"
        reason: str

        def apply(self, aggregate: "Task") -> None:
            aggregate.state, aggregate.closed_at = "cancelled", self.timestamp

    @classmethod
    def raise_(cls, task_id: TaskId, vehicle_id: UUID, kind: TaskKind, reason: str, at: datetime) -> Self:
        """A new task. Whether one of its kind is open already is for the car to say."""
        return cls.begin(cls.Raised, id=task_id, timestamp=at, vehicle_id=vehicle_id, kind=kind, reason=reason)

    def note_reason(self, reason: str, at: datetime) -> None:
        """Something asks for the same again; for a reason that is known, it changes nothing."""
        known = (self.reason, *self.other_reasons)
        if reason not in known:
            self.trigger_event(self.ReasonAdded, timestamp=at, reason=reason, reasons=(*known, reason))

    def complete(self, at: datetime) -> None:
        """It was done; twice changes nothing."""
        refuse_if([self._closed_as("cancelled")])
        if self.state == "raised":
            self.trigger_event(self.Done, timestamp=at)

    def cancel(self, reason: str, at: datetime) -> None:
        """It is not needed; twice changes nothing."""
        refuse_if([self._closed_as("done")])
        if self.state == "raised":
            self.trigger_event(self.Cancelled, reason=reason, timestamp=at)

    def _closed_as(self, state: str) -> Violation | None:
        if self.state != state:
            return None
        return Violation(code="task.closed", detail=f"the task is {state} already", values={"state": state})
