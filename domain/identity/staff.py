"""Who an identity provider's claims say somebody is: pure rules over JSON that it has signed."""

from collections.abc import Mapping
from typing import Any

from domain.identity.ports import Claims, ForeignTokenError
from domain.identity.sessions import Subject
from domain.kernel.messages import Role
from domain.kernel.values import Value

LONGEST_NAME = 120


def staff_roles() -> frozenset[Role]:
    """The roles that a provider may give: members log in by mail, devices by certificate."""
    return frozenset((Role.AGENT, Role.OPERATOR, Role.ANALYST, Role.AUDITOR, Role.PARTNER))


class StaffRules(Value):
    """What claims mean."""

    subject_claim: str = "sub"
    role_claim: str = "roles"
    roles: tuple[tuple[str, Role], ...] = ()
    """The provider's word for each role; the first that somebody has counts."""
    service_claim: str = "service"

    def subject_of(self, claims: Claims, default_service: str | None) -> Subject:
        """Who somebody is. Raises `ForeignTokenError` when the claims do not say, or say it in a wrong type."""
        name = _at(claims, self.subject_claim)
        if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or "\x00" in name:
            raise ForeignTokenError(f"claim {self.subject_claim} is not a name")
        service = _at(claims, self.service_claim)
        service = default_service if service is None else service
        if not isinstance(service, str):
            raise ForeignTokenError(f"claim {self.service_claim} does not name a service")
        return Subject(service, self._role_of(claims), name)

    def _role_of(self, claims: Claims) -> Role:
        said = _at(claims, self.role_claim)
        words = [said] if isinstance(said, str) else said
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise ForeignTokenError(f"claim {self.role_claim} is not a list of texts")
        for word, role in self.roles:
            if word in words:
                return role
        raise ForeignTokenError(f"claim {self.role_claim} has none of the words that mean a role here")


def _at(claims: Claims, path: str) -> Any:  # JSON
    """The claim of this name, else what is inside at a path with dots; none where there is nothing."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
