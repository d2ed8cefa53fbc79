"""Money that comes by bank transfer."""

from datetime import date

from domain.billing.invoice import Invoice
from domain.billing.transfer import Transfer
from domain.billing.transfers import AssignTransfer, RecordTransfer
from domain.kernel.ids import InvoiceId
from domain.kernel.money import Money

ACCOUNT = "DE02100100109307118603"
DAY = date(2026, 3, 5)


def transferred(invoice: Invoice, amount: Money | None = None, reference: str = "bank 1") -> RecordTransfer:
    """What is due, or so much, came to the seller's account."""
    amount = invoice.due if amount is None else amount
    return RecordTransfer(
        transfer_id=Transfer.id_of(ACCOUNT, reference, amount),
        seller_id=invoice.seller.id,
        reference=reference,
        amount=amount,
        value_on=DAY,
        invoice_id=InvoiceId(invoice.id),
    )


def assigned(invoice: Invoice, amount: Money, reference: str = "bank 1") -> AssignTransfer:
    """The same by the word of an agent."""
    facts = dict(transferred(invoice, amount, reference))
    return AssignTransfer(**facts, reason="he rang and told us")
