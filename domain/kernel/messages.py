"""What travels through the dispatcher: commands, and who asks for them and why."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from pydantic import Field

from domain.kernel.aggregate import DomainEvent
from domain.kernel.ids import CommandId
from domain.kernel.values import Value


class Command(Value):
    """A request in the imperative. `NAME` is permanent: it is stored in metadata and in `csbe.jobs`."""

    NAME: ClassVar[str]
    CREATES: ClassVar[str | None] = None
    """The field with the id of what it makes, if it makes something; its handler returns that id."""
    GENERATED: ClassVar[frozenset[str]] = frozenset()
    """Fields that are made for each request: a retry has others, so they are no part of what was asked."""

    @property
    def asked(self) -> bytes:
        """What is the same in a retry. Nobody keeps it: the store keeps a digest (`EventStore.fingerprint`)."""
        asked = self.model_dump_json(exclude={*self.GENERATED, self.CREATES or ""})
        return f"{self.NAME}{asked}".encode()


class Role(StrEnum):
    """Who may act."""

    MEMBER = "member"
    AGENT = "agent"
    OPERATOR = "operator"
    ANALYST = "analyst"
    AUDITOR = "auditor"
    DEVICE = "device"
    PARTNER = "partner"
    SYSTEM = "system"


class Actor(Value):
    """Who asks. `id` is a member's, an employee's or a device's id; for the system, a policy's name."""

    role: Role
    id: str


class Metadata(Value):
    """Stored beside every event: which command caused it, for whom, in which service, and as part of what."""

    command_id: CommandId
    command: str
    """`NAME` of the command."""
    actor: Actor
    service: str
    """Key of the rulebook."""
    correlation_id: UUID
    """The same for everything that follows from one outside request."""
    causation_id: UUID | None = None
    """What caused this command: an event's id (derived from aggregate and version), or none for an outside request."""
    reason: str | None = None
    rulebook_version: int | None = Field(default=None, exclude_if=lambda value: value is None)
    """Of the service's rulebook, under which it was decided; none for what made the first version."""
    traceparent: str | None = Field(default=None, exclude_if=lambda value: value is None)
    """The trace that the command is a part of (W3C Trace Context), for what follows from it; not stored when none."""

    @classmethod
    def of(
        cls,
        command: Command,
        *,
        id: UUID,
        actor: Actor,
        service: str,
        correlation_id: UUID | None = None,
        traceparent: str | None = None,
    ) -> Self:
        """Of a command that is asked for directly: it correlates with itself, unless it is a part of something."""
        return cls(
            command_id=CommandId(id),
            command=command.NAME,
            actor=actor,
            service=service,
            correlation_id=correlation_id or id,
            traceparent=traceparent,
        )


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as read from the store, with its place in the log. Its parts are validated already."""

    position: int
    recorded_at: datetime
    topic: str
    event: DomainEvent
    metadata: Metadata
