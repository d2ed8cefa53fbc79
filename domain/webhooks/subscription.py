"""Which events a webhook wants, and how its delivery goes."""

from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

from domain.kernel.messages import Actor, Role
from domain.kernel.values import Instant, Value

TYPE_PREFIX = "csbe."
"""Of every event's type outside this system. Permanent."""
OPEN_TO_PARTNERS = ("csbe.fleet.", "csbe.rental.")
"""What a partner may subscribe to by itself: cars, reservations and trips, but neither members nor their money."""


def type_of(topic: str) -> str:
    """The type by which others know a topic: `csbe.rental.reservation.placed`."""
    return f"{TYPE_PREFIX}{topic}"


class EventFilter(Value):
    """Which events are wanted: types, where one that ends in a dot stands for all that begin so, of one aggregate."""

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


class WebhookState(StrEnum):
    """Whether events are sent: they are; somebody paused it; it was given up until somebody resumes it."""

    ACTIVE = "active"
    PAUSED = "paused"
    FAILED = "failed"


class WebhookStatus(Value):
    """A webhook and how its delivery goes."""

    id: UUID
    service: str
    owner: Actor
    url: str
    filter: EventFilter
    personal_data: bool
    state: WebhookState
    version: int
    created_at: Instant
    subscribed_position: int
    """Where it was subscribed."""
    position: int
    """The last position of the log that is dealt with."""
    lag: int
    """How many positions that is behind the end."""
    attempts: int
    """How often the next event has been tried in vain."""
    failing_since: Instant | None
    next_attempt_at: Instant
    last_status: int | None
    last_error: str | None
    failed_position: int | None
    """The event that cannot be read."""
