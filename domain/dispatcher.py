"""One way in: every command, whoever asks, goes through `Dispatcher.dispatch`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from domain.kernel.car_search import CarSearch, NoCars
from domain.kernel.errors import CommandIdReusedError, DomainError, RulebookSupersededError, VersionConflictError
from domain.kernel.messages import Command, Metadata
from domain.kernel.ports import Clock, EventStore, NewestValues, NothingBeside, Outcome
from domain.rulebook.history import Rulebooks
from domain.unit_of_work import Handler, UnitOfWork

MAX_ATTEMPTS = 8
"""How often a command is decided, when others are always faster, before the version conflict is reported."""

_results: TypeAdapter[Any] = TypeAdapter(Any)  # an answer is whatever JSON value a handler returns


@dataclass(frozen=True)
class CommandResult:
    """The reply: the handler's answer as JSON, the position to read one's own write, whether it was done before."""

    value: str | None
    position: int
    repeated: bool = False
    changed: bool = True
    """False where there was nothing to do, as for a deadline that came after what it waited for."""


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
        beside: NewestValues | None = None,
        cars: CarSearch | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._rulebooks = rulebooks
        self._handlers = handlers
        self._beside = beside or NothingBeside()
        self._cars = cars or NoCars()

    async def dispatch(
        self, command: Command, metadata: Metadata, *, expected: Mapping[UUID, int] | None = None
    ) -> CommandResult:
        """Carry out a command once. Raises the handler's `DomainError`s, and `CommandIdReusedError`.

        A command id that the store knows gets the first outcome back. A refusal is not remembered: it changed nothing,
        so asking again decides again. With `expected`, only while these aggregates are at these versions; otherwise
        `StaleVersionError`.
        """
        fingerprint = await self._store.fingerprint(command)
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

    async def try_out(self, command: Command, metadata: Metadata) -> None:
        """Decide, and change nothing. Raises what `dispatch` would as things stand; a command that is known passes."""
        if await self._store.outcome(metadata.command_id) is None:
            await self._handlers[type(command)](command, self._work(metadata, {}, use_cache=False))

    def _work(self, metadata: Metadata, expected: Mapping[UUID, int], *, use_cache: bool) -> UnitOfWork:
        return UnitOfWork(
            self._clock.now(),
            self._rulebooks,
            metadata,
            self._store,
            expected,
            use_cache=use_cache,
            beside=self._beside,
            cars=self._cars,
        )

    async def _attempt(self, command: Command, work: UnitOfWork, fingerprint: str) -> CommandResult:
        answer = await self._handlers[type(command)](command, work)
        text = None if answer is None else _results.dump_json(answer).decode()
        await work.check_reads()
        changed = [a for a in work.aggregates.values() if a.pending_events]
        position = await self._store.append(
            changed, work.metadata, result=text, fingerprint=fingerprint, publication=work.publication
        )
        return CommandResult(text, position, changed=bool(changed))


def _repeat(known: Outcome, fingerprint: str) -> CommandResult:
    if known.fingerprint != fingerprint:
        msg = "the command id belongs to a different command"
        raise CommandIdReusedError(msg)
    return CommandResult(known.result, known.position, repeated=True)
