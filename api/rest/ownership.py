"""What belongs to a member: theirs to see, and a scope's to see all of."""

from typing import TypeVar
from uuid import UUID

from api.auth import Caller
from api.rest.pagination import Page, caught_up
from api.system import Row, System
from domain.billing.invoice import Invoice
from domain.kernel.errors import NotFoundError
from domain.rental.reservation import Reservation
from domain.rental.trip import Trip

Owned = TypeVar("Owned", Reservation, Trip, Invoice)


async def load_owned(kind: type[Owned], id: UUID, by: Caller, system: System, *, scope: str) -> Owned:
    """The aggregate, if it is the caller's or the scope is. Raises `NotFoundError`, which tells nothing."""
    found = await system.store.load(kind, id, service=by.service)
    if by.subject != str(_owner(found)) and not by.may(scope):
        raise NotFoundError(kind.TOPIC, id)
    return found


def _owner(found: Reservation | Trip | Invoice) -> UUID:
    """Who reserved or drives, or who pays."""
    return found.payer_id if isinstance(found, Invoice) else found.member_id


async def own_rows(sql: str, by: Caller, system: System, page: Page, *more: object, scope: str) -> list[Row]:
    """A page of a list: the caller's rows, or with the scope all of the service.

    The query takes service, member, the time and the id of the last row seen, `more`, and how many.
    """
    await caught_up(system, page.at_least)
    member = None if by.may(scope) else UUID(by.subject)
    return await system.fetch(sql, by.service, member, *page.after, *more, page.limit)
