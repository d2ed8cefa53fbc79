"""Debits as the bank tells of them: rejected, booked, and taken back."""

from datetime import date
from uuid import UUID

from domain.billing.debit import Debit
from domain.billing.debiting import retry_of
from domain.billing.invoice import Invoice
from domain.billing.mandate import Mandate
from domain.billing.mandates import end_mandate
from domain.billing.payer import note_arrears
from domain.billing.penalty import charge_penalty
from domain.billing.return_reasons import after_return
from domain.billing.transfer import Transfer
from domain.billing.transfer_event_bases import Agreed
from domain.billing.transfers import lose, receive
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.messages import Command
from domain.kernel.money import Money
from domain.unit_of_work import Handler, UnitOfWork


class RejectDebit(Command):
    """The bank has refused a debit before any money moved. Twice changes nothing."""

    NAME = "billing.reject_debit"

    debit_id: UUID
    reason: str
    """The bank's code."""


class RecordDebitBooked(Command):
    """The bank has booked the money of a debit. Twice changes nothing."""

    NAME = "billing.record_debit_booked"

    debit_id: UUID
    reference: str
    value_on: date


class ReturnDebit(Command):
    """The bank has taken the money of a debit back. The same again changes nothing."""

    NAME = "billing.return_debit"

    debit_id: UUID
    reason: str
    reference: str
    value_on: date
    bank_fee: Money
    """What the bank took for it besides."""


async def reject_debit(command: RejectDebit, work: UnitOfWork) -> None:
    """Its invoice is still open."""
    debit = await work.load(Debit, command.debit_id)
    if debit.state == "rejected":
        return
    refuse_if([_not_at_the_bank(debit)])
    invoice, mandate = await work.load(Invoice, debit.invoice_id), await work.load(Mandate, debit.mandate_id)
    debit.reject(command.reason, *retry_of(invoice, command.reason, work), work.now)
    mandate.fail_first_use(debit.id, work.now)
    invoice.end_debit(debit.id, command.reason, work.now)
    await note_arrears(invoice, work)
    await _follow_failure(debit, mandate, invoice, command.reason, work)


async def record_debit_booked(command: RecordDebitBooked, work: UnitOfWork) -> None:
    """Like a transfer that came for its invoice. What came back before is even with it."""
    debit = await work.load(Debit, command.debit_id)
    if debit.booked is not None:
        return
    refuse_if([None if debit.state == "returned" else _not_at_the_bank(debit)])
    debit.book(command.reference, command.value_on, work.now)
    if debit.state == "returned":
        return
    invoice = await work.load(Invoice, debit.invoice_id)
    transfer = Transfer.report(
        debit.transfer_id,
        seller_id=debit.seller_id,
        reference=command.reference,
        amount=debit.amount,
        value_on=command.value_on,
        debit_id=debit.id,
        at=work.now,
    )
    work.add(transfer)
    invoice.end_debit(debit.id, None, work.now)
    await receive(transfer, invoice, Agreed(), work)


async def return_debit(command: ReturnDebit, work: UnitOfWork) -> None:
    """Its invoice is open again, or still; by the reason, the mandate ends and the payer pays a fee."""
    debit = await work.load(Debit, command.debit_id)
    if debit.state == "returned":
        refuse_if([_returned_already(debit, command.reference) if debit.returned != command.reference else None])
        return
    refuse_if([None if debit.state == "collected" else _not_at_the_bank(debit)])
    invoice, mandate = await work.load(Invoice, debit.invoice_id), await work.load(Mandate, debit.mandate_id)
    debit.give_back(
        command.reason,
        *retry_of(invoice, command.reason, work),
        reference=command.reference,
        value_on=command.value_on,
        bank_fee=command.bank_fee,
        at=work.now,
    )
    if debit.booked is None:
        invoice.end_debit(debit.id, command.reason, work.now)
        await note_arrears(invoice, work)
    else:
        transfer = await work.load(Transfer, debit.transfer_id)
        await lose(transfer, invoice, command.reference, command.value_on, work)
    await _follow_failure(debit, mandate, invoice, command.reason, work)


async def _follow_failure(debit: Debit, mandate: Mandate, invoice: Invoice, reason: str, work: UnitOfWork) -> None:
    """By the bank's reason: whether the mandate ends, and what its payer is charged for it."""
    if after_return(reason) == "mandate_ends":
        await end_mandate(mandate, reason, work)
    await charge_penalty(invoice, work.rulebook.billing.debit.return_fee, f"debit {debit.id}", work)


def _not_at_the_bank(debit: Debit) -> Violation | None:
    if debit.state == "in_collection":
        return None
    detail = f"the debit is {debit.state}, and not at the bank: look at it again"
    return Violation(code="debit.not_in_collection", detail=detail, values={"debit_id": str(debit.id)})


def _returned_already(debit: Debit, reference: str) -> Violation:
    detail = "it came back already under another reference: ask the bank about this one"
    return Violation(code="debit.returned_already", detail=detail, values={"known": debit.returned, "new": reference})


DEBIT_HANDLERS: dict[type[Command], Handler] = {
    RejectDebit: reject_debit,
    RecordDebitBooked: record_debit_booked,
    ReturnDebit: return_debit,
}
