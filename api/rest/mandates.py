"""SEPA mandates of members and the direct debits by them, over HTTP."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Response

from api.auth import Allowed, Caller
from api.command_ids import new_id
from api.rest.commands import TAGGED, DispatchIfMatch, InSystem, tag
from api.rest.members import own_or_any
from api.rest.ownership import load_owned, own
from api.rest.pagination import InPage, InPeriod, Listing, Order
from api.rest.routing import Router
from api.rest.schemas.base import Accepted
from api.rest.schemas.mandates import DebitPage, DebitSummary, MandateBody, MandatePage, MandateShown, MandateSummary
from domain.billing.mandate import Mandate
from domain.billing.mandates import RevokeMandate, SignMandate

router = Router(prefix="/v1", tags=["billing"])

Reader = Annotated[Caller, Depends(Allowed("own:read", "invoices:read"))]
Helper = Annotated[Caller, Depends(Allowed("own:read", "members:read"))]
Writer = Annotated[Caller, Depends(Allowed("own:write", "members:write"))]

_MANDATES = Listing(
    "select mandate_id, payer_id, seller, creditor_id, reference, signed_on, signed_at, last_used_on, state, "
    "end_reason from read_v1.mandates",
    Order("mandates", {"signed_at": datetime, "mandate_id": UUID}),
)
_DEBITS = Listing(
    "select debit_id, payer_id, invoice_id, number, mandate_id, seller, amount_minor, currency, announced_for, "
    "requested_at, state, batch_id, sequence, collection_on, reason, retry_at, booked_on, returned_on, bank_fee_minor "
    "from read_v1.debits",
    Order("debits", {"requested_at": datetime, "debit_id": UUID}),
)


@router.command("/members/{member_id}/mandates", SignMandate, status_code=201)
async def sign_mandate(member_id: UUID, body: MandateBody, by: Writer, dispatch: DispatchIfMatch) -> Accepted:
    owner = own_or_any(by, member_id, "members:write")
    command = SignMandate(mandate_id=new_id(), member_id=owner, **body.model_dump())
    return dispatch.made(await dispatch(command, member_id, by), among="/v1/mandates")


@router.get("/mandates")
async def list_mandates(
    by: Reader,
    system: InSystem,
    page: InPage,
    signed: InPeriod,
    *,
    payer_id: UUID | None = None,
    state: Literal["signed", "ended"] | None = None,
) -> MandatePage:
    """The last signed first: one's own, or for an agent all of the service."""
    conditions = [
        ("service = {}", by.service),
        own("payer_id", by, "invoices:read"),
        ("payer_id = {}", payer_id),
        ("state = {}", state),
        *signed.of("signed_at"),
    ]
    rows, after = await _MANDATES.page(system, page, conditions)
    return MandatePage(mandates=[MandateSummary(**row) for row in rows], next=after)


@router.get("/mandates/{mandate_id}", responses=TAGGED)
async def get_mandate(mandate_id: UUID, by: Helper, system: InSystem, response: Response) -> MandateShown:
    """One mandate, of its account only the country and the last four characters."""
    found = await load_owned(Mandate, mandate_id, by, system, scope="members:read")
    tag(response, found.version)
    return MandateShown.of_mandate(found)


@router.command("/mandates/{mandate_id}/revoke", RevokeMandate)
async def revoke_mandate(mandate_id: UUID, by: Writer, dispatch: DispatchIfMatch) -> Accepted:
    await load_owned(Mandate, mandate_id, by, dispatch.system, scope="members:write")
    return await dispatch(RevokeMandate(mandate_id=mandate_id), mandate_id, by)


@router.get("/debits")
async def list_debits(
    by: Reader,
    system: InSystem,
    page: InPage,
    requested: InPeriod,
    *,
    payer_id: UUID | None = None,
    invoice_id: UUID | None = None,
    state: Literal["requested", "in_collection", "collected", "dropped", "rejected", "returned"] | None = None,
) -> DebitPage:
    """The last announced first: one's own, or for an agent all of the service."""
    conditions = [
        ("service = {}", by.service),
        own("payer_id", by, "invoices:read"),
        ("payer_id = {}", payer_id),
        ("invoice_id = {}", invoice_id),
        ("state = {}", state),
        *requested.of("requested_at"),
    ]
    rows, after = await _DEBITS.page(system, page, conditions)
    return DebitPage(debits=[DebitSummary(**row) for row in rows], next=after)
