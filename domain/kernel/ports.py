"""Ports: what the core needs from the world. Adapters implement them; a contract suite checks each one."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from domain.kernel.aggregate import Aggregate
from domain.kernel.ids import CommandId
from domain.kernel.messages import Command, Metadata, RecordedEvent
from domain.kernel.policy import SendMessage, TellVehicle
from domain.kernel.values import Value

A = TypeVar("A", bound=Aggregate)
V = TypeVar("V", bound=Value)


class Outcome(Protocol):
    """What a command led to: the answer as JSON, the position of its last event, the command's fingerprint."""

    @property
    def result(self) -> str | None: ...
    @property
    def position(self) -> int: ...
    @property
    def fingerprint(self) -> str: ...


class EventStore(Protocol):
    """The log of everything that happened."""

    async def load(self, aggregate_class: type[A], id: UUID, /, *, service: str | None = None) -> A:
        """The aggregate now, from cache, snapshot and events. Raises `NotFoundError`.

        With a `service`, also when it belongs to another one: what is another service's is not there.
        """
        ...

    def cached(self, aggregate_class: type[A], id: UUID, /, *, service: str | None = None) -> A | None:
        """The aggregate as this process knows it, without a look at the log; none when it does not.

        It may have changed since: an append notices that for what it changes, and for nothing else.
        """
        ...

    async def load_as_of(
        self, aggregate_class: type[A], id: UUID, /, *, at: datetime | None = None, position: int | None = None
    ) -> A:
        """The aggregate as it was recorded at a time or at a position of the log. Raises `NotFoundError`."""
        ...

    async def append(
        self,
        aggregates: Sequence[Aggregate],
        metadata: Metadata,
        *,
        result: str | None,
        fingerprint: str,
        publication: int | None = None,
    ) -> int:
        """Append the pending events of all aggregates, all or none, and remember the command's outcome for ever.

        Each aggregate must still be at the version it was read at. Returns the position of the last event
        (the current end of the log when there was no event). Raises `VersionConflictError`, `CommandAlreadyDoneError`
        when the command id is known, and `RulebookSupersededError` when a rulebook was published after `publication`,
        the position of the newest one that the decision knew.
        """
        ...

    async def outcome(self, command_id: CommandId, /) -> Outcome | None:
        """What this command led to, if it was ever carried out."""
        ...

    async def fingerprint(self, command: Command, /) -> str:
        """A digest of what was asked, to tell a retry from another command under the same id.

        Where that is about a person, nobody can try out what it was once the person is erased.
        """
        ...

    async def stand_in(self, kind: str, value: str, /) -> UUID:
        """The id that stands for a value about a person: the same for the same value until it is forgotten.

        It tells nothing of the value, and nothing else leads from one to the other.
        """
        ...

    async def known_stand_in(self, kind: str, value: str, /) -> UUID | None:
        """The id that stands for a value already; none where nothing does."""
        ...

    def read(
        self,
        *,
        after: int = 0,
        until: int | None = None,
        topics: Sequence[str] | None = None,
        service: str | None = None,
        aggregate_id: UUID | None = None,
        batch: int = 1000,
    ) -> AsyncIterator[RecordedEvent]:
        """Events after a position, in order, filtered."""
        ...


class NewestValues(Protocol):
    """What is kept beside the log because it changes too often for it: of each thing its newest values."""

    async def newest(self, kind: type[V], key: str, /) -> V | None:
        """The values of this kind under a key, e.g. a car's readings under its VIN; none where none ever came."""
        ...


class NothingBeside:
    """Nothing is kept beside the log."""

    async def newest(self, kind: type[V], key: str, /) -> V | None:
        del kind, key
        return None


class Clock(Protocol):
    """The time, UTC with zone."""

    def now(self) -> datetime: ...


class VehicleGateway(Protocol):
    """The way to the cars."""

    async def send(self, request: TellVehicle, /) -> None:
        """Hand a command over for the car; idempotent by its `request_id`. Raises `GatewayUnavailableError`."""
        ...


class Messenger(Protocol):
    """Mail, push or text to a member."""

    async def send(self, request: SendMessage, /, *, address: str, idempotency_key: str) -> None:
        """Deliver once per key. Raises `GatewayUnavailableError`."""
        ...

    async def forget(self, address: str, /) -> None:
        """Throw away what is kept of messages to an address. Raises `GatewayUnavailableError`."""
        ...


class PersonalKeys(Protocol):
    """The keys under which values about persons are stored."""

    async def erase(self, subject: UUID, /) -> None:
        """Destroy a person's key for ever, wherever it is remembered. Twice changes nothing."""
        ...

    async def forget(self, stand_in: UUID, /) -> None:
        """Have nothing lead to an id that stood for a value about a person. Twice changes nothing."""
        ...


class GatewayUnavailableError(Exception):
    """The other side did not answer; the same call may succeed later."""
