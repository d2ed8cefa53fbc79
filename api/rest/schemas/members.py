"""Members: registration, licence, payment methods, the account."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, EmailStr, Field

from api.rest.schemas.base import MEMBER_ID, METHOD_ID, Body, Rule, Shown, example
from domain.members.facts import LicenceState, MemberState, PostalAddress
from domain.members.member import Member
from domain.rulebook.model import Rulebook

_METHOD: dict[str, Any] = {
    "method_id": METHOD_ID,
    "brand": "visa",
    "prepaid": False,
    "expires_on": "2031-12-31",
}


_ADDRESS: dict[str, Any] = {
    "street": "Musterstraße 1",
    "postcode": "10115",
    "city": "Berlin",
    "country": "DE",
}

ACCOUNT: dict[str, Any] = {
    "member_id": MEMBER_ID,
    "version": 5,
    "service": "drivenow-europe",
    "city_id": "berlin",
    "state": "idle",
    "email_verified": True,
    "licence": {
        "country": "DE",
        "issued_on": "2010-01-01",
        "expires_on": "2033-01-01",
        "state": "submitted",
        "verified_at": None,
    },
    "payment_methods": [_METHOD],
    "blocked": False,
    "reservation_id": None,
    "trip_id": None,
    "eligible": False,
    "ineligibility": [
        {
            "code": "member.licence_submitted",
            "detail": "The driving licence has not passed its check.",
            "values": {"state": "submitted"},
        }
    ],
}


class Registration(Body):
    """Who wants to become a member, and where."""

    model_config = example(
        {"city_id": "berlin", "name": "Ada Beispiel", "email": "ada@example.org", "birth_date": "1990-05-17"},
        extra="forbid",
    )

    city_id: Annotated[str, Field(max_length=40)]
    name: Annotated[str, Field(min_length=1, max_length=120)]
    email: EmailStr
    birth_date: date
    address: PostalAddress | None = None
    """Stands on the invoices."""
    service: Annotated[str | None, Field(max_length=40)] = None


class AddressBody(Body):
    """Where a member lives now."""

    model_config = example({"address": _ADDRESS}, extra="forbid")

    address: PostalAddress


class Profile(Shown):
    """What a member gave of themselves; null once they are erased, and the address if none was given."""

    model_config = example(
        {
            "member_id": MEMBER_ID,
            "name": "Ada Beispiel",
            "email": "ada@example.org",
            "birth_date": "1990-05-17",
            "address": _ADDRESS,
        }
    )

    member_id: UUID
    name: str | None
    email: str | None
    birth_date: date | None
    address: PostalAddress | None


class LicenceBody(Body):
    """A driving licence."""

    model_config = example(
        {"number": "B072RRE2I55", "country": "DE", "issued_on": "2010-01-01", "expires_on": "2033-01-01"},
        extra="forbid",
    )

    number: Annotated[str, Field(min_length=4, max_length=40)]
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    issued_on: date
    expires_on: date


class PaymentMethodBody(Body):
    """A payment method as the provider's client library returned it; never a card number.

    The provider is asked what is behind the token, and its word counts: the rest is for what it does not say.
    """

    model_config = example(
        {"token": "tok_visa", "brand": "visa", "prepaid": False, "expires_on": "2031-12-31"}, extra="forbid"
    )

    token: Annotated[str, Field(pattern="^(tok|pm|card)_[A-Za-z0-9_]{1,80}$")]
    brand: Annotated[str | None, Field(max_length=40)] = None
    prepaid: bool = False
    expires_on: date | None = None


class LicenceShown(BaseModel):
    """A licence as far as rules need it; its number is never shown."""

    model_config = ConfigDict(from_attributes=True)

    country: str
    issued_on: date
    expires_on: date
    state: LicenceState
    verified_at: AwareDatetime | None


class PaymentMethodShown(BaseModel):
    """A payment method without the provider's token."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={"examples": [_METHOD]},
    )

    method_id: UUID
    brand: str
    prepaid: bool
    expires_on: date


class Account(Shown):
    """A member's account with its state and every reason against driving now."""

    model_config = example(ACCOUNT)

    member_id: UUID
    version: int
    service: str
    city_id: str
    state: MemberState
    email_verified: bool
    licence: LicenceShown | None
    payment_methods: list[PaymentMethodShown]
    blocked: bool
    reservation_id: UUID | None
    trip_id: UUID | None
    eligible: bool
    ineligibility: list[Rule]

    @classmethod
    def seen(cls, member: Member, rulebook: Rulebook, at: datetime) -> Self:
        """An account by the rules that hold at a time."""
        reasons = member.ineligibility(rulebook, at)
        return cls.of(member, member_id=member.id, eligible=not reasons, ineligibility=reasons)
