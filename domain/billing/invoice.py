"""The invoice of what was supplied: a trip, a reservation, whatever is charged for, or all of a month."""

from collections.abc import Sequence
from dataclasses import field
from datetime import date, datetime, timedelta
from typing import ClassVar, Literal
from uuid import UUID

from domain.billing.billed import BilledCharge, CreditedCharge, summed
from domain.billing.buyers import Buyer
from domain.billing.ladder import next_try
from domain.billing.pricing import PriceLine
from domain.billing.taxes import TaxAmount
from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.approval import Proposal
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.ids import ChargeId, InvoiceId, MemberId, PayerId, PaymentId, derived_id
from domain.kernel.money import Money
from domain.kernel.personal import Personal
from domain.kernel.values import Count, Instant, Value
from domain.rulebook.legal_entity import LegalEntity

State = Literal["open", "paid", "credited"]


class CreditProposal(Value):
    """What one person would take back; `credit_note_id` is the note's if another decides the same."""

    credit_note_id: UUID
    charge_id: ChargeId | None
    """Of which charge alone."""
    amount: Money
    proposal: Proposal


class Invoice(Aggregate):
    """issued: open -> paid -> credited. Never changed: what is wrong is credited."""

    TOPIC = "billing.invoice"

    charges: tuple[BilledCharge, ...]
    number: str
    subject_kind: str
    subject_id: UUID
    member_id: MemberId | None
    payer_id: PayerId
    payment_id: PaymentId | None
    city_id: str
    seller: LegalEntity
    buyers_id: UUID
    buyer: Personal[Buyer]
    issued_on: date
    supplied_from: date
    supplied_on: date
    taxes: tuple[TaxAmount, ...]
    net: Money
    tax: Money
    gross: Money
    state: State = "open"
    paid: Money | None = None
    """What was received and not refunded."""
    credited: Money | None = None
    credited_of: dict[UUID, Money] = field(default_factory=dict)
    """The same by charge."""
    payment_ids: tuple[PaymentId, ...] = ()
    pending: tuple[PaymentId, ...] = ()
    """Payments that the provider has not yet answered."""
    tries: int = 0
    """How often its money was asked for; what is asked of several payments at once is one try."""
    payment_failed: bool = False
    """Whether any try did, or the bank took a transfer back."""
    transfer_ids: tuple[UUID, ...] = ()
    """By which money came, or too much of it."""
    debit_id: UUID | None = None
    """Of the debit that is announced or on its way."""
    credit_proposal: CreditProposal | None = None

    class Issued(Created):
        TOPIC = "billing.invoice.issued"
        subject: ClassVar[str] = "buyers_id"

        charges: tuple[BilledCharge, ...]
        """All of one payer and one seller, in one currency."""
        number: str
        subject_kind: str
        """Topic of the aggregate that is charged for, e.g. `rental.trip`; `billing.invoice` where there are several."""
        subject_id: UUID
        """The invoice itself where there are several."""
        member_id: MemberId | None
        """Who had it; none where several had."""
        payer_id: PayerId
        payment_id: PaymentId | None
        """The hold of its only charge."""
        city_id: str
        """Where it was supplied, of several the first: its days count, and its language."""
        seller: LegalEntity
        buyers_id: UUID
        """Of the kept buyers among whom this one is: their key."""
        buyer: Personal[Buyer]
        """As known when it was issued."""
        issued_on: date
        """The local day, as are the next two."""
        supplied_from: date
        """The first day on which something that is charged for ended."""
        supplied_on: date
        """The last such day."""
        taxes: tuple[TaxAmount, ...]
        """Those of its charges, added up."""
        net: Money
        tax: Money
        gross: Money

        @property
        def lines(self) -> tuple[PriceLine, ...]:
            """Of all its charges."""
            return tuple(line for charge in self.charges for line in charge.lines)

    class PaymentRequested(Event):
        """Money is being taken for this invoice, from a hold or anew."""

        TOPIC = "billing.invoice.payment_requested"

        payment_id: PaymentId
        amount: Money

        def apply(self, aggregate: "Invoice") -> None:
            aggregate.tries += not aggregate.pending
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
        tries: Count
        """How many there were so far."""
        retry_at: Instant | None
        """When the rest is tried again, where what was asked for it has failed."""

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
        tries: Count
        """How many there were so far."""
        retry_at: Instant | None
        """When it is tried again; none when that is left to the payer and the agents."""

        def apply(self, aggregate: "Invoice") -> None:
            aggregate.payment_failed = True
            aggregate.pending = tuple(p for p in aggregate.pending if p != self.payment_id)

    class TransferReceived(Event):
        """Money came by bank transfer."""

        TOPIC = "billing.invoice.transfer_received"

        payer_id: PayerId
        number: str
        transfer_id: UUID
        amount: Money
        """What of it counts: nothing where nothing was open."""
        paid: Money
        """All that was received so far."""

        def apply(self, aggregate: "Invoice") -> None:
            aggregate.paid, aggregate.transfer_ids = self.paid, (*aggregate.transfer_ids, self.transfer_id)

    class TransferTakenBack(Event):
        """The bank has taken a transfer back: the invoice is open again."""

        TOPIC = "billing.invoice.transfer_taken_back"

        payer_id: PayerId
        number: str
        transfer_id: UUID
        amount: Money
        """What counts no more, and what was given back of the transfer already."""
        paid: Money
        """What is left; below zero when more was given back than is left."""

        def apply(self, aggregate: "Invoice") -> None:
            aggregate.paid = self.paid
            if aggregate.due.amount_minor > 0:
                aggregate.state, aggregate.payment_failed = "open", True

    class DebitOrdered(Event):
        """The money is to be collected from the payer's bank account."""

        TOPIC = "billing.invoice.debit_ordered"

        debit_id: UUID
        amount: Money

        def apply(self, aggregate: "Invoice") -> None:
            aggregate.debit_id, aggregate.tries = self.debit_id, aggregate.tries + 1

    class DebitEnded(Event):
        """It came, or will not."""

        TOPIC = "billing.invoice.debit_ended"

        payer_id: PayerId
        number: str
        debit_id: UUID
        reason: str | None
        """Why it will not; none where it came, or nothing was due any more."""

        def apply(self, aggregate: "Invoice") -> None:
            aggregate.debit_id = None
            aggregate.payment_failed = aggregate.payment_failed or self.reason is not None

    class NothingToCollectFrom(Event):
        """Its payer has no payment method, or a mandate that is of no use: that counts as a try that failed."""

        TOPIC = "billing.invoice.nothing_to_collect_from"

        payer_id: PayerId
        number: str
        reason: str

        def apply(self, aggregate: "Invoice") -> None:
            aggregate.tries, aggregate.payment_failed = aggregate.tries + 1, True

    class CreditProposed(Event):
        """The first of two persons wants to take something back; another proposal takes its place."""

        TOPIC = "billing.invoice.credit_proposed"
        subject: ClassVar[str] = "payer_id"

        payer_id: PayerId
        credit: CreditProposal
        reason: Personal[str]
        four_eyes_above: Money
        """The limit then in force."""

        def apply(self, aggregate: "Invoice") -> None:
            aggregate.credit_proposal = self.credit

    class Credited(Event):
        TOPIC = "billing.invoice.credited"
        subject: ClassVar[str] = "buyers_id"

        credit_note_id: UUID
        amount: Money
        charges: tuple[CreditedCharge, ...]
        """What of it is of which charge."""
        credited: Money
        """All credit notes on this invoice together."""
        refund: Money
        """What was paid and is no longer owed."""
        buyers_id: UUID
        """A credit note keeps the buyer for as long as an invoice of the same day would."""
        buyer: Personal[Buyer]

        def apply(self, aggregate: "Invoice") -> None:
            aggregate.credited, aggregate.credit_proposal = self.credited, None
            now: dict[UUID, Money] = {
                charge.charge_id: charge.gross + aggregate.credited_in(charge.charge_id) for charge in self.charges
            }
            aggregate.credited_of = {**aggregate.credited_of, **now}
            aggregate.buyers_id, aggregate.buyer = self.buyers_id, self.buyer
            aggregate.paid = None if aggregate.paid is None else aggregate.paid - self.refund
            if not aggregate.uncredited and aggregate.due.amount_minor <= 0:
                aggregate.state = "credited"
            elif not aggregate.due:
                aggregate.state = "paid"

    @staticmethod
    def id_of(subject_kind: str, subject_id: UUID) -> InvoiceId:
        """What is charged for has one invoice, whoever asks for it how often; several have that of the first."""
        return InvoiceId(derived_id("billing.invoice", subject_kind, subject_id))

    @classmethod
    def issue(
        cls, charges: Sequence[BilledCharge], *, number: str, payer_id: PayerId, payment_id: PaymentId | None,
        seller: LegalEntity, buyers_id: UUID, buyer: Buyer | None, issued_on: date, at: datetime,
    ) -> "Invoice":  # fmt: skip
        """Issue the invoice of charges of one payer and seller, in one currency."""
        first, members, days = charges[0], {c.member_id for c in charges}, [c.supplied_on for c in charges]
        invoice_id, one = cls.id_of(first.subject_kind, first.subject_id), len(charges) == 1
        return cls.begin(
            cls.Issued,
            id=invoice_id,
            timestamp=at,
            charges=tuple(charges),
            number=number,
            subject_kind=first.subject_kind if one else cls.TOPIC,
            subject_id=first.subject_id if one else invoice_id,
            member_id=first.member_id if len(members) == 1 else None,
            payer_id=payer_id,
            payment_id=payment_id,
            city_id=first.city_id,
            seller=seller,
            buyers_id=buyers_id,
            buyer=buyer,
            issued_on=issued_on,
            supplied_from=min(days),
            supplied_on=max(days),
            **dict(summed(charges)),
        )

    @property
    def lines(self) -> tuple[PriceLine, ...]:
        """Of all its charges."""
        return tuple(line for charge in self.charges for line in charge.lines)

    def charge(self, charge_id: UUID) -> BilledCharge:
        """One of its charges."""
        return next(charge for charge in self.charges if charge.charge_id == charge_id)

    def credited_in(self, charge_id: UUID) -> Money:
        """What was taken back of one of its charges."""
        return self.credited_of.get(charge_id, Money.zero(self.gross.currency))

    @property
    def uncredited(self) -> Money:
        """What could still be credited."""
        return self.gross if self.credited is None else self.gross - self.credited

    @property
    def due(self) -> Money:
        """What is still to be paid."""
        return self.uncredited if self.paid is None else self.uncredited - self.paid

    def expect_open(self) -> None:
        """Raise `RefusedError` unless the invoice waits for money and no payment or debit is under way."""
        self._expect("open", code="invoice.not_open")
        self.expect_no_payment_under_way()
        if self.debit_id is not None:
            detail = "a direct debit is on its way: wait until the bank has told of it"
            refuse_if([Violation(code="invoice.debit_under_way", detail=detail, values={"invoice": self.number})])

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

    def receive(self, payment_id: PaymentId, amount: Money, waits: Sequence[timedelta], at: datetime) -> None:
        """A payment has come in: the invoice is paid, or a part of it. The same payment again changes nothing.

        A part that comes last, after another part has failed, has the rest tried again after the next of the waits.
        """
        if payment_id not in self.pending:
            return
        paid = amount if self.paid is None else self.paid + amount
        facts = {"payer_id": self.payer_id, "number": self.number}
        if paid < self.uncredited:
            retry_at = next_try(waits, self.tries, at) if self.pending == (payment_id,) else None
            part = {"payment_id": payment_id, "amount": amount, "paid": paid}
            again = {"tries": self.tries, "retry_at": retry_at}
            self.trigger_event(self.PartlyPaid, timestamp=at, **part, **again, **facts)
        else:
            self.trigger_event(self.Paid, timestamp=at, amount=paid, **facts)

    def record_payment_failure(
        self, payment_id: PaymentId, amount: Money, decline_code: str, waits: Sequence[timedelta], at: datetime
    ) -> None:
        """The money could not be taken; the invoice stays open, and it is tried again after the next of the waits."""
        if payment_id in self.pending:
            facts = {"payer_id": self.payer_id, "number": self.number, "payment_id": payment_id, "amount": amount}
            again = {"tries": self.tries, "retry_at": next_try(waits, self.tries, at)}
            self.trigger_event(self.PaymentFailed, timestamp=at, decline_code=decline_code, **facts, **again)

    def receive_transfer(self, transfer_id: UUID, amount: Money, at: datetime) -> None:
        """So much of a transfer counts: the invoice is paid, or a part of it."""
        paid = amount if self.paid is None else self.paid + amount
        facts = {"payer_id": self.payer_id, "number": self.number}
        self.trigger_event(
            self.TransferReceived, timestamp=at, transfer_id=transfer_id, amount=amount, paid=paid, **facts
        )
        if self.state == "open" and amount and not self.due:
            self.trigger_event(self.Paid, timestamp=at, amount=paid, **facts)

    def lose_transfer(self, transfer_id: UUID, amount: Money, at: datetime) -> None:
        """So much of a transfer counts no more."""
        paid = -amount if self.paid is None else self.paid - amount
        facts = {"payer_id": self.payer_id, "number": self.number, "transfer_id": transfer_id}
        self.trigger_event(self.TransferTakenBack, timestamp=at, amount=amount, paid=paid, **facts)

    def order_debit(self, debit_id: UUID, amount: Money, at: datetime) -> None:
        """Its money is collected from a bank account."""
        self.trigger_event(self.DebitOrdered, timestamp=at, debit_id=debit_id, amount=amount)

    def end_debit(self, debit_id: UUID, reason: str | None, at: datetime) -> None:
        """The debit came, or will not; of another one it changes nothing."""
        if self.debit_id == debit_id:
            facts = {"payer_id": self.payer_id, "number": self.number, "debit_id": debit_id}
            self.trigger_event(self.DebitEnded, timestamp=at, reason=reason, **facts)

    def note_nothing_to_collect_from(self, reason: str, at: datetime) -> None:
        """It stays open until its payer pays, or has a method."""
        facts = {"payer_id": self.payer_id, "number": self.number, "reason": reason}
        self.trigger_event(self.NothingToCollectFrom, timestamp=at, **facts)

    def propose_credit(self, credit: CreditProposal, reason: str, four_eyes_above: Money, at: datetime) -> None:
        """Another person must decide the same before anything is taken back."""
        what = {"credit": credit, "reason": reason, "four_eyes_above": four_eyes_above}
        self.trigger_event(self.CreditProposed, timestamp=at, payer_id=self.payer_id, **what)

    def credit(self, credit_note_id: UUID, charges: tuple[CreditedCharge, ...], buyers_id: UUID, at: datetime) -> Money:
        """Take back a part of the invoice, or all of it. Returns what must be refunded."""
        zero = Money.zero(self.gross.currency)
        amount = Money.total((charge.gross for charge in charges), zero.currency)
        credited = (self.credited or zero) + amount
        refund = max(zero, (self.paid or zero) - (self.gross - credited))
        facts = {"credit_note_id": credit_note_id, "amount": amount, "credited": credited, "refund": refund}
        kept = {"buyers_id": buyers_id, "buyer": self.buyer}
        self.trigger_event(self.Credited, timestamp=at, charges=charges, **facts, **kept)
        return refund

    def _expect(self, state: State, *, code: str) -> None:
        if self.state != state:
            values = {"invoice": self.number, "state": self.state}
            refuse_if([Violation(code=code, detail=f"the invoice is {self.state}, not {state}", values=values)])
