"""Logging in: codes, tokens, and what ends them."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, EmailStr, Field

from api.login import LiveSession, TokenPair
from api.rest.schemas.base import MEMBER_ID, Because, Body, example
from domain.identity.sessions import LoginMethod
from domain.kernel.messages import Role

Service = Annotated[str | None, Field(max_length=40)]
Secret = Annotated[str, Field(min_length=1, max_length=200)]


class CodeRequest(Body):
    """Whom to mail a code to."""

    model_config = example({"email": "ada@example.org"}, extra="forbid")

    email: EmailStr
    service: Service = None


class CodeSent(BaseModel):
    """The same whether the address is a member's or not."""

    model_config = example({"expires_in": 600})

    expires_in: int
    """In seconds, of the code that a member gets."""


class CodeLogin(Body):
    """The code that was mailed, and where to. Blanks, hyphens and small letters do not matter."""

    model_config = example({"email": "ada@example.org", "code": "7KQ2-M9XD"}, extra="forbid")

    email: EmailStr
    code: Annotated[str, Field(max_length=40)]
    service: Service = None


class PageLogin(Body):
    """The one-time code from the address of a page."""

    model_config = example({"code": "t1nYbGq0Vw3n6s2Jw7uXhQ"}, extra="forbid")

    code: Secret


class RefreshBody(Body):
    """The newest refresh token of a session."""

    model_config = example({"refresh_token": "f4Xo1mWc7d9qv2Kz"}, extra="forbid")

    refresh_token: Secret


class Tokens(BaseModel):
    """Tokens of a session (RFC 6749, 5.1), and whose it is."""

    model_config = example(
        {
            "access_token": "eyJ...",
            "token_type": "Bearer",
            "expires_in": 900,
            "refresh_token": "f4Xo1mWc7d9qv2Kz",
            "role": "member",
            "subject": MEMBER_ID,
            "service": "drivenow-europe",
        }
    )

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 (a word of RFC 6750)
    expires_in: int
    """In seconds, of the access token."""
    refresh_token: str
    """Good for one use; the answer has the next one."""
    role: Role
    subject: str
    """A member's id, or the name of an employee or a partner."""
    service: str

    @classmethod
    def of(cls, pair: TokenPair) -> Self:
        """As sent."""
        who = pair.grant.subject
        return cls(
            access_token=pair.access_token,
            expires_in=int(pair.expires_in.total_seconds()),
            refresh_token=pair.refresh_token,
            role=who.role,
            subject=who.id,
            service=who.service,
        )


class LoggedOut(BaseModel):
    """The same whether the token was known or not."""

    model_config = example({"logged_out": True})

    logged_out: bool = True


_SESSION = {
    "session_id": "01941f29-7c00-7a3e-8a55-6a1de7b1c009",
    "logged_in_at": "2027-01-05T09:58:12Z",
    "method": "mail_code",
    "ends_at": "2027-02-04T09:58:12Z",
    "current": True,
}


class SessionShown(BaseModel):
    """Where somebody is logged in."""

    model_config = example(_SESSION)

    session_id: UUID
    logged_in_at: AwareDatetime
    method: LoginMethod
    ends_at: AwareDatetime
    """If it is not gone on with."""
    current: bool
    """Whether the token that asks is of this session."""

    @classmethod
    def of(cls, session: LiveSession, *, current: UUID | None) -> Self:
        """As sent."""
        return cls(
            session_id=session.id,
            logged_in_at=session.login.at,
            method=session.login.method,
            ends_at=session.ends_at,
            current=session.id == current,
        )


class SessionList(BaseModel):
    """Sessions, the newest first."""

    model_config = example({"sessions": [_SESSION]})

    sessions: list[SessionShown]


class RevocationBody(Body):
    """Whose tokens end, and why; without a subject, one's own."""

    model_config = example({"role": "member", "subject": MEMBER_ID, "reason": "the phone was stolen"}, extra="forbid")

    role: Role = Role.MEMBER
    subject: Annotated[str | None, Field(min_length=1, max_length=120)] = None
    reason: Because
