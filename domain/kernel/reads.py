"""Who read what is known of a person: no event, but on record too."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from domain.kernel.messages import Role


class PersonalRead(NamedTuple):
    """Somebody of the staff, or a partner, was shown something of a member."""

    at: datetime
    service: str
    role: Role
    reader: str
    door: str
    """By what: method and path of a route, a command of the terminal, or a webhook."""
    right: str
    """Why they could: a scope, or a grant."""
    member_id: UUID | None
    """Whose it was; none for all that a report has."""


class ReadLog(Protocol):
    """Keeps who read what of whom."""

    async def note(self, reads: Collection[PersonalRead], /) -> None:
        """Put them on record soon; the same again within the hour is not noted. Waits only when too many wait."""
        ...
