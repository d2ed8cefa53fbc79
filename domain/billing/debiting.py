"""Ordering a debit for an invoice: the steps that billing's handlers share."""

from datetime import datetime
from typing import NamedTuple

from domain.billing.bank_days import next_bank_day
from domain.billing.debit import Debit
from domain.billing.invoice import Invoice
from domain.billing.ladder import next_try
from domain.billing.mandate import Mandate
from domain.billing.payer import note_arrears
from domain.billing.return_reasons import after_return
from domain.kernel.ids import InvoiceId, derived_id
from domain.kernel.money import Money
from domain.unit_of_work import UnitOfWork


class Retry(NamedTuple):
    """How often the money of an invoice was asked for, and when it is asked for again; none when it is not."""

    tries: int
    retry_at: datetime | None


async def order_debit(invoice: Invoice, mandate: Mandate, amount: Money, work: UnitOfWork) -> None:
    """Announce a collection, for a day that is far enough; where the mandate is of no use, it has failed at once."""
    rules, city = work.rulebook.billing.debit, work.rulebook.city(invoice.city_id)
    debit_id = derived_id("billing.debit", invoice.id, invoice.tries)
    on = next_bank_day(city.local_day(work.now + rules.told_before))
    if unusable := mandate.unusable(invoice.seller.creditor_id, on, rules.unused_months):
        await miss_debit(invoice, unusable.code, work)
        return
    invoice.order_debit(debit_id, amount, work.now)
    debit = Debit.request(
        debit_id,
        payer_id=invoice.payer_id,
        invoice_id=InvoiceId(invoice.id),
        number=invoice.number,
        mandate_id=mandate.id,
        mandate_reference=mandate.reference,
        creditor_id=mandate.creditor_id,
        seller_id=invoice.seller.id,
        amount=amount,
        announced_for=on,
        at=work.now,
    )
    work.add(debit)


async def miss_debit(invoice: Invoice, reason: str, work: UnitOfWork) -> None:
    """There is nothing that it could be collected from: the payer is in arrears."""
    invoice.note_nothing_to_collect_from(reason, work.now)
    await note_arrears(invoice, work)


def retry_of(invoice: Invoice, reason: str, work: UnitOfWork) -> Retry:
    """How often its money was asked for, and when it is asked for again after a reason of the bank."""
    waits = work.rulebook.billing.debit.retry_after
    again = after_return(reason) == "again"
    return Retry(invoice.tries, next_try(waits, invoice.tries, work.now) if again else None)
