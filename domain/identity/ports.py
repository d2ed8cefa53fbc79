"""Ports of logging in: what is short-lived or secret is kept beside the log, as keyed digests."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.identity.sessions import Subject
from domain.kernel.ids import MemberId


class TooManyTriesError(Exception):
    """An address was tried too often: wait so many seconds."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"too many tries: wait {wait_s} s")
        self.wait_s = wait_s


class RefreshReusedError(Exception):
    """A refresh token came a second time: somebody else has it too."""

    def __init__(self, grant: "Grant") -> None:
        super().__init__("the refresh token was used before")
        self.grant = grant


class ForeignTokenError(Exception):
    """What an identity provider is said to have signed does not hold; the text says why, without the token."""


class ProviderUnavailableError(Exception):
    """The identity provider did not answer, or not as it should."""


@dataclass(frozen=True)
class UsedCode:
    """A mailed code that was right, and whose it was."""

    code_id: UUID
    member_id: MemberId


@dataclass(frozen=True)
class Grant:
    """What a refresh token or a page's code stands for."""

    subject: Subject
    session_id: UUID


class LoginCodes(Protocol):
    """One-time codes to mail addresses. An address that nobody has is treated like any other."""

    async def ask(self, code_id: UUID, service: str, email: str, at: datetime, /) -> None:
        """Have a new code mailed if the address is a member's. Raises `TooManyTriesError`."""
        ...

    async def make(self, code_id: UUID, service: str, email: str, member_id: MemberId, at: datetime, /) -> str | None:
        """The code of this id to a member's address, the same again; none when the address was sent too many."""
        ...

    async def use(self, service: str, email: str, code: str, at: datetime, /) -> UsedCode | None:
        """Whose code it is, once; none when it is wrong or has ended. Raises `TooManyTriesError`."""
        ...

    async def members_at(self, service: str, email: str, /) -> list[MemberId]:
        """Who has given an address, those first who have proved it."""
        ...


class RefreshTokens(Protocol):
    """Refresh tokens: each is used once and gives the next one."""

    async def begin(self, grant: Grant, at: datetime, /) -> str:
        """The first token of a session."""
        ...

    async def rotate(self, token: str, at: datetime, /) -> tuple[Grant, str] | None:
        """What a token stands for, and the next one; none when it is unknown or has ended.

        Raises `RefreshReusedError`.
        """
        ...

    async def find(self, token: str, at: datetime, /) -> Grant | None:
        """What a token stands for, used or not."""
        ...

    async def ends(self, subject: Subject, at: datetime, /) -> dict[UUID, datetime]:
        """When each session ends that can still be gone on with."""
        ...


class PageCodes(Protocol):
    """One-time codes by which a browser page, opened by its address, gets a session."""

    async def make(self, subject: Subject, ends_at: datetime, /) -> str: ...

    async def use(self, code: str, at: datetime, /) -> Subject | None:
        """Whose code it is, once; none when it is unknown or has ended."""
        ...


class Revocations(Protocol):
    """Which tokens have ended before their time, as this process knows within half a second."""

    def holds(self, subject: Subject, session_id: UUID | None, issued_at: float) -> bool:
        """Whether a token, issued so many seconds after 1970, has been revoked."""
        ...

    async def refresh(self) -> None:
        """Take up what was revoked since."""
        ...


Claims = Mapping[str, Any]  # JSON, signed by the provider


class IdentityProvider(Protocol):
    """An OpenID Connect provider, known by its discovery document."""

    @property
    def issuer(self) -> str: ...

    async def verified(self, token: str, /) -> Claims:
        """Claims of an access token for us. Raises `ForeignTokenError`, `ProviderUnavailableError`."""
        ...

    async def login_address(self, *, state: str, nonce: str, challenge: str, redirect_uri: str) -> str:
        """Where a browser logs in (authorization code with PKCE, S256). Raises `ProviderUnavailableError`."""
        ...

    async def exchange(self, code: str, *, verifier: str, nonce: str, redirect_uri: str) -> Claims:
        """Claims of the ID token that a code gives. Raises `ForeignTokenError`, `ProviderUnavailableError`."""
        ...
