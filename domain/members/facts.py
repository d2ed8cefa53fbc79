"""What is known of a member besides the account itself."""

from datetime import date
from enum import StrEnum

from domain.kernel.values import Instant, Value


class MemberState(StrEnum):
    """At most one thing at a time (names as in the ShareNow partner API)."""

    IDLE = "idle"
    IN_RESERVATION = "in_reservation"
    IN_TRIP = "in_trip"


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


class PaymentMethod(Value):
    """A way to pay, known by the provider's token."""

    method_id: str
    token: str
    brand: str
    prepaid: bool
    expires_on: date
