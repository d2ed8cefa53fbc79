"""What the events of a transfer share."""

from uuid import UUID

from domain.kernel.aggregate import Event
from domain.kernel.ids import InvoiceId, PayerId
from domain.kernel.money import Money
from domain.kernel.values import Value


class Agreed(Value):
    """Who decided which invoice a transfer is for; nobody did where the payer named it."""

    assigned_by: str | None = None
    """Id of an employee."""
    proposed_by: str | None = None
    """The first of two persons; none where one was enough."""
    four_eyes_above: Money | None = None
    """The limit then in force."""
    reason: str | None = None


class OfInvoice(Event):
    """Something becomes of all that came."""

    payer_id: PayerId
    invoice_id: InvoiceId
    number: str
    """Of the invoice."""
    amount: Money
    by_debit: bool
    """Whether we collected it; else its payer sent it."""


class OfRefund(Event):
    """Something becomes of what is to be given back."""

    payer_id: PayerId
    credit_note_id: UUID | None
    """None for what was too much."""
    number: str
    """Of the credit note, or of the invoice."""
    amount: Money
