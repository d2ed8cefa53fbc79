"""The invoice of what was supplied: a trip, a reservation, whatever is charged for."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from domain.billing.pricing import Price, PriceLine
from domain.billing.taxes import TaxAmount, Taxed
from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.ids import InvoiceId, MemberId, PayerId, PaymentId, derived_id
from domain.kernel.money import Money
from domain.rulebook.model import LegalEntity

State = Literal["open", "in_review", "paid", "credited"]


class Invoice(Aggregate):
    """issued: open | in_review -> open -> paid -> credited. Never changed: what is wrong is credited."""

    TOPIC = "billing.invoice"

    number: str
    subject_kind: str
    subject_id: UUID
    member_id: MemberId
    payer_id: PayerId
    payment_id: PaymentId
    city_id: str
    seller: LegalEntity
    issued_on: date
    supplied_on: date
    lines: tuple[PriceLine, ...]
    taxes: tuple[TaxAmount, ...]
    net: Money
    tax: Money
    gross: Money
    state: State = "open"
    paid: Money | None = None
    """What was received and not refunded."""
    credited: Money | None = None
    payment_ids: tuple[PaymentId, ...] = ()
    pending: tuple[PaymentId, ...] = ()
    """Payments that the provider has not yet answered."""

    class Issued(Created):
        TOPIC = "billing.invoice.issued"

        number: str
        subject_kind: str
        """Topic of the aggregate that is charged for, e.g. `rental.trip`."""
        subject_id: UUID
        member_id: MemberId
        """Who had it."""
        payer_id: PayerId
        payment_id: PaymentId
        city_id: str
        """Where it was supplied: its taxes apply, and its days."""
        seller: LegalEntity
        issued_on: date
        """The local day, as is `supplied_on`."""
        supplied_on: date
        """The day on which what is charged for ended; its taxes apply."""
        lines: tuple[PriceLine, ...]
        taxes: tuple[TaxAmount, ...]
        net: Money
        tax: Money
        gross: Money

    class ReviewRequired(Event):
        """The charge is hard to believe: nobody is charged until an agent approves it."""

        TOPIC = "billing.invoice.review_required"

        payer_id: PayerId
        number: str
        reasons: tuple[Violation, ...]

        def apply(self, aggregate: "Invoice") -> None:
            aggregate.state = "in_review"

    class ChargeApproved(Event):
        TOPIC = "billing.invoice.charge_approved"

        approved_by: str
        reason: str

        def apply(self, aggregate: "Invoice") -> None:
            aggregate.state = "open"

    class PaymentRequested(Event):
        """Money is being taken for this invoice, from a hold or anew."""

        TOPIC = "billing.invoice.payment_requested"

        payment_id: PaymentId
        amount: Money

        def apply(self, aggregate: "Invoice") -> None:
            aggregate.payment_ids = (*aggregate.payment_ids, self.payment_id)
            aggregate.pending = (*aggregate.pending, self.payment_id)

    class PartlyPaid(Event):
        TOPIC = "billing.invoice.partly_paid"

        payer_id: PayerId
        number: str
        payment_id: PaymentId
        amount: Money
        paid: Money
        """All that was received so far."""

        def apply(self, aggregate: "Invoice") -> None:
            aggregate.paid = self.paid
            aggregate.pending = tuple(p for p in aggregate.pending if p != self.payment_id)

    class Paid(Event):
        TOPIC = "billing.invoice.paid"

        payer_id: PayerId
        number: str
        amount: Money
        """All that was received."""

        def apply(self, aggregate: "Invoice") -> None:
            aggregate.state, aggregate.paid, aggregate.pending = "paid", self.amount, ()

    class PaymentFailed(Event):
        TOPIC = "billing.invoice.payment_failed"

        payer_id: PayerId
        number: str
        payment_id: PaymentId
        amount: Money
        decline_code: str

        def apply(self, aggregate: "Invoice") -> None:
            aggregate.pending = tuple(p for p in aggregate.pending if p != self.payment_id)

    class Credited(Event):
        TOPIC = "billing.invoice.credited"

        credit_note_id: UUID
        amount: Money
        credited: Money
        """All credit notes on this invoice together."""
        refund: Money
        """What was paid and is no longer owed."""

        def apply(self, aggregate: "Invoice") -> None:
            aggregate.credited = self.credited
            aggregate.paid = None if aggregate.paid is None else aggregate.paid - self.refund
            if not aggregate.uncredited:
                aggregate.state = "credited"
            elif not aggregate.due:
                aggregate.state = "paid"

    @staticmethod
    def id_of(subject_kind: str, subject_id: UUID) -> InvoiceId:
        """What is charged for has one invoice, whoever asks for it how often."""
        return InvoiceId(derived_id("billing.invoice", subject_kind, subject_id))

    @classmethod
    def issue(
        cls,
        *,
        number: str,
        subject_kind: str,
        subject_id: UUID,
        member_id: MemberId,
        payer_id: PayerId,
        payment_id: PaymentId,
        city_id: str,
        seller: LegalEntity,
        issued_on: date,
        supplied_on: date,
        price: Price,
        taxed: Taxed,
        at: datetime,
    ) -> "Invoice":
        """Issue the invoice of a charge."""
        return cls.begin(
            cls.Issued,
            id=cls.id_of(subject_kind, subject_id),
            timestamp=at,
            number=number,
            subject_kind=subject_kind,
            subject_id=subject_id,
            member_id=member_id,
            payer_id=payer_id,
            payment_id=payment_id,
            city_id=city_id,
            seller=seller,
            issued_on=issued_on,
            supplied_on=supplied_on,
            lines=price.lines,
            **dict(taxed),
        )

    @property
    def uncredited(self) -> Money:
        """What could still be credited."""
        return self.gross if self.credited is None else self.gross - self.credited

    @property
    def due(self) -> Money:
        """What is still to be paid."""
        return self.uncredited if self.paid is None else self.uncredited - self.paid

    def require_review(self, reasons: tuple[Violation, ...], at: datetime) -> None:
        """Hold the charge back until an agent approves it."""
        facts = {"payer_id": self.payer_id, "number": self.number, "reasons": reasons}
        self.trigger_event(self.ReviewRequired, timestamp=at, **facts)

    def approve_charge(self, approved_by: str, reason: str, at: datetime) -> None:
        """An agent has looked at the facts and finds them right."""
        self._expect("in_review", code="invoice.not_in_review")
        self.trigger_event(self.ChargeApproved, timestamp=at, approved_by=approved_by, reason=reason)

    def expect_open(self) -> None:
        """Raise `RefusedError` unless the invoice waits for money and no payment is under way."""
        self._expect("open", code="invoice.not_open")
        self.expect_no_payment_under_way()

    def expect_no_payment_under_way(self) -> None:
        """Raise `RefusedError` while the provider has yet to answer."""
        if self.pending:
            detail = "wait for the payment provider's answer, then ask again"
            refuse_if([Violation(code="invoice.payment_under_way", detail=detail, values={"invoice": self.number})])

    def request_payment(self, payment_id: PaymentId, amount: Money, at: datetime) -> None:
        """Money is being taken by a payment."""
        self.trigger_event(self.PaymentRequested, timestamp=at, payment_id=payment_id, amount=amount)

    def settle(self, at: datetime) -> None:
        """There is nothing to pay."""
        facts = {"payer_id": self.payer_id, "number": self.number, "amount": Money.zero(self.gross.currency)}
        self.trigger_event(self.Paid, timestamp=at, **facts)

    def receive(self, payment_id: PaymentId, amount: Money, at: datetime) -> None:
        """A payment has come in: the invoice is paid, or a part of it. The same payment again changes nothing."""
        if payment_id not in self.pending:
            return
        paid = amount if self.paid is None else self.paid + amount
        facts = {"payer_id": self.payer_id, "number": self.number}
        if paid < self.uncredited:
            self.trigger_event(self.PartlyPaid, timestamp=at, payment_id=payment_id, amount=amount, paid=paid, **facts)
        else:
            self.trigger_event(self.Paid, timestamp=at, amount=paid, **facts)

    def record_payment_failure(self, payment_id: PaymentId, amount: Money, decline_code: str, at: datetime) -> None:
        """The money could not be taken; the invoice stays open."""
        if payment_id in self.pending:
            facts = {"payer_id": self.payer_id, "number": self.number, "payment_id": payment_id}
            self.trigger_event(self.PaymentFailed, timestamp=at, amount=amount, decline_code=decline_code, **facts)

    def credit(self, credit_note_id: UUID, amount: Money, at: datetime) -> Money:
        """Take back a part of the invoice, or all of it. Returns what must be refunded."""
        credited = amount if self.credited is None else self.credited + amount
        zero = Money.zero(amount.currency)
        refund = max(zero, (self.paid or zero) - (self.gross - credited))
        facts = {"credit_note_id": credit_note_id, "amount": amount, "credited": credited, "refund": refund}
        self.trigger_event(self.Credited, timestamp=at, **facts)
        return refund

    def _expect(self, state: State, *, code: str) -> None:
        if self.state != state:
            values = {"invoice": self.number, "state": self.state}
            refuse_if([Violation(code=code, detail=f"the invoice is {self.state}, not {state}", values=values)])
