"""Whose token it is, one of ours or of the identity provider that the settings name, and whether it still holds."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import jwt

from api.auth import LONGEST_LIFE, Caller, TokenAuthority
from api.problems import Problem
from api.services import service_of
from domain.identity.ports import (
    Claims,
    ForeignTokenError,
    IdentityProvider,
    ProviderUnavailableError,
    Revocations,
)
from domain.identity.sessions import Subject
from domain.identity.staff import StaffRules


@dataclass(frozen=True)
class Authenticator:
    """Finds out who is asking."""

    tokens: TokenAuthority
    revocations: Revocations
    provider: IdentityProvider | None
    staff: StaffRules
    service: str | None
    """Of the settings."""
    services: Callable[[], Collection[str]]
    """Those that run here."""

    async def __call__(self, token: str) -> Caller:
        """The caller. Raises `Problem` 401 for a token that is none, has expired or was revoked."""
        if self.provider is not None and _issuer(token) == self.provider.issuer:
            found = await self._outside(token, self.provider)
        else:
            found = self.tokens.verify(token)
        if self.is_revoked(found):
            raise Problem.unauthorized("the token was revoked: log in again")
        return found

    def is_revoked(self, caller: Caller) -> bool:
        """Whether a token ended before its time: what goes on for long must look again."""
        return self.revocations.holds(caller.who, caller.session_id, caller.issued_at)

    def subject_of(self, claims: Claims) -> Subject:
        """Who a provider's claims are about. Raises `ForeignTokenError`."""
        return self.staff.subject_of(claims, self._default_service())

    async def _outside(self, token: str, provider: IdentityProvider) -> Caller:
        try:
            claims = await provider.verified(token)
            subject = self.subject_of(claims)
            issued_at, expires_at = float(claims["iat"]), float(claims["exp"])
        except ForeignTokenError as error:
            raise Problem.unauthorized(f"the identity provider's token does not hold: {error}") from error
        except ProviderUnavailableError as error:
            raise Problem(
                503, "unavailable", "Not available", f"the identity provider does not answer: {error}"
            ) from error
        if expires_at - issued_at > LONGEST_LIFE.total_seconds():
            raise Problem.unauthorized(f"a token must not be good for longer than {LONGEST_LIFE.days} days")
        return Caller(subject.role, subject.id, subject.service, expires_at, issued_at)

    def _default_service(self) -> str | None:
        try:
            return service_of(None, self.service, self.services())
        except ValueError:
            return None


def _issuer(token: str) -> str | None:
    """Who is said to have signed it; nothing is checked yet."""
    try:
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
    except jwt.InvalidTokenError:
        return None
    return issuer if isinstance(issuer, str) else None
