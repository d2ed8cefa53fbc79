"""Charges over HTTP: what waits for a review, and what an agent decides about it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Response

from api.auth import Allowed, Caller
from api.rest.commands import TAGGED, DispatchIfMatch, InSystem, tag
from api.rest.pagination import InPage, InPeriod, Listing, Order
from api.rest.routing import Router
from api.rest.schemas.base import Proposable
from api.rest.schemas.charges import ChargePage, ChargeShown, ChargeSummary, DecisionBody
from domain.billing import commands
from domain.billing.charge import Charge
from domain.kernel.ids import ChargeId

router = Router(prefix="/v1/charges", tags=["billing"])

Reader = Annotated[Caller, Depends(Allowed("invoices:read"))]
Agent = Annotated[Caller, Depends(Allowed("invoices:write"))]

_CHARGES = Listing(
    "select charge_id, subject_kind, subject_id, member_id, payer_id, raised_at, state, "
    "coalesce(reasons, '[]') as reasons, currency, price_minor, proposal, proposed_by, decision, decided_by, "
    "decision_reason, invoice_id from read_v1.charges",
    Order("charges", {"raised_at": datetime, "charge_id": UUID}),
)


@router.get("")
async def list_charges(
    by: Reader,
    system: InSystem,
    page: InPage,
    raised: InPeriod,
    *,
    state: Literal["in_review", "billed", "waived"] | None = None,
    member_id: UUID | None = None,
    subject_id: UUID | None = None,
) -> ChargePage:
    """Newest first, all of the service; with `state` in_review, those that wait for an agent, and why."""
    rows, after = await _CHARGES.page(
        system,
        page,
        [
            ("service = {}", by.service),
            ("state = {}", state),
            ("member_id = {}", member_id),
            ("subject_id = {}", subject_id),
            *raised.of("raised_at"),
        ],
    )
    return ChargePage(charges=[ChargeSummary(**row) for row in rows], next=after)


@router.get("/{charge_id}", responses=TAGGED)
async def get_charge(charge_id: UUID, by: Reader, system: InSystem, response: Response) -> ChargeShown:
    """One charge: the facts that it is for, why it is in review, what it would cost, and what was decided."""
    found = await system.store.load(Charge, charge_id, service=by.service)
    tag(response, found.version)
    return ChargeShown.of_charge(found)


@router.command("/{charge_id}/decision", commands.DecideCharge)
async def decide_charge(charge_id: UUID, body: DecisionBody, by: Agent, dispatch: DispatchIfMatch) -> Proposable:
    """With `proposed` in the answer, nothing is carried out before another agent decides the same."""
    command = commands.DecideCharge(
        charge_id=ChargeId(charge_id), decision=body.decision, correction=body.correction, reason=body.reason
    )
    done = await dispatch(command, charge_id, by)
    decided = await dispatch.system.store.load(Charge, charge_id, service=by.service)
    return Proposable(**done.model_dump(), proposed=decided.state == "in_review")
