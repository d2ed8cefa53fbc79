"""The states of a trip and the steps between them that a car must confirm."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from domain.kernel.errors import Violation
from domain.kernel.units import Metres
from domain.kernel.values import Instant, Value

Step = Literal["start", "park", "resume", "end"]
Order = Literal["unlock", "lock"]

ORDERS: dict[Step, Order] = {"start": "unlock", "park": "lock", "resume": "unlock", "end": "lock"}
"""What the car is asked to do for each step."""


DRIVEN_ON_M = 100
"""A car that moved further than this after the member asked to end the trip was driven on."""


class TripState(StrEnum):
    """Where a trip stands."""

    REQUESTED = "requested"
    STARTING = "starting"
    RUNNING = "running"
    PARKED = "parked"
    ENDING = "ending"
    ENDED = "ended"
    START_FAILED = "start_failed"


class PendingStep(Value):
    """A step that the car was asked for and has not confirmed yet."""

    step: Step
    request_id: UUID


class EndRequest(Value):
    """The member asked to end the trip at this time and odometer: time that the car takes to confirm is not theirs."""

    requested_at: Instant
    odometer_m: Metres | None

    def driven_on(self, odometer_m: int | None) -> bool:
        """Whether the car was driven on after the wish, which makes it void."""
        if odometer_m is None or self.odometer_m is None:
            return False
        return odometer_m - self.odometer_m > DRIVEN_ON_M


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
