"""A command given to a car and not yet answered."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

from domain.fleet.state import Observation
from domain.kernel.errors import Violation
from domain.kernel.policy import CommandType
from domain.kernel.values import Instant, Value

NO_ANSWER = "no_answer"
"""Why a command failed that was not answered in time."""
CONTRADICTED = "car_shows_otherwise"
"""Why one failed that the car says it has done, while what it shows is not so."""
OUR_REASONS = frozenset({NO_ANSWER, CONTRADICTED})
"""Not for a car to give: who says so has answered."""
REMEMBERED = 10
"""So many requests that were given up are remembered: an answer may still come."""
LOCKED_AFTER: Mapping[CommandType, bool] = {"lock": True, "unlock": False}
"""How a car is after it has done what concerns its lock."""
Order = Literal["unlock", "lock", "locate"]


class OpenRequest(Value):
    """What the car was told, and until when it may answer."""

    type: CommandType
    expires_at: Instant
    correlation_id: UUID
    """Of what the car was told for: its answer is a part of that."""
    event_id: UUID
    """Of the event in which it was asked."""


def remembered(given_up: Mapping[UUID, OpenRequest], more: Mapping[UUID, OpenRequest]) -> dict[UUID, OpenRequest]:
    """The newest of those that were given up."""
    return dict([*given_up.items(), *more.items()][-REMEMBERED:])


def claimed(request: OpenRequest | None, said: Observation) -> Observation:
    """What a car says of itself with an answer: without a word on its lock, what it claims to have done with it."""
    if request is None or said.locked is not None or request.type not in LOCKED_AFTER:
        return said
    return said.model_copy(update={"locked": LOCKED_AFTER[request.type]})


def is_contradicted(request: OpenRequest, said: Observation) -> bool:
    """Whether what a car shows with its answer is not what it was asked for: locked includes that all is closed."""
    wanted = LOCKED_AFTER.get(request.type)
    return wanted is not None and (said.locked is not wanted or (wanted and said.doors_closed is False))


def command_pending(requests: Mapping[UUID, OpenRequest], command: CommandType, at: datetime) -> Violation | None:
    """A car is told the same again only when it can no longer answer the first."""
    until = max((open_.expires_at for open_ in requests.values() if open_.type == command), default=at)
    if until <= at:
        return None
    values = {"command": command, "expires_at": until.isoformat()}
    detail = "the car has been told this and has not answered yet: wait a moment"
    return Violation(code="vehicle.command_pending", detail=detail, values=values)
