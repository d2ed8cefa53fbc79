"""Payments and holds over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from api.auth import Allowed, Caller
from api.problems import Problem
from api.rest.commands import TAGGED, InSystem, tag
from api.rest.ownership import load_owned, own
from api.rest.pagination import InPage, InPeriod, Listing, Order
from api.rest.routing import Router
from api.rest.schemas.payments import ConfirmationShown, PaymentPage, PaymentShown, PaymentSummary
from domain.billing.payment import Payment
from projections.payment_states import PaymentState

router = Router(prefix="/v1/payments", tags=["billing"])

SEES_ALL = "invoices:read"

Reader = Annotated[Caller, Depends(Allowed("own:read", SEES_ALL))]

_PAYMENTS = Listing(
    "select payment_id, payer_id, subject_kind, subject_id, currency, amount_minor, state, changed_at "
    "from read_v1.payments",
    Order("payments", {"changed_at": datetime, "payment_id": UUID}),
)


@router.get("")
async def list_payments(
    by: Reader,
    system: InSystem,
    page: InPage,
    changed: InPeriod,
    *,
    payer_id: UUID | None = None,
    subject_id: UUID | None = None,
    state: PaymentState | None = None,
) -> PaymentPage:
    """What is held, taken or given back, the last changed first: one's own, or for an agent all of the service."""
    rows, after = await _PAYMENTS.page(
        system,
        page,
        [
            ("service = {}", by.service),
            own("payer_id", by, SEES_ALL),
            ("payer_id = {}", payer_id),
            ("subject_id = {}", subject_id),
            ("state = {}", state),
            *changed.of("changed_at"),
        ],
    )
    return PaymentPage(payments=[PaymentSummary(**row) for row in rows], next=after)


@router.get("/{payment_id}", responses=TAGGED)
async def get_payment(payment_id: UUID, by: Reader, system: InSystem, response: Response) -> PaymentShown:
    """One payment: what is held now, what was taken for which invoice, and what was given back."""
    found = await load_owned(Payment, payment_id, by, system, scope=SEES_ALL)
    tag(response, found.version)
    return PaymentShown.of_payment(found)


@router.get("/{payment_id}/confirmation")
async def get_payment_confirmation(
    payment_id: UUID, by: Annotated[Caller, Depends(Allowed("own:read"))], system: InSystem
) -> ConfirmationShown:
    """Where its payer confirms it, such as by 3-D Secure; not there when nothing is to be confirmed."""
    found = await load_owned(Payment, payment_id, by, system, scope=SEES_ALL)
    if not found.awaits_confirmation:
        raise Problem.not_found("nothing is to be confirmed")
    return ConfirmationShown(confirm_link=found.confirm_link or "", confirm_until=found.confirm_until)
