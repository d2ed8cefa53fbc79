"""What becomes of what was sold, or used, when its invoice is paid, fails or is credited."""

from uuid import UUID

from domain.billing.balance import Balance
from domain.billing.balance_entry import BalanceEntry
from domain.billing.invoice import Invoice
from domain.billing.product_facts import PRODUCT
from domain.kernel.ids import ChargeId, PayerId
from domain.unit_of_work import UnitOfWork


async def find_balance(payer_id: UUID, work: UnitOfWork) -> Balance | None:
    """What a payer has; none of whoever never had anything."""
    return await work.find(Balance, Balance.id_of(work.metadata.service, payer_id))


async def balance_of(payer_id: PayerId, work: UnitOfWork) -> Balance:
    """What a payer has, begun where there was nothing."""
    balance = await find_balance(payer_id, work)
    if balance is None:
        balance = Balance.open(work.metadata.service, payer_id, work.now)
        work.add(balance)
    return balance


async def note_whether_sold(invoice: Invoice, work: UnitOfWork, *, paid: bool) -> None:
    """What was sold may be used only while its price can be taken."""
    products = [charge.charge_id for charge in invoice.charges if charge.subject_kind == PRODUCT]
    balance = await find_balance(invoice.payer_id, work) if products else None
    if balance is not None:
        for entry in [entry for charge_id in products for entry in _of_charge(balance, charge_id)]:
            balance.note_payment(entry.entry_id, work.now, paid=paid)


async def take_back(payer_id: PayerId, charge_id: ChargeId, work: UnitOfWork) -> None:
    """All of a charge is credited: what it sold is gone, and what it used is there again."""
    balance = await find_balance(payer_id, work)
    if balance is not None:
        balance.give_back(charge_id, work.now)
        for entry in _of_charge(balance, charge_id):
            balance.end(entry.entry_id, "credited", work.now)


def _of_charge(balance: Balance, charge_id: ChargeId) -> list[BalanceEntry]:
    """The entry whose present period was sold by a charge."""
    return [entry for entry in balance.entries.values() if entry.sale and entry.sale.charge_id == charge_id]
