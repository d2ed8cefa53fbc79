"""Something to be done to a car in the field."""

from datetime import datetime
from typing import Literal, Self

from domain.fleet.commands import FuelType, RaiseTask, TaskKind
from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.ids import VehicleId

FILLINGS: tuple[TaskKind, ...] = ("refuel", "charge")


def filling(fuel_type: FuelType) -> TaskKind:
    """How a car gets its energy back."""
    return "charge" if fuel_type == "electric" else "refuel"


class Task(Aggregate):
    """Work on one car: raised -> done | cancelled."""

    TOPIC = "fleet.task"

    vehicle_id: VehicleId
    kind: TaskKind
    state: Literal["raised", "done", "cancelled"] = "raised"

    class Raised(Created):
        """Somebody should see to it."""

        TOPIC = "fleet.task.raised"
        vehicle_id: VehicleId
        kind: TaskKind
        reason: str

    class Done(Event):
        """It was seen to."""

        TOPIC = "fleet.task.done"

        def apply(self, aggregate: "Task") -> None:
            aggregate.state = "done"

    class Cancelled(Event):
        """It is not needed any more."""

        TOPIC = "fleet.task.cancelled"
        reason: str

        def apply(self, aggregate: "Task") -> None:
            aggregate.state = "cancelled"

    @classmethod
    def raise_(cls, command: RaiseTask, fuel_type: FuelType, at: datetime) -> Self:
        """A new task; to be filled means what it means for this car."""
        facts = command.model_dump(exclude={"task_id", "kind"})
        kind = filling(fuel_type) if command.kind in FILLINGS else command.kind
        return cls.begin(cls.Raised, id=command.task_id, timestamp=at, kind=kind, **facts)

    def complete(self, at: datetime) -> None:
        """It was done; twice changes nothing."""
        refuse_if([self._closed_as("cancelled")])
        self.complete_if_open(at)

    def complete_if_open(self, at: datetime) -> None:
        """It turns out to be done; once closed, that changes nothing."""
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
