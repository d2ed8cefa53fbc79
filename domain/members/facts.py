"""What is known of a member besides the account itself."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from domain.kernel.values import Instant, Value


class MemberState(StrEnum):
    """At most one thing at a time (names as in the ShareNow partner API)."""

    IDLE = "idle"
    IN_RESERVATION = "in_reservation"
    IN_TRIP = "in_trip"


class PostalAddress(Value):
    """Where somebody has their post sent (EN 16931: BT-50, BT-53, BT-52, BT-55)."""

    street: Annotated[str, Field(min_length=1, max_length=200)]
    """With the number of the house."""
    postcode: Annotated[str, Field(min_length=1, max_length=20)]
    city: Annotated[str, Field(min_length=1, max_length=100)]
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    """ISO 3166 code."""


class LicenceState(StrEnum):
    """How far the check of a licence is."""

    SUBMITTED = "submitted"
    VERIFIED = "verified"
    REJECTED = "rejected"


class Licence(Value):
    """A driving licence as far as rules need it; its number stays encrypted in the event that brought it."""

    country: str
    issued_on: date
    expires_on: date
    state: LicenceState = LicenceState.SUBMITTED
    verified_at: Instant | None = None

    @classmethod
    def of(cls, country: str | None, issued_on: date | None, expires_on: date | None) -> Self | None:
        """As it was handed in; none once the person is erased."""
        if country is None or issued_on is None or expires_on is None:
            return None
        return cls(country=country, issued_on=issued_on, expires_on=expires_on)


class PaymentMethod(Value):
    """A way to pay, known by the provider's token."""

    method_id: str
    token: str
    brand: str
    prepaid: bool
    expires_on: date

    @classmethod
    def of(
        cls, method_id: str, token: str | None, brand: str | None, expires_on: date | None, *, prepaid: bool
    ) -> tuple[Self, ...]:
        """The one that was added; none once the person is erased."""
        if token is None or brand is None or expires_on is None:
            return ()
        return (cls(method_id=method_id, token=token, brand=brand, prepaid=prepaid, expires_on=expires_on),)


Traits = tuple[tuple[str, str | None, UUID], ...]
"""What tells a person from others: kind, the payment method that it is of if it is of one, id of the identifier."""
