"""Invoices and credit notes over HTTP."""

from typing import Annotated, Any
from uuid import UUID, uuid5

from fastapi import APIRouter, Depends
from pydantic import ConfigDict, Field

from api.auth import Allowed, Caller
from api.problems import Problem
from api.rest.commanding import Accepted, Body, Give, InPage, InSystem, caught_up, plain
from domain.billing import commands
from domain.kernel.ids import InvoiceId
from domain.kernel.money import Currency, Money

router = APIRouter(prefix="/v1/invoices", tags=["billing"])

Reader = Annotated[Caller, Depends(Allowed("own:read", "invoices:read"))]
Agent = Annotated[Caller, Depends(Allowed("invoices:write"))]

_PAGE = """
select invoice_id, number, member_id, trip_id, issued_at, currency, net_minor, tax_minor, gross_minor, state
from read_v1.invoices
where service = $1 and ($2::uuid is null or member_id = $2) and ($3::timestamptz is null or issued_at < $3)
and ($4::uuid is null or trip_id = $4)
order by issued_at desc limit $5
"""
_ONE = "select * from read_v1.invoices where service = $1 and invoice_id = $2"


class CreditBody(Body):
    """What to take back of an invoice, and why; all of it without an amount."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"amount_minor": 250, "currency": "EUR", "reason": "car was dirty"}]},
    )

    amount_minor: Annotated[int | None, Field(gt=0)] = None
    currency: Currency | None = None
    reason: Annotated[str, Field(min_length=3, max_length=400)]


@router.get("")
async def invoices(by: Reader, system: InSystem, page: InPage, trip_id: UUID | None = None) -> dict[str, Any]:
    """Newest first: one's own, or for an agent or auditor all of the service."""
    await caught_up(system, page.at_least)
    member = None if by.may("invoices:read") else UUID(by.subject)
    rows = await system.fetch(_PAGE, by.service, member, page.cursor, trip_id, page.limit)
    return {"invoices": plain(rows), "next": page.next(rows, "issued_at")}


@router.get("/{invoice_id}")
async def invoice(invoice_id: UUID, by: Reader, system: InSystem) -> dict[str, Any]:
    """One invoice with every line explained: rule, tariff version, facts."""
    rows = await system.fetch(_ONE, by.service, invoice_id)
    if not rows or not (by.may("invoices:read") or by.subject == str(rows[0]["member_id"])):
        raise Problem.not_found(f"there is no invoice {invoice_id}")
    return plain(rows)[0]


@router.post("/{invoice_id}/credit-notes", status_code=201)
async def credit(invoice_id: UUID, body: CreditBody, by: Agent, give: Give) -> Accepted:
    """Take back an invoice or a part of it, and refund what was paid."""
    amount = None
    if body.amount_minor is not None:
        if body.currency is None:
            raise Problem.bad_request("an amount needs its currency")
        amount = Money(amount_minor=body.amount_minor, currency=body.currency)
    command = commands.CreditInvoice(
        credit_note_id=uuid5(invoice_id, give.key), invoice_id=InvoiceId(invoice_id), amount=amount, reason=body.reason
    )
    return await give(command, invoice_id, by)
