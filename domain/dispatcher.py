"""One way in: every command, whoever asks, goes through `Dispatcher.dispatch`."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from pydantic import TypeAdapter

from domain.kernel.aggregate import Aggregate
from domain.kernel.errors import (
    CommandIdReusedError,
    DomainError,
    NotFoundError,
    RulebookSupersededError,
    StaleVersionError,
    UnknownServiceError,
    VersionConflictError,
)
from domain.kernel.messages import Command, Metadata
from domain.kernel.ports import Clock, EventStore, Outcome
from domain.rulebook.history import Rulebooks, RulebookVersion
from domain.rulebook.model import LegalEntity, Rulebook
from domain.rulebook.tariff import Tariff

A = TypeVar("A", bound=Aggregate)

MAX_ATTEMPTS = 8
"""How often a command is decided, when others are always faster, before the version conflict is reported."""

_results: TypeAdapter[Any] = TypeAdapter(Any)  # an answer is whatever JSON value a handler returns


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

    def add(self, aggregate: Aggregate) -> None:
        """Take a new aggregate into this piece of work."""
        self.aggregates[aggregate.id] = aggregate


Handler = Callable[[Any, UnitOfWork], Awaitable[Any]]  # each handler narrows both to its own command and answer


@dataclass(frozen=True)
class CommandResult:
    """The reply: the handler's answer as JSON, the position to read one's own write, whether it was done before."""

    value: str | None
    position: int
    repeated: bool = False


class Dispatcher:
    """Finds the handler, lets it load and decide, appends; on a version conflict loads and decides again.

    The first decision is on what the store remembers, without asking the database. It counts when the append finds it
    current; a refusal, or what is no longer so, is decided again on what the log says.
    """

    def __init__(
        self,
        store: EventStore,
        clock: Clock,
        rulebooks: Rulebooks,
        handlers: Mapping[type[Command], Handler],
    ) -> None:
        self._store = store
        self._clock = clock
        self._rulebooks = rulebooks
        self._handlers = handlers

    async def dispatch(
        self, command: Command, metadata: Metadata, *, expected: Mapping[UUID, int] | None = None
    ) -> CommandResult:
        """Carry out a command once. Raises the handler's `DomainError`s, and `CommandIdReusedError`.

        A command id that the store knows gets the first outcome back. A refusal is not remembered: it changed nothing,
        so asking again decides again. With `expected`, only while these aggregates are at these versions; otherwise
        `StaleVersionError`.
        """
        fingerprint = fingerprint_of(command)
        attempt = 1
        while True:
            work = self._work(metadata, expected or {}, use_cache=attempt == 1)
            try:
                return await self._attempt(command, work, fingerprint)
            except DomainError as error:
                if known := await self._store.outcome(metadata.command_id):
                    return _repeat(known, fingerprint)
                if isinstance(error, RulebookSupersededError):
                    await self._rulebooks.refresh()
                may_change = work.cached or isinstance(error, VersionConflictError | RulebookSupersededError)
                if attempt == MAX_ATTEMPTS or not may_change:
                    raise
            attempt += 1

    def _work(self, metadata: Metadata, expected: Mapping[UUID, int], *, use_cache: bool) -> UnitOfWork:
        return UnitOfWork(self._clock.now(), self._rulebooks, metadata, self._store, expected, use_cache=use_cache)

    async def _attempt(self, command: Command, work: UnitOfWork, fingerprint: str) -> CommandResult:
        answer = await self._handlers[type(command)](command, work)
        text = None if answer is None else _results.dump_json(answer).decode()
        await work.check_reads()
        changed = [a for a in work.aggregates.values() if a.pending_events]
        position = await self._store.append(
            changed, work.metadata, result=text, fingerprint=fingerprint, publication=work.publication
        )
        return CommandResult(text, position)


def fingerprint_of(command: Command) -> str:
    """A digest of what was asked, to tell a retry from another command under the same id."""
    asked = command.model_dump_json(exclude={*command.GENERATED, command.CREATES or ""})
    return hashlib.sha256(f"{command.NAME}{asked}".encode()).hexdigest()


def _repeat(known: Outcome, fingerprint: str) -> CommandResult:
    if known.fingerprint != fingerprint:
        msg = "the command id belongs to a different command"
        raise CommandIdReusedError(msg)
    return CommandResult(known.result, known.position, repeated=True)
