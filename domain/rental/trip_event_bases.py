"""Shapes that several events of a trip share."""

from typing import ClassVar
from uuid import UUID

from domain.billing.fee import Evidence
from domain.billing.pricing import TripFacts
from domain.fleet.state import Doubt
from domain.kernel.aggregate import Event
from domain.kernel.approval import Proposal
from domain.kernel.ids import MemberId, VehicleId
from domain.kernel.money import Money
from domain.kernel.personal import Personal, Restricted
from domain.kernel.units import Metres, Percent, Position
from domain.kernel.values import Instant, Value
from domain.rental.car_reading import CarReading


class TripEvent(Event):
    """An event of a trip names its member and its car, so that it can be found by either."""

    subject: ClassVar[str] = "member_id"

    member_id: MemberId
    vehicle_id: VehicleId


class StepRequested(TripEvent):
    """The car was asked for a step."""

    request_id: UUID


class StepFailed(TripEvent):
    """The car refused, or did not answer in time."""

    reason: str


class CarSeen(TripEvent):
    """What the car told at a step of the trip; `None` where it never told."""

    position: Personal[Position]
    position_at: Instant | None
    way_m: Metres | None
    odometer_m: Metres | None
    odometer_at: Instant | None
    odometer_doubt: Doubt | None
    energy_percent: Percent | None
    zones: Restricted[tuple[str, ...]]
    """Kinds and names of the zones that it stood in."""

    @property
    def reading(self) -> CarReading:
        return CarReading(**{name: getattr(self, name) for name in CarReading.model_fields})


class Difference(Value):
    """What a correction changes of a price; below nothing is what the payer gets back."""

    amount: Money
    """Before taxes that are added on top."""
    gross: Money


class TripCorrection(Value):
    """What is true of a trip instead of what was believed when it ended."""

    correction_id: UUID
    facts: TripFacts
    difference: Difference
    """To what was to be paid before."""


class MadeCorrection(TripCorrection):
    """When it was made, and what its member may know of why."""

    corrected_at: Instant
    reason: str | None
    """None once the member is erased, as `evidence`."""
    evidence: tuple[Evidence, ...] | None


class CorrectionProposal(Value):
    """What one person would correct, while it waits for another who says the same."""

    correction: TripCorrection
    proposal: Proposal


class Corrects(TripEvent):
    """An agent knows better than what the trip was ended on."""

    correction: TripCorrection
    amount: Money
    """What the decision is about: all that was ever changed of the price of this trip."""
    four_eyes_above: Money | None
    """The limit then in force."""
    evidence: Personal[tuple[Evidence, ...]]
    reason: Personal[str]
