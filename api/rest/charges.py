"""Charges over HTTP: what came of a trip, what waits for a review, what is decided about it, and why it costs that."""

from datetime import datetime
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Response

from api.auth import Allowed, Caller
from api.command_ids import new_id
from api.rest.commands import TAGGED, DispatchIfMatch, InSystem, tag
from api.rest.ownership import load_owned, own
from api.rest.pagination import InPage, InPeriod, Listing, Order
from api.rest.routing import Router
from api.rest.schemas.base import Accepted, Proposable, Word
from api.rest.schemas.charges import (
    ChargePage,
    ChargeShown,
    ChargeSummary,
    DecisionBody,
    Explanation,
    FeeBody,
    FeeShown,
    FeesShown,
    ObjectionBody,
)
from domain.billing import commands
from domain.billing.charge import Charge
from domain.billing.charging import price_of
from domain.billing.explanation import explained
from domain.kernel.errors import refuse_if
from domain.kernel.ids import ChargeId, TripId
from domain.rental.commands import ChargeFee

router = Router(prefix="/v1", tags=["billing"])

SEES_ALL = "invoices:read"
Payer = Annotated[Caller, Depends(Allowed("own:read", SEES_ALL))]
Reader = Annotated[Caller, Depends(Allowed(SEES_ALL))]
Objector = Annotated[Caller, Depends(Allowed("own:write", "invoices:write"))]
Agent = Annotated[Caller, Depends(Allowed("invoices:write"))]

_CHARGES = Listing(
    "select charge_id, subject_kind, subject_id, member_id, payer_id, raised_at, trip_id, fee, state, collected_from, "
    "supplied_on, objection, coalesce(reasons, '[]') as reasons, currency, price_minor, proposal, proposed_by, "
    "decision, decided_by, decision_reason, invoice_id from read_v1.charges",
    Order("charges", {"raised_at": datetime, "charge_id": UUID}),
)


_OF_STAFF = {"proposal": None, "proposed_by": None, "decided_by": None, "decision_reason": None}


@router.get("/charges")
async def list_charges(
    by: Payer,
    system: InSystem,
    page: InPage,
    raised: InPeriod,
    *,
    state: Literal["announced", "in_review", "waiting", "billed", "waived"] | None = None,
    member_id: UUID | None = None,
    subject_id: UUID | None = None,
    trip_id: UUID | None = None,
) -> ChargePage:
    """Newest first: one's own, or for staff all of the service.

    Those in_review wait for an agent, and say why; those waiting stand on the invoice of their month, once it is over.
    """
    rows, after = await _CHARGES.page(
        system,
        page,
        [
            ("service = {}", by.service),
            own("payer_id", by, SEES_ALL),
            ("state = {}", state),
            ("member_id = {}", member_id),
            ("subject_id = {}", subject_id),
            ("trip_id = {}", trip_id),
            *raised.of("raised_at"),
        ],
    )
    hidden = {} if by.may(SEES_ALL) else _OF_STAFF
    return ChargePage(charges=[ChargeSummary(**{**row, **hidden}) for row in rows], next=after)


@router.get("/fees")
async def list_fees(by: Payer, system: InSystem, *, city_id: Word) -> FeesShown:
    """What may be charged after a trip that began in a city, and for how long its payer may object."""
    rulebook = system.rulebook(by.service)
    refuse_if([rulebook.unknown_city(city_id)])
    return FeesShown(fees=[FeeShown.model_validate(fee) for fee in rulebook.city(city_id).fees])


@router.command("/trips/{trip_id}/charges", ChargeFee, status_code=201)
async def charge_fee(trip_id: UUID, body: FeeBody, by: Agent, dispatch: DispatchIfMatch) -> Accepted:
    """Above the limit of the service it waits for two persons; else its payer is told at once, and may object."""
    command = ChargeFee(
        fee_id=new_id(),
        trip_id=TripId(trip_id),
        fee=body.fee,
        amount=body.amount,
        happened_at=body.happened_at,
        evidence=tuple(body.evidence),
        reason=body.reason,
    )
    return dispatch.made(await dispatch(command, trip_id, by), among="/v1/charges")


@router.get("/charges/{charge_id}/explanation")
async def get_explanation(charge_id: UUID, by: Payer, system: InSystem) -> Explanation:
    """Why it costs that: every line with its rule, version and facts, the taxes, and the whole in words."""
    charge = await load_owned(Charge, charge_id, by, system, scope=SEES_ALL)
    quote, tariff = charge.quote, partial(system.rulebooks.tariff, by.service)
    price = price_of(charge, charge.facts, system.rulebook(by.service), tariff)
    return Explanation(
        charge_id=charge.id,
        subject_kind=charge.subject_kind,
        subject_id=charge.subject_id,
        state=charge.state,
        quoted_at=quote.quoted_at if quote else None,
        tariff_digest=quote.tariff_digest if quote else None,
        price=price,
        words=list(explained(charge, price)),
    )


@router.command("/charges/{charge_id}/objection", commands.ObjectToCharge)
async def object_to_charge(charge_id: UUID, body: ObjectionBody, by: Objector, dispatch: DispatchIfMatch) -> Accepted:
    """Nothing is collected before an agent has decided."""
    await load_owned(Charge, charge_id, by, dispatch.system, scope="invoices:write")
    command = commands.ObjectToCharge(charge_id=ChargeId(charge_id), objection=body.objection)
    return await dispatch(command, charge_id, by)


@router.get("/charges/{charge_id}", responses=TAGGED)
async def get_charge(charge_id: UUID, by: Reader, system: InSystem, response: Response) -> ChargeShown:
    """One charge: the facts that it is for, why it is in review, what it would cost, and what was decided."""
    found = await system.store.load(Charge, charge_id, service=by.service)
    tag(response, found.version)
    return ChargeShown.of_charge(found)


@router.command("/charges/{charge_id}/decision", commands.DecideCharge)
async def decide_charge(charge_id: UUID, body: DecisionBody, by: Agent, dispatch: DispatchIfMatch) -> Proposable:
    """With `proposed` in the answer, nothing is carried out before another agent decides the same."""
    command = commands.DecideCharge(
        charge_id=ChargeId(charge_id), decision=body.decision, correction=body.correction, reason=body.reason
    )
    done = await dispatch(command, charge_id, by)
    decided = await dispatch.system.store.load(Charge, charge_id, service=by.service)
    return Proposable(**done.model_dump(), proposed=decided.state == "in_review")
