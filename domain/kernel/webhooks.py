"""Webhooks: who is sent which events. What may be asked for, what is known of one, and which events it wants."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated, ClassVar, Protocol
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from domain.kernel.errors import Violation
from domain.kernel.messages import Actor, Command, Metadata, Role

TYPE_PREFIX = "csbe."
"""Of every event's type outside this system. Permanent."""
OPEN_TO_PARTNERS = ("csbe.fleet.", "csbe.rental.")
"""What a partner may subscribe to by itself: cars, reservations and trips, but neither members nor their money."""

Reason = Annotated[str, Field(min_length=3, max_length=400)]


def type_of(topic: str) -> str:
    """The type by which others know a topic: `csbe.rental.reservation.placed`."""
    return f"{TYPE_PREFIX}{topic}"


class EventFilter(BaseModel):
    """Which events are wanted: types, where one that ends in a dot stands for all that begin so, of one aggregate."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    types: tuple[str, ...] = ()
    """None wants nothing."""
    subject: UUID | None = None

    def wanted_of(self, topics: Iterable[str]) -> list[str]:
        """Those of the topics whose events are wanted."""
        return [topic for topic in topics if any(_fits(type, type_of(topic)) for type in self.types)]

    def unknown(self, topics: Iterable[str]) -> list[str]:
        """The types that no event of these topics has."""
        known = [type_of(topic) for topic in topics]
        return [type for type in self.types if not any(_fits(type, one) for one in known)]

    def closed_to(self, role: Role) -> list[str]:
        """The types that somebody with this role may not subscribe to."""
        if role is not Role.PARTNER:
            return []
        return [type for type in self.types if not type.startswith(OPEN_TO_PARTNERS)]


def _fits(wanted: str, type: str) -> bool:
    return type.startswith(wanted) if wanted.endswith(".") else type == wanted


class AboutWebhook(Command):
    """Base of all that may be asked for about a webhook."""

    webhook_id: UUID


class Subscribe(AboutWebhook):
    """Send the events that are recorded from now on to a URL."""

    NAME: ClassVar[str] = "webhooks.subscribe"
    url: str
    filter: EventFilter


class Unsubscribe(AboutWebhook):
    """End a webhook for good."""

    NAME: ClassVar[str] = "webhooks.unsubscribe"


class Pause(AboutWebhook):
    """Send nothing until it is resumed; nothing is lost meanwhile."""

    NAME: ClassVar[str] = "webhooks.pause"


class Resume(AboutWebhook):
    """Go on with a paused or parked webhook where it stands, at once."""

    NAME: ClassVar[str] = "webhooks.resume"


class Replay(AboutWebhook):
    """Send all events from a position on, also those sent before; a paused or parked one does so once it is resumed."""

    NAME: ClassVar[str] = "webhooks.replay"
    from_position: Annotated[int, Field(ge=1)]


class SkipEvent(AboutWebhook):
    """Go on after an event that cannot be read, on record."""

    NAME: ClassVar[str] = "webhooks.skip"
    position: int
    reason: Reason


class RotateSecret(AboutWebhook):
    """Sign with a new key; the one before signs too for a while."""

    NAME: ClassVar[str] = "webhooks.rotate_secret"
    overlap_h: Annotated[int, Field(ge=0, le=168)]


class AllowPersonalData(AboutWebhook):
    """Send values about a person too, or no longer."""

    NAME: ClassVar[str] = "webhooks.allow_personal_data"
    allowed: bool
    reason: Reason


Change = Unsubscribe | Pause | Resume | Replay | SkipEvent | RotateSecret | AllowPersonalData
"""What may be asked for about a webhook that there is."""


class WebhookState(StrEnum):
    """Whether events are sent: they are; somebody paused it; it was given up until somebody resumes it."""

    ACTIVE = "active"
    PAUSED = "paused"
    PARKED = "parked"


class Webhook(BaseModel):
    """A subscription and how its delivery goes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: UUID
    service: str
    owner: Actor
    url: str
    filter: EventFilter
    personal_data: bool
    state: WebhookState
    version: int
    created_at: AwareDatetime
    position: int
    """The last position of the log that is dealt with."""
    lag: int
    """How many positions that is behind the end."""
    attempts: int
    """How often the next event has been tried in vain."""
    failing_since: AwareDatetime | None
    next_attempt_at: AwareDatetime
    last_status: int | None
    last_error: str | None
    failed_position: int | None
    """The event that cannot be read."""


class Changed(BaseModel):
    """The reply: the end of the log then, whether it was done before, and a new secret, which is told only once."""

    model_config = ConfigDict(frozen=True)

    position: int
    repeated: bool = False
    secret: str | None = None


class Webhooks(Protocol):
    """Keeps the subscriptions."""

    async def subscribe(self, command: Subscribe, metadata: Metadata) -> Changed:
        """Once per command id. Raises `CommandIdReusedError`."""
        ...

    async def change(self, command: Change, metadata: Metadata, *, version: int | None = None) -> Changed:
        """Once per command id; with a `version`, only while it is at it.

        Raises `NotFoundError`, `StaleVersionError`, `RefusedError`, `CommandIdReusedError`.
        """
        ...

    async def find(self, *, service: str | None = None, owner: Actor | None = None) -> Sequence[Webhook]:
        """Those of a service and of an owner, the oldest first."""
        ...


def not_stopped_there(command: SkipEvent, failed_position: int | None) -> Violation | None:
    """Only the event that stopped a webhook can be skipped."""
    if command.position == failed_position:
        return None
    values = {"position": command.position, "stopped_at": failed_position}
    detail = "it is not stopped" if failed_position is None else f"it is stopped at {failed_position}: skip that event"
    return Violation(code="webhook.not_stopped_there", detail=detail, values=values)


def beyond_the_log(command: Replay, end: int) -> Violation | None:
    """A replay begins at an event that there is."""
    if command.from_position <= end:
        return None
    values = {"from_position": command.from_position, "end": end}
    return Violation(code="webhook.beyond_the_log", detail=f"the log ends at {end}", values=values)
