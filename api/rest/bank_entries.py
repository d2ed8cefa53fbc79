"""Money that came by bank transfer: what named no invoice, which one it is for, and what is owed of it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends

from api.auth import Allowed, Caller
from api.rest.commands import DispatchIfMatch, InSystem
from api.rest.pagination import InPage, InPeriod, Listing, Order
from api.rest.routing import Answers, Router
from api.rest.schemas.bank_entries import (
    Assignment,
    BankEntryPage,
    BankEntrySummary,
    PaidBack,
    TransferPage,
    TransferSummary,
)
from api.rest.schemas.base import Accepted, Proposable
from api.system import Row, System
from domain.billing.transfer import Transfer
from domain.billing.transfers import AssignTransfer, RecordTransferPaidBack, TakeBackTransfer
from domain.kernel.errors import NotFoundError, RefusedError, Violation
from domain.kernel.ids import InvoiceId
from domain.kernel.money import Currency, Money

router = Router(prefix="/v1", tags=["billing"])

Reader = Annotated[Caller, Depends(Allowed("invoices:read"))]
Agent = Annotated[Caller, Depends(Allowed("invoices:write"))]

_PROPOSED: Answers = {202: {"model": Proposable, "description": "It waits for a second person."}}
_SHOWN = """
select entry_id, service, kind, seller, reference, amount_minor, currency, value_on, booked_on, code, why, kept_at,
    case when became is null or became = 'reported' then 'unmatched' when became = 'proposed' then 'proposed'
        else 'assigned' end as state,
    proposal, proposed_by, invoice_id
from csbe.bank_entries entry left join lateral (
    select state as became, proposal, proposed_by, invoice_id from read_v1.transfers transfer
    where case when entry.kind = 'credit' then transfer.transfer_id = entry.entry_id
        else transfer.service = entry.service and transfer.taken_back_reference = entry.reference
            and transfer.amount_minor = entry.amount_minor and entry.kind = 'reversal' end
    limit 1
) as known on true
"""
_ENTRIES = Listing(
    "select entry_id, kind, seller, reference, amount_minor, currency, value_on, booked_on, code, why, "  # noqa: S608
    "kept_at, state, "
    f"proposal, proposed_by, invoice_id from ({_SHOWN}) as shown",
    Order("bank_entries", {"kept_at": datetime, "entry_id": UUID}),
)
_ENTRY = f"select * from ({_SHOWN}) as shown where service = $1 and entry_id = $2"  # noqa: S608 (our own words)
_TO_TAKE_BACK = """
select transfer_id from read_v1.transfers
where service = $1 and invoice_id = $2 and amount_minor = $3 and currency = $4 and state = 'received'
"""
_TRANSFERS = Listing(
    "select transfer_id, seller, reference, amount_minor, currency, value_on, recorded_at, state, counted_minor, "
    "owed_minor, invoice_id, payer_id, number, proposal, proposed_by, assigned_by from read_v1.transfers",
    Order("transfers", {"recorded_at": datetime, "transfer_id": UUID}),
)


@router.get("/bank-entries")
async def list_bank_entries(
    by: Reader,
    system: InSystem,
    page: InPage,
    kept: InPeriod,
    *,
    state: Literal["unmatched", "proposed", "assigned"] | None = None,
) -> BankEntryPage:
    """Newest first: what stood on the sellers' accounts and named no invoice, with why, and what became of it."""
    conditions = [("service = {}", by.service), ("state = {}", state), *kept.of("kept_at")]
    rows, after = await _ENTRIES.page(system, page, conditions)
    return BankEntryPage(bank_entries=[BankEntrySummary(**row) for row in rows], next=after)


@router.command("/bank-entries/{entry_id}/assign", AssignTransfer, responses=_PROPOSED)
async def assign_bank_entry(entry_id: UUID, body: Assignment, by: Agent, dispatch: DispatchIfMatch) -> Proposable:
    """Of what the bank took back, which invoice is open again. Answers 202 while it waits for a second agent."""
    entry = await _entry(entry_id, by, dispatch.system)
    invoice_id = InvoiceId(body.invoice_id)
    if entry["kind"] == "reversal":
        done = await dispatch(await _taken_back(entry, invoice_id, by, dispatch.system), entry_id, by)
        return Proposable(**done.model_dump(), proposed=False)
    command = AssignTransfer(
        transfer_id=entry_id,
        seller_id=entry["seller"],
        reference=entry["reference"],
        amount=_money(entry),
        value_on=entry["value_on"],
        invoice_id=invoice_id,
        reason=body.reason,
    )
    done = await dispatch(command, entry_id, by)
    transfer = await dispatch.system.store.load(Transfer, entry_id, service=by.service)
    proposed = transfer.invoice_id is None
    if proposed:
        dispatch.response.status_code = 202
    return Proposable(**done.model_dump(), proposed=proposed)


@router.get("/transfers")
async def list_transfers(
    by: Reader,
    system: InSystem,
    page: InPage,
    recorded: InPeriod,
    *,
    state: Literal["proposed", "received", "taken_back"] | None = None,
    invoice_id: UUID | None = None,
    owed: bool | None = None,
) -> TransferPage:
    """Newest first; with `owed`, only those of which something is to be given back, or nothing."""
    conditions = [
        ("service = {}", by.service),
        ("state = {}", state),
        ("invoice_id = {}", invoice_id),
        ("(owed_minor > 0) = {}", owed),
        *recorded.of("recorded_at"),
    ]
    rows, after = await _TRANSFERS.page(system, page, conditions)
    return TransferPage(transfers=[TransferSummary(**row) for row in rows], next=after)


@router.command("/transfers/{transfer_id}/paid-back", RecordTransferPaidBack)
async def record_transfer_paid_back(
    transfer_id: UUID, body: PaidBack, by: Agent, dispatch: DispatchIfMatch
) -> Accepted:
    command = RecordTransferPaidBack(transfer_id=transfer_id, reference=body.reference, reason=body.reason)
    return await dispatch(command, transfer_id, by)


async def _entry(entry_id: UUID, by: Caller, system: System) -> Row:
    found = await system.fetch(_ENTRY, by.service, entry_id)
    if not found:
        raise NotFoundError("billing.bank_entry", entry_id)
    [entry] = found
    if entry["amount_minor"] is None or entry["value_on"] is None or entry["kind"] == "returned":
        detail = "nobody paid an invoice with it, or the bank does not say how much and when: settle it at the bank"
        raise RefusedError(Violation(code="bank_entry.not_assignable", detail=detail, values={"why": entry["why"]}))
    return entry


def _money(entry: Row) -> Money:
    return Money(amount_minor=entry["amount_minor"], currency=Currency.__members__[entry["currency"]])


async def _taken_back(entry: Row, invoice_id: InvoiceId, by: Caller, system: System) -> TakeBackTransfer:
    """Of the one transfer of this amount that counts for the invoice."""
    found = await system.fetch(_TO_TAKE_BACK, by.service, invoice_id, entry["amount_minor"], entry["currency"])
    if not found:
        detail = "no transfer of this amount counts for the invoice: look for the one that was taken back"
        raise RefusedError(Violation(code="bank_entry.no_such_transfer", detail=detail))
    return TakeBackTransfer(
        transfer_id=found[0]["transfer_id"], reference=entry["reference"], value_on=entry["value_on"]
    )
