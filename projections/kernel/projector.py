"""The base of all projectors: which event becomes which row, and nothing else."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

from domain.kernel.aggregate import DomainEvent
from domain.kernel.messages import RecordedEvent
from projections.kernel.changes import Changes, Table
from projections.kernel.reports import commented
from projections.kernel.writer import Columns, Database, RowWriter, columns_in

_SQL = Path(__file__).parent.parent

EventProjection = Callable[[RecordedEvent, Any], Changes]
"""What one event changes; the second argument is the event as its own class. Reads no clock and no database."""


class Projector:
    """Keeps the tables of one read model. A replay into empty tables gives the same rows as the live run."""

    NAME: ClassVar[str]
    VERSION: ClassVar[int] = 1
    """To be raised when a method changes what it makes of an event: the read model is then made anew."""
    PARALLEL: ClassVar[bool] = False
    """Whether several workers may build it, each with all events of some aggregates, and none waiting for another.

    True when no row is touched by the events of two aggregates. Sums over aggregates would come out the same as well;
    a row that the events of one aggregate write and those of another read would not.
    """
    TABLES: ClassVar[tuple[Table, ...]]
    READS: ClassVar[frozenset[str] | None] = None
    """The fields that its methods look at, of whichever event; all when none.

    The others are neither decrypted nor validated, and an event does not have them: to look at one is an error.
    """

    on: Mapping[type[DomainEvent], EventProjection]
    """Which method takes which event; other events are passed over."""

    def __init__(self) -> None:
        self._columns: dict[str, Columns] = {}

    @property
    def topics(self) -> tuple[str, ...]:
        """The events that it knows."""
        return tuple(event.TOPIC for event in self.on)

    @property
    def digest(self) -> str:
        """Tells whether tables were made for this projector: changes with its version and its tables."""
        return sha256(f"{self.VERSION}\n{self.tables_sql()}".encode()).hexdigest()[:16]

    def tables_sql(self) -> str:
        """The SQL that makes its tables, in whichever schema is searched first."""
        return (_SQL / f"{self.NAME}.sql").read_text()

    def reports_sql(self) -> str:
        """The SQL of the views for analysts over its tables; what it does not say of a column, the table says."""
        return commented((_SQL / "reports" / f"{self.NAME}.sql").read_text(), self.tables_sql())

    def changes(self, recorded: RecordedEvent) -> Changes:
        """What an event does to the rows."""
        projection = self.on.get(type(recorded.event))
        return () if projection is None else projection(recorded, recorded.event)

    async def apply(self, events: Sequence[RecordedEvent], db: Database, schema: str) -> None:
        """Write a batch into the tables of a schema. Whatever a method raises stops the projection at that event."""
        if schema not in self._columns:
            self._columns[schema] = await columns_in(db, schema)
        writer = RowWriter(db, schema, self._columns[schema])
        await writer.take([change for recorded in events for change in self.changes(recorded)])
        await writer.write()
