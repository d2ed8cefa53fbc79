"""The base of all projectors: which event becomes which row, and nothing else."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from domain.kernel.aggregate import DomainEvent
from domain.kernel.messages import RecordedEvent
from projections.changes import Changes, Table
from projections.writing import Database, Types, Writer, types_in

Projection = Callable[[RecordedEvent, Any], Changes]
"""What one event changes; the second argument is the event as its own class. Reads no clock and no database."""


class Projector:
    """Keeps the tables of one read model. A replay into empty tables gives the same rows as the live run."""

    NAME: ClassVar[str]
    VERSION: ClassVar[int] = 1
    TABLES: ClassVar[tuple[Table, ...]]

    on: Mapping[type[DomainEvent], Projection]
    """Which method takes which event; other events are passed over."""

    def __init__(self) -> None:
        self._types: dict[str, Types] = {}

    @property
    def follower_name(self) -> str:
        """Under which its position is kept."""
        return f"projection.{self.NAME}.v{self.VERSION}"

    @property
    def topics(self) -> tuple[str, ...]:
        """The events that it knows."""
        return tuple(event.TOPIC for event in self.on)

    def schema(self) -> str:
        """The SQL that makes its tables."""
        return (Path(__file__).parent / f"{self.NAME}.sql").read_text()

    def truncate_sql(self) -> str:
        """The SQL that empties its tables, before a rebuild."""
        return f"truncate {', '.join(f'read_v1.{table.name}' for table in self.TABLES)}"

    def changes(self, recorded: RecordedEvent) -> Changes:
        """What an event does to the rows."""
        projection = self.on.get(type(recorded.event))
        return () if projection is None else projection(recorded, recorded.event)

    async def apply(self, events: Sequence[RecordedEvent], db: Database, schema: str = "read_v1") -> None:
        """Write the rows of a batch. Whatever a method raises stops the projection at that event."""
        if schema not in self._types:
            self._types[schema] = await types_in(db, schema)
        writer = Writer(db, schema, self._types[schema])
        for recorded in events:
            await writer.take(self.changes(recorded))
        await writer.write()
