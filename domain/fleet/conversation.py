"""A command given to a car and not yet answered."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from domain.kernel.errors import Violation
from domain.kernel.policy import CommandType
from domain.kernel.values import Instant, Value


class OpenRequest(Value):
    """What the car was told, and until when it may answer."""

    type: CommandType
    expires_at: Instant
    correlation_id: UUID
    """Of what the car was told for: its answer is a part of that."""
    event_id: UUID
    """Of the event in which it was asked."""


def command_pending(requests: Mapping[UUID, OpenRequest], command: CommandType, at: datetime) -> Violation | None:
    """A car is told the same again only when it can no longer answer the first."""
    until = max((open_.expires_at for open_ in requests.values() if open_.type == command), default=at)
    if until <= at:
        return None
    values = {"command": command, "expires_at": until.isoformat()}
    detail = "the car has been told this and has not answered yet: wait a moment"
    return Violation(code="vehicle.command_pending", detail=detail, values=values)
