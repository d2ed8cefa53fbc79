"""A credit note: takes back an invoice, or a part of it, for a stated reason."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import ClassVar, NamedTuple
from uuid import UUID

from domain.billing.billed import BilledCharge, CreditedCharge, summed
from domain.billing.commands import CreditInvoice
from domain.billing.invoice import CreditProposal, Invoice
from domain.billing.taxes import TaxAmount
from domain.kernel.aggregate import Aggregate, Created
from domain.kernel.approval import Proposal, is_seconded, needs_two
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.ids import InvoiceId, PayerId
from domain.kernel.money import Money
from domain.kernel.personal import Personal
from domain.rulebook.legal_entity import LegalEntity


class CreditNote(Aggregate):
    """Issued once, never changed. Its taxes are those of the charges that it is on, in proportion."""

    TOPIC = "billing.credit_note"

    number: str
    invoice_id: InvoiceId
    invoice_number: str
    payer_id: PayerId
    seller: LegalEntity
    issued_on: date
    charges: tuple[CreditedCharge, ...]
    taxes: tuple[TaxAmount, ...]
    net: Money
    tax: Money
    gross: Money
    issued_by: str
    proposed_by: str | None
    four_eyes_above: Money | None

    class Issued(Created):
        TOPIC = "billing.credit_note.issued"
        subject: ClassVar[str] = "payer_id"

        number: str
        invoice_id: InvoiceId
        invoice_number: str
        payer_id: PayerId
        seller: LegalEntity
        issued_on: date
        charges: tuple[CreditedCharge, ...]
        """What it takes back of which charge."""
        taxes: tuple[TaxAmount, ...]
        net: Money
        tax: Money
        gross: Money
        reason: Personal[str]
        issued_by: str
        """Id of whoever decided it, as `proposed_by`."""
        proposed_by: str | None
        """The first of two persons; none where one was enough."""
        four_eyes_above: Money | None
        """The limit then in force."""

    @classmethod
    def issue(
        cls,
        note_id: UUID,
        *,
        invoice: Invoice,
        number: str,
        charges: tuple[CreditedCharge, ...],
        issued_on: date,
        reason: str,
        issued_by: str,
        proposed_by: str | None,
        four_eyes_above: Money | None,
        at: datetime,
    ) -> "CreditNote":
        """Credit a part of an invoice, or all of it."""
        return cls.begin(
            cls.Issued,
            id=note_id,
            timestamp=at,
            number=number,
            invoice_id=InvoiceId(invoice.id),
            invoice_number=invoice.number,
            payer_id=invoice.payer_id,
            seller=invoice.seller,
            issued_on=issued_on,
            reason=reason,
            issued_by=issued_by,
            proposed_by=proposed_by,
            four_eyes_above=four_eyes_above,
            charges=charges,
            **dict(summed(charges)),
        )


class Agreement(NamedTuple):
    """Whether enough persons want the same taken back, and the id of the note."""

    note_id: UUID
    is_agreed: bool
    proposed_by: str | None = None
    """The first of two persons; none where one was enough."""


def creditable(invoice: Invoice, charge_id: UUID | None) -> Money:
    """What could still be taken back: of one charge, or of all."""
    left = [charge.gross - invoice.credited_in(charge.charge_id) for charge in _meant(invoice, charge_id)]
    return Money.total(left, invoice.gross.currency)


def check_creditable(invoice: Invoice, charge_id: UUID | None, amount: Money, reason: str) -> None:
    """Raise `RefusedError` for an amount that the invoice does not allow to be credited, or without a reason."""
    refuse_if([*_uncreditable(invoice, charge_id, amount, reason)])


def credited(invoice: Invoice, charge_id: UUID | None, amount: Money) -> tuple[CreditedCharge, ...]:
    """What is taken back of which charge: `amount` of one, or all that is left of all of them."""
    charges, parts = _meant(invoice, charge_id), list[CreditedCharge]()
    for charge in charges:
        before = invoice.credited_in(charge.charge_id)
        part = amount if len(charges) == 1 else charge.gross - before
        parts += [CreditedCharge.of(charge, before, part)] if part else []
    return tuple(parts)


def _meant(invoice: Invoice, charge_id: UUID | None) -> list[BilledCharge]:
    return [charge for charge in invoice.charges if charge_id in {None, charge.charge_id}]


def _uncreditable(invoice: Invoice, charge_id: UUID | None, amount: Money, reason: str) -> Iterator[Violation]:
    charges, left = _meant(invoice, charge_id), creditable(invoice, charge_id)
    values = {"invoice": invoice.number, "amount": str(amount), "uncredited": str(left)}
    if not reason.strip():
        yield Violation(code="credit_note.without_reason", detail="say why it is credited")
    if not charges:
        detail = "the invoice has no such charge: take one that stands on it"
        yield Violation(code="credit_note.unknown_charge", detail=detail, values={"charge_id": str(charge_id)})
    elif amount.currency is not invoice.gross.currency:
        detail = f"credit in {invoice.gross.currency}, the currency of the invoice"
        yield Violation(code="credit_note.other_currency", detail=detail, values=values)
    elif amount.amount_minor <= 0 or amount > left:
        detail = f"credit more than nothing and at most {left}"
        yield Violation(code="credit_note.amount_out_of_range", detail=detail, values=values)
    elif len(charges) > 1 and amount != left:
        detail = "the invoice has several charges: say of which one, or take back all that is left of it"
        yield Violation(code="credit_note.which_charge", detail=detail, values=values)


def agreed(
    invoice: Invoice, amount: Money, command: CreditInvoice, *, by: str, four_eyes_above: Money | None, at: datetime
) -> Agreement:
    """Whether an invoice may be credited now; a first person's wish above the limit is put on it as a proposal.

    What was credited before counts too: many small notes are one large one.
    """
    before = invoice.gross - invoice.uncredited
    if four_eyes_above is None or not needs_two(before + amount, four_eyes_above):
        return Agreement(command.credit_note_id, is_agreed=True)
    first, of_charge = invoice.credit_proposal, f" of charge {command.charge_id}" if command.charge_id else ""
    content = f"credit {amount}{of_charge}"
    if is_seconded(first.proposal if first else None, content, by) and first:
        return Agreement(first.credit_note_id, is_agreed=True, proposed_by=first.proposal.proposed_by)
    credit = CreditProposal(
        credit_note_id=command.credit_note_id,
        charge_id=command.charge_id,
        amount=amount,
        proposal=Proposal(content=content, proposed_by=by, proposed_at=at),
    )
    invoice.propose_credit(credit, command.reason, four_eyes_above, at)
    return Agreement(command.credit_note_id, is_agreed=False)
