"""A credit note: takes back an invoice, or a part of it, for a stated reason."""

from collections.abc import Callable
from datetime import date, datetime
from itertools import accumulate
from typing import ClassVar, NamedTuple
from uuid import UUID

from domain.billing.commands import CreditInvoice
from domain.billing.invoice import CreditProposal, Invoice
from domain.billing.taxes import TaxAmount, Taxed
from domain.kernel.aggregate import Aggregate, Created
from domain.kernel.approval import Proposal, is_seconded, needs_two
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.ids import InvoiceId, PayerId
from domain.kernel.money import Money
from domain.kernel.personal import Personal
from domain.rulebook.legal_entity import LegalEntity


class CreditNote(Aggregate):
    """Issued once, never changed. Its taxes are those of the invoice, in proportion."""

    TOPIC = "billing.credit_note"

    number: str
    invoice_id: InvoiceId
    invoice_number: str
    payer_id: PayerId
    seller: LegalEntity
    issued_on: date
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
        credited: Taxed,
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
            **dict(credited),
        )


class Agreement(NamedTuple):
    """Whether enough persons want the same taken back, and the id of the note."""

    note_id: UUID
    is_agreed: bool
    proposed_by: str | None = None
    """The first of two persons; none where one was enough."""


def check_creditable(invoice: Invoice, amount: Money, reason: str) -> None:
    """Raise `RefusedError` for an amount that the invoice does not allow to be credited, or without a reason."""
    values = {"invoice": invoice.number, "amount": str(amount), "uncredited": str(invoice.uncredited)}
    found = [] if reason.strip() else [Violation(code="credit_note.without_reason", detail="say why it is credited")]
    if amount.currency is not invoice.gross.currency:
        detail = f"credit in {invoice.gross.currency}, the currency of the invoice"
        found.append(Violation(code="credit_note.other_currency", detail=detail, values=values))
    elif amount.amount_minor <= 0 or amount > invoice.uncredited:
        detail = f"credit more than nothing and at most {invoice.uncredited}"
        found.append(Violation(code="credit_note.amount_out_of_range", detail=detail, values=values))
    refuse_if(found)


def agreed(
    invoice: Invoice, amount: Money, command: CreditInvoice, *, by: str, four_eyes_above: Money | None, at: datetime
) -> Agreement:
    """Whether an invoice may be credited now; a first person's wish above the limit is put on it as a proposal.

    What was credited before counts too: many small notes are one large one.
    """
    before = invoice.gross - invoice.uncredited
    if four_eyes_above is None or not needs_two(before + amount, four_eyes_above):
        return Agreement(command.credit_note_id, is_agreed=True)
    first, content = invoice.credit_proposal, f"credit {amount}"
    if is_seconded(first.proposal if first else None, content, by) and first:
        return Agreement(first.credit_note_id, is_agreed=True, proposed_by=first.proposal.proposed_by)
    credit = CreditProposal(
        credit_note_id=command.credit_note_id,
        amount=amount,
        proposal=Proposal(content=content, proposed_by=by, proposed_at=at),
    )
    invoice.propose_credit(credit, command.reason, four_eyes_above, at)
    return Agreement(command.credit_note_id, is_agreed=False)


def proportion(invoice: Invoice, gross: Money) -> Taxed:
    """Net and taxes of the next part of an invoice to be credited; all parts together are exactly the invoice."""
    before = invoice.gross - invoice.uncredited

    def up_to(share: Money, of: Money) -> Money:
        return Money.rounded(of.major * share.amount_minor / invoice.gross.amount_minor, gross.currency)

    def part(of: Money) -> Money:
        return up_to(before + gross, of) - up_to(before, of)

    amounts = [part(t.amount) for t in invoice.taxes]
    tax = Money.total(amounts, gross.currency)
    bases = _bases(invoice, gross - tax, amounts, part)
    taxes = tuple(
        t.model_copy(update={"base": base, "amount": amount})
        for t, base, amount in zip(invoice.taxes, bases, amounts, strict=True)
    )
    return Taxed(net=gross - tax, tax=tax, gross=gross, taxes=taxes)


def _bases(invoice: Invoice, net: Money, amounts: list[Money], part: Callable[[Money], Money]) -> list[Money]:
    """What each tax of a part is on: together its net, each its net, or a part of it with the taxes before it."""
    if not amounts:
        return []
    bases, currency = [tax.base for tax in invoice.taxes], net.currency
    if Money.total(bases, currency) == invoice.net:
        parts = [part(base) for base in bases[:-1]]
        return [*parts, net - Money.total(parts, currency)]
    least = bases[0]
    taxed = net - part(invoice.net - least)
    before = accumulate(amounts, initial=Money.zero(currency))
    sums = accumulate((tax.amount for tax in invoice.taxes), initial=Money.zero(currency))
    together = zip(bases, before, sums, strict=False)
    return [taxed if b == least else taxed + own if b == least + whole else part(b) for b, own, whole in together]
