"""The states of a trip and the steps between them that a car must confirm."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from domain.fleet.conversation import Order
from domain.kernel.errors import Violation
from domain.kernel.values import Value

Step = Literal["start", "park", "resume", "end"]

ORDERS: dict[Step, Order] = {"start": "unlock", "park": "lock", "resume": "unlock", "end": "lock"}
"""What the car is asked to do for each step."""


class TripState(StrEnum):
    """Where a trip stands."""

    REQUESTED = "requested"
    STARTING = "starting"
    RUNNING = "running"
    PARKED = "parked"
    ENDING = "ending"
    ENDED = "ended"
    START_FAILED = "start_failed"


LEADS_TO: dict[Step, TripState] = {
    "start": TripState.RUNNING,
    "park": TripState.PARKED,
    "resume": TripState.RUNNING,
    "end": TripState.ENDED,
}
"""Where a trip stands once the car has confirmed a step."""


class PendingStep(Value):
    """A step that the car was asked for and has not confirmed yet."""

    step: Step
    request_id: UUID


def is_asked_again(step: Step, state: TripState, pending: PendingStep | None) -> bool:
    """Whether a step is under way, or has brought the trip to where it stands: asking for it again changes nothing."""
    return state is LEADS_TO[step] if pending is None else pending.step == step


def not_in(state: TripState, allowed: tuple[TripState, ...], pending: PendingStep | None) -> list[Violation]:
    """Why a trip cannot take a step now: it is in the wrong state, or the car still owes an answer."""
    found = []
    if state not in allowed:
        values = {"state": state, "allowed": list(allowed)}
        found.append(
            Violation(code="trip.wrong_state", detail="the trip is not in a state that allows this", values=values)
        )
    if pending is not None:
        detail = "the car has not answered the last request yet: wait a moment"
        found.append(Violation(code="trip.step_pending", detail=detail, values={"step": pending.step}))
    return found
