"""An invoice or a credit note as a paper says it: the facts that it was issued with, and none that came later.

So it is the same whenever it is asked for, until its buyer is no longer kept.
"""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Protocol
from uuid import UUID

from domain.billing.buyers import Buyer
from domain.billing.credit_note import CreditNote
from domain.billing.invoice import Invoice
from domain.billing.number_range import Document as Kind
from domain.billing.pricing.parts import rounded
from domain.billing.taxes import TaxAmount
from domain.kernel.money import Money
from domain.kernel.values import Value
from domain.rulebook.legal_entity import LegalEntity
from domain.rulebook.model import Language


class DocumentLine(Value):
    """What was supplied, as the price list names it."""

    description: str
    """Empty for the only line of a credit note, which is worded in the language of the document."""
    quantity: Decimal
    unit: str
    unit_amount: Decimal | None
    amount: Money
    """As its price was shown: with the taxes that prices contain."""
    net: Money
    """Without any; those of all lines are the net of the document to the minor unit."""


class Credits(Value):
    """The invoice that a credit note takes back, or takes a part of."""

    number: str
    issued_on: date


class Document(Value):
    """All that stands on it."""

    kind: Kind
    number: str
    language: Language
    issued_on: date
    supplied_on: date
    credits: Credits | None = None
    seller: LegalEntity
    buyer: Buyer | None
    """None once it is no longer kept."""
    payer_id: UUID
    lines: tuple[DocumentLine, ...]
    taxes: tuple[TaxAmount, ...]
    net: Money
    tax: Money
    gross: Money


class Documents(Protocol):
    """Writes documents. Both raise `RefusedError` for one that cannot be written so, with what is missing."""

    async def pdf(self, document: Document, /) -> bytes:
        """For people, PDF/A-3a and PDF/UA-1; with the Factur-X inside where there can be one."""
        ...

    async def factur_x(self, document: Document, /) -> bytes:
        """For programs: EN 16931 in the syntax CII."""
        ...

    async def x_rechnung(self, document: Document, /, *, buyer_email: str | None) -> bytes:
        """For German authorities: the same with what they ask for besides, such as where the buyer is reached."""
        ...


def of_invoice(invoice: Invoice, language: Language) -> Document:
    """An invoice as it was issued."""
    amounts = [line.amount for line in invoice.lines]
    lines = tuple(
        DocumentLine(
            description=line.description or line.rule_id,
            quantity=line.quantity,
            unit=line.unit,
            unit_amount=line.unit_amount,
            amount=line.amount,
            net=net,
        )
        for line, net in zip(invoice.lines, _nets(amounts, invoice.net, invoice.taxes), strict=True)
    )
    return Document(
        kind="invoice",
        number=invoice.number,
        language=language,
        issued_on=invoice.issued_on,
        supplied_on=invoice.supplied_on,
        seller=invoice.seller,
        buyer=invoice.buyer,
        payer_id=invoice.payer_id,
        lines=lines,
        taxes=invoice.taxes,
        net=invoice.net,
        tax=invoice.tax,
        gross=invoice.gross,
    )


def of_credit_note(note: CreditNote, invoice: Invoice, language: Language) -> Document:
    """A credit note as it was issued. Its buyer is the invoice's, kept for as long as the last of its notes."""
    line = DocumentLine(
        description="", quantity=Decimal(1), unit="", unit_amount=None, amount=_shown(note), net=note.net
    )
    return Document(
        kind="credit_note",
        number=note.number,
        language=language,
        issued_on=note.issued_on,
        supplied_on=invoice.supplied_on,
        credits=Credits(number=invoice.number, issued_on=invoice.issued_on),
        seller=note.seller,
        buyer=invoice.buyer,
        payer_id=note.payer_id,
        lines=(line,),
        taxes=note.taxes,
        net=note.net,
        tax=note.tax,
        gross=note.gross,
    )


def _shown(note: CreditNote) -> Money:
    """What the note takes back of what the invoice's lines came to: its net, with the taxes that prices contain."""
    return note.net + Money.total([tax.amount for tax in note.taxes if tax.inclusive], note.gross.currency)


def _nets(amounts: list[Money], net: Money, taxes: tuple[TaxAmount, ...]) -> list[Money]:
    """What each amount is without the taxes that it contains.

    Each is what the amounts so far are without, less what those before it are: no minor unit is lost to rounding.
    """
    with_taxes = 1 + Fraction(sum(tax.rate for tax in taxes if tax.inclusive))
    so_far = accumulate(amount.amount_minor for amount in amounts)
    ends = [0, *(_rounded(minor / with_taxes) for minor in so_far)]
    ends[-1] = net.amount_minor
    return [Money.of(end - start, net.currency) for start, end in pairwise(ends)]


def _rounded(minor: Fraction) -> int:
    return rounded(minor.numerator, minor.denominator)
