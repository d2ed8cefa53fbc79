"""An event store in memory for tests of the domain: the port's promises, without a database."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from domain.kernel.aggregate import Aggregate, Event
from domain.kernel.errors import CommandAlreadyDoneError, NotFoundError, RulebookSupersededError, VersionConflictError
from domain.kernel.ids import CommandId, derived_id
from domain.kernel.messages import Command, Metadata, RecordedEvent
from domain.rulebook.published import PublishedRulebook

A = TypeVar("A", bound=Aggregate)


@dataclass(frozen=True)
class Remembered:
    """What a command led to."""

    result: str | None
    position: int
    fingerprint: str


class MemoryStore:
    """Keeps every event as JSON, so that what a test reads is what a database would give back."""

    def __init__(self) -> None:
        self.log: list[RecordedEvent] = []
        self.newest_publication = 0
        self.saved: dict[UUID, Aggregate] = {}
        """The objects that decided, to compare them with what the events alone give."""
        self._streams: dict[UUID, list[RecordedEvent]] = defaultdict(list)
        self._outcomes: dict[CommandId, Remembered] = {}
        self.stand_ins: dict[tuple[str, str], UUID] = {}

    async def load(self, aggregate_class: type[A], id: UUID, /, *, service: str | None = None) -> A:
        stream = self._streams.get(id, [])
        if stream and service not in {None, stream[0].metadata.service}:
            raise NotFoundError(aggregate_class.TOPIC, id)
        return self._build(aggregate_class, id, self._streams.get(id, []))

    def cached(self, aggregate_class: type[A], id: UUID, /, *, service: str | None = None) -> A | None:
        """Nothing: what is loaded is always the newest."""
        del aggregate_class, id, service
        return None

    async def load_as_of(
        self,
        aggregate_class: type[A],
        id: UUID,
        /,
        *,
        at: datetime | None = None,
        position: int | None = None,
    ) -> A:
        known = [
            e
            for e in self._streams.get(id, [])
            if (at is None or e.recorded_at <= at) and (position is None or e.position <= position)
        ]
        return self._build(aggregate_class, id, known)

    async def append(
        self,
        aggregates: Sequence[Aggregate],
        metadata: Metadata,
        *,
        result: str | None,
        fingerprint: str,
        publication: int | None = None,
    ) -> int:
        if metadata.command_id in self._outcomes:
            raise CommandAlreadyDoneError(str(metadata.command_id))
        if publication is not None and publication != self.newest_publication:
            raise RulebookSupersededError(metadata.service)
        for aggregate in aggregates:
            first = aggregate.pending_events[0].originator_version
            if len(self._streams.get(aggregate.id, [])) != first - 1:
                raise VersionConflictError(aggregate.id, first - 1)
        for aggregate in aggregates:
            for event in aggregate.collect_events():
                assert isinstance(event, Event)
                self._record(event, metadata)
            self.saved[aggregate.id] = aggregate
        self._outcomes[metadata.command_id] = Remembered(result, len(self.log), fingerprint)
        return len(self.log)

    async def outcome(self, command_id: CommandId, /) -> Remembered | None:
        return self._outcomes.get(command_id)

    async def fingerprint(self, command: Command, /) -> str:
        return command.asked.decode()

    async def stand_in(self, kind: str, value: str, /) -> UUID:
        return self.stand_ins.setdefault((kind, value), derived_id("stand-in", len(self.log), kind, value))

    async def known_stand_in(self, kind: str, value: str, /) -> UUID | None:
        return self.stand_ins.get((kind, value))

    async def read(
        self,
        *,
        after: int = 0,
        until: int | None = None,
        topics: Sequence[str] | None = None,
        service: str | None = None,
        aggregate_id: UUID | None = None,
        batch: int = 1000,  # noqa: ARG002 (the port's)
    ) -> AsyncIterator[RecordedEvent]:
        for event in self.log[after:until]:
            wanted = (
                (topics is None or event.topic in topics)
                and (service is None or event.metadata.service == service)
                and (aggregate_id is None or event.event.originator_id == aggregate_id)
            )
            if wanted:
                yield event

    def _record(self, event: Event, metadata: Metadata) -> None:
        stored = type(event).model_validate_json(event.model_dump_json())
        recorded = RecordedEvent(
            position=len(self.log) + 1,
            recorded_at=event.timestamp,
            topic=type(event).TOPIC,
            event=stored,
            metadata=metadata,
        )
        self.log.append(recorded)
        if isinstance(event, PublishedRulebook.Published):
            self.newest_publication = recorded.position
        self._streams[event.originator_id].append(recorded)

    @staticmethod
    def _build(aggregate_class: type[A], id: UUID, recorded: Sequence[RecordedEvent]) -> A:
        if not recorded:
            raise NotFoundError(aggregate_class.TOPIC, id)
        aggregate: Aggregate | None = None
        for record in recorded:
            assert isinstance(record.event, Event)
            aggregate = record.event.mutate(aggregate)
        if not isinstance(aggregate, aggregate_class):
            raise NotFoundError(aggregate_class.TOPIC, id)
        return aggregate
