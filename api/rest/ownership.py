"""What belongs to a member: theirs to see, and a scope's to see all of."""

from typing import TypeVar
from uuid import UUID

from api.auth import Caller
from api.problems import Problem
from api.rest.pagination import Condition
from api.system import System
from domain.billing.charge import Charge
from domain.billing.credit_note import CreditNote
from domain.billing.invoice import Invoice
from domain.billing.mandate import Mandate
from domain.billing.payment import Payment
from domain.kernel.errors import NotFoundError
from domain.kernel.ids import MemberId
from domain.rental.reservation import Reservation
from domain.rental.scheduled import ScheduledReservation
from domain.rental.trip import Trip

Owned = TypeVar("Owned", Reservation, ScheduledReservation, Trip, Invoice, CreditNote, Payment, Charge, Mandate)


async def load_owned(kind: type[Owned], id: UUID, by: Caller, system: System, *, scope: str) -> Owned:
    """The aggregate, if it is the caller's or the scope is. Raises `NotFoundError`, which tells nothing."""
    found = await system.store.load(kind, id, service=by.service)
    if by.subject != str(_owner(found)) and not by.may(scope):
        raise NotFoundError(kind.TOPIC, id)
    return found


async def load_reservation(id: UUID, by: Caller, system: System, *, scope: str) -> None:
    """See that a reservation of either kind is the caller's, or the scope is. Raises `NotFoundError`."""
    try:
        await load_owned(ScheduledReservation, id, by, system, scope=scope)
    except NotFoundError:
        await load_owned(Reservation, id, by, system, scope=scope)


def _owner(
    found: Reservation | ScheduledReservation | Trip | Invoice | CreditNote | Payment | Charge | Mandate,
) -> UUID:
    """Who reserved or drives, or who pays."""
    return found.member_id if isinstance(found, Reservation | ScheduledReservation | Trip) else found.payer_id


def own(column: str, by: Caller, scope: str) -> Condition:
    """That a row is the caller's; with the scope, any row of the service."""
    return f"{column} = {{}}", None if by.may(scope) else UUID(by.subject)


def for_whom(by: Caller, member_id: UUID | None) -> MemberId:
    """The member whom a caller acts for: themselves, or for an agent whom they name. Raises `Problem`."""
    if by.may("rentals:write"):
        if member_id is None:
            raise Problem.bad_request("say for which member: member_id")
        return MemberId(member_id)
    if member_id is not None and str(member_id) != by.subject:
        raise Problem.forbidden("a member acts for nobody else")
    return MemberId(UUID(by.subject))
