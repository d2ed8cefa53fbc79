"""The counter one version ahead: its events also say in what it counts. No process knows this and `counter` as well."""

from datetime import datetime
from uuid import UUID

from domain.kernel.aggregate import Created, Event
from tests.torture.story import AnyCounter


class Counter(AnyCounter):
    """Counts."""

    TOPIC = "torture.counter"

    class Opened(Created):
        TOPIC = "torture.counter.opened"

    class Counted(Event):
        TOPIC = "torture.counter.counted"
        class_version = 2
        by: int
        unit: str

        @staticmethod
        def upcast_v1_v2(state: dict[str, object]) -> None:
            """Version 1 counted pieces."""
            state["unit"] = "piece"

        def apply(self, aggregate: "Counter") -> None:
            aggregate.total += self.by

    @classmethod
    def open(cls, id: UUID, at: datetime) -> AnyCounter:
        """Begin at nothing."""
        return cls.begin(cls.Opened, id=id, timestamp=at)

    def count(self, by: int, at: datetime) -> None:
        """Add to the total."""
        self.trigger_event(self.Counted, timestamp=at, by=by, unit="piece")
