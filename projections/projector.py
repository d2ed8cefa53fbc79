"""The base of all projectors: which event becomes which row, and nothing else."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

from domain.kernel.aggregate import DomainEvent
from domain.kernel.messages import RecordedEvent


class Database(Protocol):
    """What a projector needs of a connection; the follower's transaction is open on it."""

    async def execute(self, query: str, *args: Any) -> str:
        """Run one bound statement."""
        ...

    async def executemany(self, command: str, args: Iterable[Sequence[Any]]) -> None:
        """Run one statement with each of the bound values, in their order and in few round trips."""
        ...


Projection = Callable[[RecordedEvent, Any, Database], Awaitable[None]]
"""Writes the rows of one event; the second argument is the event as its own class."""


class Projector:
    """Keeps the tables of one read model. A replay from an empty table gives the same rows as the live run."""

    NAME: ClassVar[str]
    VERSION: ClassVar[int] = 1
    TABLES: ClassVar[tuple[str, ...]]

    on: Mapping[type[DomainEvent], Projection]
    """Which method takes which event; other events are passed over."""

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
        return f"truncate {', '.join(self.TABLES)}"

    async def apply(self, events: Sequence[RecordedEvent], db: Database) -> None:
        """Write the rows of a batch. Whatever a method raises stops the projection at that event."""
        for recorded in events:
            projection = self.on.get(type(recorded.event))
            if projection is not None:
                await projection(recorded, recorded.event, db)
