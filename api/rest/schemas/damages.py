"""Damages of cars."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from api.rest.schemas.base import TRIP_ID, VEHICLE_ID, Because, Body, Moment, Shown, example
from domain.billing.fee import Evidence
from domain.fleet.custody import Attribution
from domain.fleet.damage import DamageKind, DamagePlace, DamageSource, Photo
from domain.kernel.money import Money

_PHOTO = {"sha256": "5f" * 32, "taken_at": "2027-01-05T12:09:40Z"}
_SEEN: dict[str, Any] = {"kind": "scratch", "place": "left", "photos": [_PHOTO]}
_DAMAGE: dict[str, Any] = {
    "damage_id": "8c1f0d52-6f0e-5b7a-9a55-2f7be4d00009",
    "vehicle_id": VEHICLE_ID,
    **_SEEN,
    "source": "member",
    "state": "known",
    "found_at": "2027-01-05T12:09:00Z",
    "reported_at": "2027-01-05T12:10:00Z",
    "repaired_at": None,
}
Photos = Annotated[tuple[Photo, ...], Field(max_length=20)]


class DamageInTripBody(Body):
    """What whoever drives sees of the car that is not on its list."""

    model_config = example(_SEEN, extra="forbid")

    kind: DamageKind
    place: DamagePlace
    photos: Photos = ()


class DamageBody(DamageInTripBody):
    """What staff see of a car, and when it was there for certain."""

    model_config = example({"vehicle_id": VEHICLE_ID, **_SEEN, "found_at": "2027-01-05T12:09:40Z"}, extra="forbid")

    vehicle_id: UUID
    found_at: Moment


class IntactBody(Body):
    """A picture that shows the car without the damage."""

    model_config = example({"photo": {**_PHOTO, "taken_at": "2027-01-05T09:30:00Z"}}, extra="forbid")

    photo: Photo


class DamageChargeBody(Body):
    """Whose trip it was, what it costs up to the excess, what shows it, and why."""

    model_config = example(
        {
            "trip_id": TRIP_ID,
            "amount": {"amount_minor": 18000, "currency": "EUR"},
            "evidence": [{"kind": "receipt", "reference": "body shop 4711"}],
            "reason": "scratch on the left door, found at the next check",
        },
        extra="forbid",
    )

    trip_id: UUID
    amount: Money
    evidence: Annotated[list[Evidence], Field(min_length=1, max_length=20)]
    reason: Because


class DamageSummary(BaseModel):
    """A damage in the list of a car."""

    damage_id: UUID
    vehicle_id: UUID
    kind: DamageKind
    place: DamagePlace
    photos: list[Photo]
    source: DamageSource
    state: str
    found_at: AwareDatetime
    reported_at: AwareDatetime
    repaired_at: AwareDatetime | None


class DamagePage(BaseModel):
    """Damages, the newest first, and the cursor of the next page."""

    model_config = example({"damages": [_DAMAGE], "next": None})

    damages: list[DamageSummary]
    next: str | None


class DamageShown(Shown):
    """One damage. `intact`, `attribution` and `charge_id` are for staff."""

    model_config = example(
        {
            **_DAMAGE,
            "version": 2,
            "intact": {**_PHOTO, "taken_at": "2027-01-05T09:30:00Z"},
            "attribution": {"custody": "several", "trip_ids": [TRIP_ID]},
            "charge_id": None,
        }
    )

    damage_id: UUID
    version: int
    vehicle_id: UUID
    kind: DamageKind
    place: DamagePlace
    photos: tuple[Photo, ...]
    source: DamageSource
    state: str
    found_at: AwareDatetime
    reported_at: AwareDatetime
    repaired_at: AwareDatetime | None
    intact: Photo | None
    attribution: Attribution | None
    """Whether one trip alone had the car between the two states, and which had it."""
    charge_id: UUID | None
