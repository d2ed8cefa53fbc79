"""Quotes, reservations and trips."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from api.rest.schemas.base import (
    MEMBER_ID,
    RESERVATION_ID,
    TRIP_ID,
    VEHICLE_ID,
    Accepted,
    Because,
    Body,
    Moment,
    Rule,
    Shown,
    example,
)
from api.rest.schemas.corrections import CorrectionShown, ProposedCorrection
from api.rest.schemas.example_prices import QUOTE, TARIFF
from domain.kernel.units import Position
from domain.rental.car_reading import CarReading
from domain.rental.evidence import EndRequest
from domain.rental.meter import PhaseStart
from domain.rental.steps import PendingStep, TripState
from domain.rental.trip import Trip
from domain.rental.trip_event_bases import TripCorrection
from domain.rulebook.tariff import Quote, Tariff


class ReservationBody(Body):
    """Which car; an agent also says for whom."""

    model_config = example({"vehicle_id": VEHICLE_ID}, extra="forbid")

    vehicle_id: UUID
    member_id: UUID | None = None


class ExtensionBody(Body):
    """Until when to keep the car."""

    model_config = example({"until": "2027-01-05T12:45:00Z"}, extra="forbid")

    until: Moment


class ReservationShown(Shown):
    """A reservation with its quote: what is shown here is what is charged."""

    model_config = example(
        {
            "reservation_id": RESERVATION_ID,
            "version": 1,
            "state": "open",
            "member_id": MEMBER_ID,
            "vehicle_id": VEHICLE_ID,
            "city_id": "berlin",
            "quote": QUOTE.model_dump(mode="json"),
            "tariff": TARIFF.model_dump(mode="json"),
            "placed_at": "2027-01-05T12:00:00Z",
            "free_until": "2027-01-05T12:15:00Z",
            "expires_at": "2027-01-05T12:15:00Z",
            "closed_at": None,
            "trip_id": None,
        }
    )

    reservation_id: UUID
    version: int
    state: str
    member_id: UUID
    vehicle_id: UUID
    city_id: str
    quote: Quote
    tariff: Tariff
    placed_at: AwareDatetime
    free_until: AwareDatetime
    expires_at: AwareDatetime
    closed_at: AwareDatetime | None
    trip_id: UUID | None


class ReservationSummary(BaseModel):
    """A reservation in a list."""

    reservation_id: UUID
    member_id: UUID
    vehicle_id: UUID
    state: str
    placed_at: AwareDatetime
    free_until: AwareDatetime
    expires_at: AwareDatetime
    trip_id: UUID | None
    city_id: str


class ReservationPage(BaseModel):
    """Reservations, newest first, and the cursor of the next page."""

    model_config = example(
        {
            "reservations": [
                {
                    "reservation_id": RESERVATION_ID,
                    "member_id": MEMBER_ID,
                    "vehicle_id": VEHICLE_ID,
                    "state": "converted",
                    "placed_at": "2027-01-05T12:00:00Z",
                    "free_until": "2027-01-05T12:15:00Z",
                    "expires_at": "2027-01-05T12:15:00Z",
                    "trip_id": TRIP_ID,
                    "city_id": "berlin",
                }
            ],
            "next": None,
        }
    )

    reservations: list[ReservationSummary]
    next: str | None


class TripBody(Body):
    """Which car, from which reservation, and with which package of its tariff; an agent also says for whom."""

    model_config = example({"vehicle_id": VEHICLE_ID, "reservation_id": RESERVATION_ID}, extra="forbid")

    vehicle_id: UUID
    reservation_id: UUID | None = None
    member_id: UUID | None = None
    package: Annotated[str | None, Field(max_length=60)] = None
    options: Annotated[tuple[str, ...], Field(max_length=10)] = ()


class EndAccepted(Accepted):
    """The wish to end a trip is kept. `awaits` is what the car has yet to show; nothing once the trip has ended."""

    model_config = example(
        {
            "id": TRIP_ID,
            "position": 4711,
            "repeated": False,
            "awaits": [
                {"code": "vehicle.contact_lost", "detail": "This car cannot be reached at the moment.", "values": {}}
            ],
        }
    )

    awaits: tuple[Rule, ...] = ()


class ForcedEnd(Body):
    """When the trip really ended, and why its car cannot say so."""

    model_config = example(
        {"ended_at": "2027-01-05T12:45:00Z", "reason": "GPS outside the home area, parked at the kerb"},
        extra="forbid",
    )

    ended_at: Moment
    reason: Because


class TripShown(Shown):
    """A trip as it is now. `pending` is the step that its car has yet to confirm."""

    model_config = example(
        {
            "trip_id": TRIP_ID,
            "version": 3,
            "state": "running",
            "member_id": MEMBER_ID,
            "vehicle_id": VEHICLE_ID,
            "reservation_id": RESERVATION_ID,
            "city_id": "berlin",
            "quote": QUOTE.model_dump(mode="json"),
            "tariff": TARIFF.model_dump(mode="json"),
            "reserved_at": "2027-01-05T12:00:00Z",
            "package": None,
            "options": [],
            "payment_due_at": "2027-01-05T12:11:00Z",
            "pending": None,
            "phases": [{"phase": "driving", "since": "2027-01-05T12:09:02Z"}],
            "started": {
                "position": {"latitude": 52.5219, "longitude": 13.4132},
                "odometer_m": 18_400_000,
                "energy_percent": 71.5,
                "zones": ["Berlin", "home_area"],
            },
            "end_request": None,
            "ended_at": None,
            "reason": None,
            "corrections": [],
            "correction_proposal": None,
        }
    )

    trip_id: UUID
    version: int
    state: TripState
    member_id: UUID
    vehicle_id: UUID
    reservation_id: UUID | None
    city_id: str
    quote: Quote
    tariff: Tariff
    reserved_at: AwareDatetime | None
    package: str | None
    options: tuple[str, ...]
    payment_due_at: AwareDatetime
    pending: PendingStep | None
    phases: tuple[PhaseStart, ...]
    started: CarReading
    end_request: EndRequest | None
    ended_at: AwareDatetime | None
    reason: str | None
    """Why it failed to start."""
    corrections: tuple[CorrectionShown, ...]
    correction_proposal: ProposedCorrection | None

    @classmethod
    def of_trip(cls, trip: Trip, tariff: Tariff, *, to_staff: bool) -> Self:
        """As staff see it, or its member."""
        first = trip.correction_proposal if to_staff else None
        return cls.of(
            trip,
            trip_id=trip.id,
            tariff=tariff,
            corrections=[_corrected(made) for made in trip.corrections],
            correction_proposal=first and {**_corrected(first.correction), "proposal": first.proposal},
        )


def _corrected(correction: TripCorrection) -> dict[str, object]:
    facts = correction.facts
    return {**dict(correction), "ended_at": facts.ended_at, "distance_m": facts.distance_m}


class TripSummary(BaseModel):
    """A trip in a list. `reason` is why it failed to start."""

    trip_id: UUID
    member_id: UUID
    vehicle_id: UUID
    reservation_id: UUID | None
    state: str
    requested_at: AwareDatetime
    started_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    driving_s: int | None
    parked_s: int | None
    distance_m: int | None
    reason: str | None
    city_id: str


class TripPlace(BaseModel):
    """Where the car of a trip is; null while it has not said so."""

    model_config = example(
        {
            "trip_id": TRIP_ID,
            "member_id": MEMBER_ID,
            "vehicle_id": VEHICLE_ID,
            "position": {"latitude": 52.5219, "longitude": 13.4132},
            "position_at": "2027-01-05T12:34:58Z",
        }
    )

    trip_id: UUID
    member_id: UUID
    vehicle_id: UUID
    position: Position | None
    position_at: AwareDatetime | None


class TripPage(BaseModel):
    """Trips, newest first, and the cursor of the next page."""

    model_config = example(
        {
            "trips": [
                {
                    "trip_id": TRIP_ID,
                    "member_id": MEMBER_ID,
                    "vehicle_id": VEHICLE_ID,
                    "reservation_id": RESERVATION_ID,
                    "state": "ended",
                    "requested_at": "2027-01-05T12:09:00Z",
                    "started_at": "2027-01-05T12:09:02Z",
                    "ended_at": "2027-01-05T12:35:10Z",
                    "driving_s": 1268,
                    "parked_s": 300,
                    "distance_m": 8120,
                    "reason": None,
                    "city_id": "berlin",
                }
            ],
            "next": None,
        }
    )

    trips: list[TripSummary]
    next: str | None
