"""What a handler works with; the dispatcher appends what comes of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from domain.kernel.aggregate import Aggregate
from domain.kernel.car_search import CarSearch, NoCars
from domain.kernel.errors import NotFoundError, StaleVersionError, UnknownServiceError, VersionConflictError
from domain.kernel.messages import Metadata
from domain.kernel.ports import EventStore, NewestValues, NothingBeside
from domain.rulebook.history import Rulebooks, RulebookVersion
from domain.rulebook.legal_entity import LegalEntity
from domain.rulebook.model import Rulebook
from domain.rulebook.tariff import Tariff

A = TypeVar("A", bound=Aggregate)


@dataclass
class UnitOfWork:
    """What a handler works with: the time, the rules, and the aggregates that it loads, changes or adds.

    Everything that has pending events at the end is appended at once, all or none.
    """

    now: datetime
    rulebooks: Rulebooks
    metadata: Metadata
    store: EventStore
    expected: Mapping[UUID, int] = field(default_factory=dict)
    """The versions that the caller has seen, of the aggregates that must not have changed since."""
    aggregates: dict[UUID, Aggregate] = field(default_factory=dict)
    use_cache: bool = False
    """Whether what the store remembers will do, although another process may have changed it since."""
    cached: set[UUID] = field(default_factory=set)
    """What came from memory."""
    beside: NewestValues = field(default_factory=NothingBeside)
    """What changes too often for the log."""
    cars: CarSearch = field(default_factory=NoCars)
    """Where to look for another car."""

    def __post_init__(self) -> None:
        self.publication = self.rulebooks.newest_publication
        self.rules: RulebookVersion | None = self.rulebooks.in_force(self.metadata.service, self.now)
        if self.rules is not None:
            self.metadata = self.metadata.model_copy(update={"rulebook_version": self.rules.version})

    @property
    def rulebook(self) -> Rulebook:
        """The rules that hold now. Raises `UnknownServiceError` where there are none."""
        if self.rules is None:
            raise UnknownServiceError(self.metadata.service)
        return self.rules.rulebook

    def tariff(self, digest: str) -> Tariff:
        """A tariff that somebody was quoted, of whichever version. Raises `LookupError`."""
        return self.rulebooks.tariff(self.metadata.service, digest)

    def legal_entity(self, id: str) -> LegalEntity:
        """Who sold something, as the newest version that knows them says. Raises `LookupError`."""
        return self.rulebooks.legal_entity(self.metadata.service, id)

    async def load(self, aggregate_class: type[A], id: UUID) -> A:
        """The aggregate, if it is of this service; the same object however often.

        Raises `NotFoundError`, or `StaleVersionError` when it is not at the version that the caller expects.
        """
        known = self.aggregates.get(id)
        if known is not None and isinstance(known, aggregate_class):
            return known
        aggregate = await self._from_cache_or_log(aggregate_class, id)
        expected = self.expected.get(id, aggregate.version)
        if aggregate.version != expected:
            raise StaleVersionError(id, expected, aggregate.version)
        self.aggregates[id] = aggregate
        return aggregate

    async def find(self, aggregate_class: type[A], id: UUID) -> A | None:
        """The aggregate as `load` gives it, or none."""
        try:
            return await self.load(aggregate_class, id)
        except NotFoundError:
            return None

    async def check_reads(self) -> None:
        """Look up what was remembered and is not changed here, since the append checks only what is changed.

        Raises `VersionConflictError` when it is no longer so.
        """
        for id in self.cached:
            aggregate = self.aggregates[id]
            if not aggregate.pending_events:
                current = await self.store.load(type(aggregate), id)
                if current.version != aggregate.version:
                    raise VersionConflictError(id, aggregate.version)

    async def _from_cache_or_log(self, aggregate_class: type[A], id: UUID) -> A:
        service = None if aggregate_class.SHARED else self.metadata.service
        known = self.store.cached(aggregate_class, id, service=service) if self.use_cache else None
        if known is None:
            return await self.store.load(aggregate_class, id, service=service)
        self.cached.add(id)
        return known

    def correlate(self, correlation_id: UUID, causation_id: UUID) -> None:
        """What happens here belongs to an earlier request, although whoever asks cannot know which."""
        cause = {"correlation_id": correlation_id, "causation_id": causation_id}
        self.metadata = self.metadata.model_copy(update=cause)

    def because(self, reason: str) -> None:
        """Why somebody asks, in their words: it stays beside each event that comes of it."""
        self.metadata = self.metadata.model_copy(update={"reason": reason})

    def add(self, aggregate: Aggregate) -> None:
        """Take a new aggregate into this piece of work."""
        self.aggregates[aggregate.id] = aggregate


Handler = Callable[[Any, UnitOfWork], Awaitable[Any]]  # each handler narrows both to its own command and answer
