"""Debits that wait are put together for the bank."""

from datetime import date
from uuid import UUID

from domain.billing.bank_days import is_bank_day
from domain.billing.debit import Debit
from domain.billing.debit_batch import Collection, DebitBatch
from domain.billing.debiting import miss_debit
from domain.billing.invoice import Invoice
from domain.billing.mandate import Mandate
from domain.billing.mandates import unknown_seller
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.messages import Command
from domain.kernel.money import Money
from domain.rulebook.legal_entity import LegalEntity
from domain.unit_of_work import Handler, UnitOfWork

MOST_IN_A_BATCH = 500


class MakeDebitBatch(Command):
    """Put debits together that wait for the bank. Those that wait no more are left out; of none there is no batch."""

    NAME = "billing.make_debit_batch"

    batch_id: UUID
    seller_id: str
    collection_on: date
    debit_ids: tuple[UUID, ...]


async def make_debit_batch(command: MakeDebitBatch, work: UnitOfWork) -> UUID | None:
    """Once per id, all or nothing, each debit in one batch only."""
    if await work.find(DebitBatch, command.batch_id) is not None:
        return command.batch_id
    seller = _seller(command, work)
    found = [await _collection(command, debit_id, work) for debit_id in command.debit_ids]
    collections = tuple(one for one in found if one is not None)
    if not collections:
        return None
    work.add(DebitBatch.make(command.batch_id, seller, command.collection_on, collections, work.now))
    return command.batch_id


def _seller(command: MakeDebitBatch, work: UnitOfWork) -> LegalEntity:
    try:
        seller = work.legal_entity(command.seller_id)
    except LookupError:
        raise unknown_seller(command.seller_id) from None
    found, values = [], {"collection_on": command.collection_on.isoformat()}
    if seller.creditor_id is None or seller.iban is None:
        detail = "write creditor_id and iban of the legal entity into the rulebook first"
        found.append(Violation(code="mandate.no_creditor", detail=detail, values={"seller_id": seller.id}))
    if not is_bank_day(command.collection_on):
        detail = "banks move no euro on that day: choose one on which TARGET is open"
        found.append(Violation(code="debit.no_bank_day", detail=detail, values=values))
    if command.collection_on <= work.now.date():
        detail = "the bank needs it at least one day before: choose a later day"
        found.append(Violation(code="debit.too_late", detail=detail, values=values))
    if not 0 < len(command.debit_ids) <= MOST_IN_A_BATCH:
        detail = f"put one to {MOST_IN_A_BATCH} debits into a batch"
        found.append(Violation(code="debit.too_many", detail=detail, values={"debits": len(command.debit_ids)}))
    refuse_if(found)
    return seller


async def _collection(command: MakeDebitBatch, debit_id: UUID, work: UnitOfWork) -> Collection | None:
    debit = await work.load(Debit, debit_id)
    fits = debit.seller_id == command.seller_id and debit.announced_for <= command.collection_on
    if debit.state != "requested" or not fits:
        return None
    invoice, mandate = await work.load(Invoice, debit.invoice_id), await work.load(Mandate, debit.mandate_id)
    amount, creditor_id = min(debit.amount, invoice.due), invoice.seller.creditor_id
    if amount <= Money.zero(amount.currency):
        debit.drop("paid", work.now)
        invoice.end_debit(debit.id, None, work.now)
        return None
    unused_months = work.rulebook.billing.debit.unused_months
    if unusable := mandate.unusable(creditor_id, command.collection_on, unused_months):
        debit.drop(unusable.code, work.now)
        invoice.end_debit(debit.id, unusable.code, work.now)
        await miss_debit(invoice, unusable.code, work)
        return None
    sequence = mandate.use(debit.id, command.collection_on, work.now)
    debit.batch(command.batch_id, sequence, amount, command.collection_on, work.now)
    return Collection(
        debit_id=debit.id,
        mandate_id=mandate.id,
        mandate_reference=mandate.reference,
        signed_on=mandate.signed_on,
        sequence=sequence,
        amount=amount,
        number=debit.number,
    )


BATCH_HANDLERS: dict[type[Command], Handler] = {MakeDebitBatch: make_debit_batch}
