"""What belongs to a member: theirs to see, and a scope's to see all of."""

from typing import TypeVar
from uuid import UUID

from api.auth import Caller
from api.rest.pagination import Condition
from api.system import System
from domain.billing.charge import Charge
from domain.billing.credit_note import CreditNote
from domain.billing.invoice import Invoice
from domain.billing.payment import Payment
from domain.kernel.errors import NotFoundError
from domain.rental.reservation import Reservation
from domain.rental.trip import Trip

Owned = TypeVar("Owned", Reservation, Trip, Invoice, CreditNote, Payment, Charge)


async def load_owned(kind: type[Owned], id: UUID, by: Caller, system: System, *, scope: str) -> Owned:
    """The aggregate, if it is the caller's or the scope is. Raises `NotFoundError`, which tells nothing."""
    found = await system.store.load(kind, id, service=by.service)
    if by.subject != str(_owner(found)) and not by.may(scope):
        raise NotFoundError(kind.TOPIC, id)
    return found


def _owner(found: Reservation | Trip | Invoice | CreditNote | Payment | Charge) -> UUID:
    """Who reserved or drives, or who pays."""
    return found.member_id if isinstance(found, Reservation | Trip) else found.payer_id


def own(column: str, by: Caller, scope: str) -> Condition:
    """That a row is the caller's; with the scope, any row of the service."""
    return f"{column} = {{}}", None if by.may(scope) else UUID(by.subject)
