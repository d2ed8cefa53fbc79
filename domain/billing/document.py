"""An invoice or a credit note as a paper says it: the facts that it was issued with, and none that came later.

So it is the same whenever it is asked for, until its buyer is no longer kept.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Any, Protocol
from uuid import UUID

from domain.billing.billed import BilledCharge
from domain.billing.buyers import Buyer
from domain.billing.credit_note import CreditNote
from domain.billing.invoice import Invoice
from domain.billing.number_range import Document as Kind
from domain.billing.taxes import TaxAmount, net_of
from domain.kernel.money import Money
from domain.kernel.values import Value
from domain.rulebook.legal_entity import LegalEntity
from domain.rulebook.model import Language
from domain.rulebook.tax import STANDARD


class DocumentLine(Value):
    """What was supplied, as the price list names it."""

    description: str
    """Empty for the only line of a credit note, which is worded in the language of the document."""
    quantity: Decimal
    unit: str
    unit_amount: Decimal | None
    amount: Money
    """As its price was shown: with the taxes that prices contain."""
    supplied_on: date | None = None
    """When, where others on the document were supplied at another time."""
    net: Money
    """Without any; those of all lines are the net of the document to the minor unit."""
    tax: str = STANDARD
    """Which taxes are on it; a line that bears several kinds stands once for each."""


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
    supplied_from: date
    """The first day, as `supplied_on` is the last."""
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

    def taxes_on(self, line: DocumentLine) -> list[TaxAmount]:
        """Those that are on a line."""
        return [tax for tax in self.taxes if line.tax in tax.on]


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
    several = len(invoice.charges) > 1
    lines = tuple(line for charge in invoice.charges for line in _lines(charge, dated=several))
    return Document(
        kind="invoice",
        number=invoice.number,
        language=language,
        issued_on=invoice.issued_on,
        supplied_from=invoice.supplied_from,
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


def _lines(charge: BilledCharge, *, dated: bool) -> Iterator[DocumentLine]:
    parts = [(line, kind, amount) for line in charge.lines for kind, amount in line.by_tax.items()]
    nets = nets_of([(kind, amount) for _, kind, amount in parts], charge.net, charge.taxes)
    for (line, kind, amount), net in zip(parts, nets, strict=True):
        yield DocumentLine(
            description=line.description or line.rule_id,
            quantity=line.quantity,
            unit=line.unit,
            unit_amount=line.unit_amount,
            amount=amount,
            supplied_on=charge.supplied_on if dated else None,
            net=net,
            tax=kind,
        )


def of_credit_note(note: CreditNote, invoice: Invoice, language: Language) -> Document:
    """A credit note as it was issued. Its buyer is the invoice's, kept for as long as the last of its notes."""
    return Document(
        kind="credit_note",
        number=note.number,
        language=language,
        issued_on=note.issued_on,
        supplied_from=invoice.supplied_from,
        supplied_on=invoice.supplied_on,
        credits=Credits(number=invoice.number, issued_on=invoice.issued_on),
        seller=note.seller,
        buyer=invoice.buyer,
        payer_id=note.payer_id,
        lines=tuple(_credited(note)),
        taxes=note.taxes,
        net=note.net,
        tax=note.tax,
        gross=note.gross,
    )


def _credited(note: CreditNote) -> Iterator[DocumentLine]:
    """What is taken back, under each tax by itself; as one where taxes are on each other, or none is on it."""
    currency = note.gross.currency
    apart = Money.total([tax.base for tax in note.taxes], currency) == note.net
    contained = Money.total([tax.amount for tax in note.taxes if tax.inclusive], currency)
    parts = [(tax.base, tax.amount if tax.inclusive else Money.zero(currency), tax.on[0]) for tax in note.taxes]
    for net, tax, kind in parts if apart and note.taxes else [(note.net, contained, STANDARD)]:
        if net or tax or len(parts) == 1:
            yield DocumentLine(
                description="", quantity=Decimal(1), unit="", unit_amount=None, amount=net + tax, net=net, tax=kind
            )


def nets_of(amounts: Sequence[tuple[str, Money]], net: Money, taxes: Sequence[TaxAmount]) -> list[Money]:
    """What each amount is without the taxes that it contains; with each stands which taxes are on it.

    Each is what the amounts so far under the same taxes are without, less what those before it are: no minor unit is
    lost to rounding.
    """
    groups: dict[tuple[int, ...], list[int]] = {}
    for place, (kind, _) in enumerate(amounts):
        bears = tuple(n for n, tax in enumerate(taxes) if tax.inclusive and kind in tax.on)
        groups.setdefault(bears, []).append(place)
    found = [net] * len(amounts)
    left = net.amount_minor
    for number, (bears, places) in enumerate(groups.items(), start=1):
        so_far = [*accumulate((amounts[place][1].amount_minor for place in places), initial=0)]
        ends = [net_of(minor, [taxes[n] for n in bears]) for minor in so_far]
        ends[-1] = _net_of_group(ends[-1], bears, groups, taxes) if number < len(groups) else left
        left -= ends[-1]
        for place, (start, end) in zip(places, pairwise(ends), strict=True):
            found[place] = Money.of(end - start, net.currency)
    return found


def _net_of_group(computed: int, bears: tuple[int, ...], groups: Iterable[tuple[int, ...]], taxes: Any) -> int:
    """As the tax says that is on this alone, which may have been rounded in another way."""
    for n in bears:
        if sum(n in others for others in groups) == 1:
            return int(taxes[n].base.amount_minor)
    return computed
