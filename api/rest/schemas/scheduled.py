"""Reservations ahead of time, and which cars are free when."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from api.rest.schemas.base import (
    MEMBER_ID,
    RESERVATION_ID,
    VEHICLE_ID,
    Body,
    Moment,
    Shown,
    example,
)
from api.rest.schemas.example_prices import QUOTE, TARIFF
from api.wording import WITHOUT_NUL
from domain.rental.scheduled_plan import Plan, Purpose, ScheduledState
from domain.rulebook.tariff import Quote, Tariff

Name = Annotated[str, Field(max_length=60, pattern=WITHOUT_NUL)]
SUMMARY = {
    "scheduled_reservation_id": RESERVATION_ID,
    "member_id": MEMBER_ID,
    "vehicle_id": VEHICLE_ID,
    "city_id": "berlin",
    "model": "BMW X1",
    "state": "pinned",
    "purpose": "private",
    "placed_at": "2027-01-04T12:00:00Z",
    "booked_from": "2027-01-05T12:00:00Z",
    "booked_until": "2027-01-05T15:00:00Z",
    "trip_id": None,
}


class ScheduledReservationBody(Body):
    """For which period, and either which car, or which model in which city, and in a zone of it if that matters.

    An agent also says for whom. `business_reference` is for the bill, e.g. a project.
    """

    model_config = example(
        {"vehicle_id": VEHICLE_ID, "booked_from": "2027-01-05T12:00:00Z", "booked_until": "2027-01-05T15:00:00Z"},
        extra="forbid",
    )

    vehicle_id: UUID | None = None
    model: Name | None = None
    city_id: Name | None = None
    zone_id: UUID | None = None
    booked_from: Moment
    booked_until: Moment
    member_id: UUID | None = None
    purpose: Purpose = "private"
    business_reference: Annotated[str | None, Field(max_length=100)] = None

    @model_validator(mode="after")
    def _is_clear(self) -> Self:
        one, any_of = self.vehicle_id is not None, self.model is not None and self.city_id is not None
        if one == any_of or (one and (self.model or self.city_id or self.zone_id)):
            raise ValueError("say either which car (vehicle_id), or which model in which city (model, city_id)")
        if self.booked_from >= self.booked_until:
            raise ValueError("booked_until is later than booked_from")
        return self


class NewEndBody(Body):
    """Until when to have the car: later than before, or earlier."""

    model_config = example({"booked_until": "2027-01-05T16:00:00Z"}, extra="forbid")

    booked_until: Moment


class ScheduledReservationShown(Shown):
    """A reservation ahead of time with its quote, and when what is done about it.

    `vehicle_id` is told once it is pinned, or where it was asked for.
    """

    model_config = example(
        {
            **SUMMARY,
            "version": 2,
            "business_reference": None,
            "quote": QUOTE.model_dump(mode="json"),
            "tariff": TARIFF.model_dump(mode="json"),
            "plan": {
                "pinned_at": "2027-01-05T11:00:00Z",
                "looked_at": "2027-01-05T11:40:00Z",
                "starts_from": "2027-01-05T11:45:00Z",
                "waits_until": "2027-01-05T12:30:00Z",
                "no_show_at": "2027-01-05T13:00:00Z",
                "shortened_until": "2027-01-04T12:00:00Z",
            },
            "excused": False,
        }
    )

    scheduled_reservation_id: UUID
    version: int
    state: ScheduledState
    member_id: UUID
    vehicle_id: UUID | None
    city_id: str
    model: str
    purpose: Purpose
    business_reference: str | None
    placed_at: AwareDatetime
    booked_from: AwareDatetime
    booked_until: AwareDatetime
    plan: Plan
    excused: bool
    """The car was replaced or is late: cancelling costs nothing."""
    quote: Quote
    tariff: Tariff
    trip_id: UUID | None


class ScheduledReservationSummary(BaseModel):
    """A reservation ahead of time in a list."""

    scheduled_reservation_id: UUID
    member_id: UUID
    vehicle_id: UUID | None
    city_id: str
    model: str
    state: ScheduledState
    purpose: Purpose
    placed_at: AwareDatetime
    booked_from: AwareDatetime
    booked_until: AwareDatetime
    trip_id: UUID | None


class ScheduledReservationPage(BaseModel):
    """Reservations ahead of time, those that begin last first, and the cursor of the next page."""

    model_config = example({"scheduled_reservations": [SUMMARY], "next": None})

    scheduled_reservations: list[ScheduledReservationSummary]
    next: str | None


class FreeCar(BaseModel):
    """A car that can be reserved for a period. Where it is now is not where it will be then."""

    vehicle_id: UUID
    make: str
    model: str
    propulsion: str
    seats: int | None
    city_id: str
    latitude: float | None
    longitude: float | None


class AvailabilityPage(BaseModel):
    """Cars that can be reserved for a period, and the cursor of the next page."""

    model_config = example(
        {
            "vehicles": [
                {
                    "vehicle_id": VEHICLE_ID,
                    "make": "BMW",
                    "model": "BMW X1",
                    "propulsion": "combustion",
                    "seats": 5,
                    "city_id": "berlin",
                    "latitude": 52.5219,
                    "longitude": 13.4132,
                }
            ],
            "next": None,
        }
    )

    vehicles: list[FreeCar]
    next: str | None


class FreeTime(BaseModel):
    """From when until when a car can be reserved; without an end where nothing follows."""

    available_from: AwareDatetime
    available_until: AwareDatetime | None


class CarAvailability(BaseModel):
    """When a car can be reserved ahead of time, the buffers taken off."""

    model_config = example(
        {
            "vehicle_id": VEHICLE_ID,
            "free": [{"available_from": "2027-01-05T12:00:00Z", "available_until": "2027-01-05T15:00:00Z"}],
        }
    )

    vehicle_id: UUID
    free: tuple[FreeTime, ...]
