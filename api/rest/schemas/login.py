"""Logging in: codes, tokens, and what ends them."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, EmailStr, Field

from api.login import TokenPair
from api.rest.schemas.base import MEMBER_ID, Because, Body, example
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


class RevocationBody(Body):
    """Whose tokens end, and why; without a subject, one's own."""

    model_config = example({"role": "member", "subject": MEMBER_ID, "reason": "the phone was stolen"}, extra="forbid")

    role: Role = Role.MEMBER
    subject: Annotated[str | None, Field(min_length=1, max_length=120)] = None
    reason: Because
