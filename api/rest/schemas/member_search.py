"""Lists of members, and looking for one."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, EmailStr, Field, model_validator

from api.rest.schemas.base import MEMBER_ID, Body, example
from api.rest.schemas.members import ACCOUNT, Account
from domain.members.facts import LicenceState, MemberState


class KnownLicence(Body):
    """What tells a driving licence from others; spaces and small letters do not count."""

    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    number: Annotated[str, Field(min_length=4, max_length=40)]


class SearchBody(Body):
    """What somebody tells of themselves: a mail address or a driving licence. In a body, since addresses are logged."""

    model_config = example({"licence": {"country": "DE", "number": "B072RRE2I55"}}, extra="forbid")

    email: EmailStr | None = None
    licence: KnownLicence | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.email is None) == (self.licence is None):
            raise ValueError("give either email or licence")
        return self


class MembersFound(BaseModel):
    """The accounts found; none when nobody has it."""

    model_config = example({"members": [ACCOUNT]})

    members: list[Account]


class MemberSummary(BaseModel):
    """An account in a list. Names and addresses are in no list."""

    member_id: UUID
    city_id: str
    state: MemberState
    email_verified: bool
    licence_state: LicenceState | None
    licence_expires_on: date | None
    payment_methods: int
    blocked: bool
    in_review: bool
    registered_at: AwareDatetime
    erased_at: AwareDatetime | None


class MemberPage(BaseModel):
    """Accounts, newest first, and the cursor of the next page."""

    model_config = example(
        {
            "members": [
                {
                    "member_id": MEMBER_ID,
                    "city_id": "berlin",
                    "state": "idle",
                    "email_verified": True,
                    "licence_state": "submitted",
                    "licence_expires_on": "2033-01-01",
                    "payment_methods": 1,
                    "blocked": False,
                    "in_review": False,
                    "registered_at": "2027-01-05T09:58:12Z",
                    "erased_at": None,
                }
            ],
            "next": None,
        }
    )

    members: list[MemberSummary]
    next: str | None
