"""A transfer: money that came to a seller's bank account, and the invoice that it pays."""

from dataclasses import field
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from domain.billing.refund import Refund
from domain.billing.transfer_event_bases import Agreed, OfInvoice, OfRefund
from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.approval import Proposal
from domain.kernel.ids import InvoiceId, PayerId, derived_id
from domain.kernel.money import Money
from domain.kernel.personal import Personal


class Transfer(Aggregate):
    """reported -> received -> taken back. What of it is to be given back, is refused until it was paid by other means.

    What counts for its invoice, and what is more than was open, are together all that came.
    """

    TOPIC = "billing.transfer"

    seller_id: str
    reference: str
    amount: Money
    value_on: date
    debit_id: UUID | None = None
    invoice_id: InvoiceId | None = None
    payer_id: PayerId | None = None
    counted: Money | None = None
    """What of it counts for the invoice."""
    refunds: dict[UUID, Refund] = field(default_factory=dict)
    """By credit note; what was too much under the transfer's own id."""
    proposal: Proposal | None = None
    taken_back: bool = False

    class Reported(Created):
        """The bank says that it came."""

        TOPIC = "billing.transfer.reported"

        seller_id: str
        """Legal entity, of the rulebook, whose account it came to."""
        reference: str
        """The bank's own, by which it is found there."""
        amount: Money
        value_on: date
        debit_id: UUID | None
        """The direct debit that brought it, if one did."""

    class AssignmentProposed(Event):
        """The first of two persons says which invoice it is for; another proposal takes its place."""

        TOPIC = "billing.transfer.assignment_proposed"
        subject: ClassVar[str] = "payer_id"

        payer_id: PayerId
        invoice_id: InvoiceId
        proposal: Proposal
        reason: Personal[str]
        four_eyes_above: Money

        def apply(self, aggregate: "Transfer") -> None:
            aggregate.proposal = self.proposal

    class Received(OfInvoice):
        """It is for an invoice."""

        TOPIC = "billing.transfer.received"
        subject: ClassVar[str] = "payer_id"

        counted: Money
        """What of it counts for the invoice: what was open at most."""
        assigned_by: str | None
        """Id of an employee; none where the payer named the invoice."""
        proposed_by: str | None
        four_eyes_above: Money | None
        reason: Personal[str]

        def apply(self, aggregate: "Transfer") -> None:
            aggregate.invoice_id, aggregate.payer_id, aggregate.counted = self.invoice_id, self.payer_id, self.counted
            aggregate.proposal = None

    class RefundOwed(OfRefund):
        """A part is to be given back, for a credit note or as it was too much. No provider can: an agent has to."""

        TOPIC = "billing.transfer.refund_owed"

        def apply(self, aggregate: "Transfer") -> None:
            owed = Refund(number=self.number, amount=self.amount, state="given_up", was_given_up=True)
            aggregate.refunds = {**aggregate.refunds, self.credit_note_id or aggregate.id: owed}

    class RefundPaidByOtherMeans(OfRefund):
        """It was given back, by the word of an agent."""

        TOPIC = "billing.transfer.refund_paid_by_other_means"
        subject: ClassVar[str] = "payer_id"

        reference: str
        """Of that payment."""
        reason: Personal[str]
        recorded_by: str
        """Id of an employee."""

        def apply(self, aggregate: "Transfer") -> None:
            item = self.credit_note_id or aggregate.id
            changed = {"state": "paid_by_other_means", "reference": self.reference}
            paid = aggregate.refunds[item].model_copy(update=changed)
            aggregate.refunds = {**aggregate.refunds, item: paid}

    class RefundDropped(OfRefund):
        """The bank has taken the transfer back before it was given back: nothing of it is owed any more."""

        TOPIC = "billing.transfer.refund_dropped"

        def apply(self, aggregate: "Transfer") -> None:
            item = self.credit_note_id or aggregate.id
            aggregate.refunds = {id: refund for id, refund in aggregate.refunds.items() if id != item}

    class TakenBack(OfInvoice):
        """The bank has taken it back: the money is gone."""

        TOPIC = "billing.transfer.taken_back"

        reference: str
        """The bank's own of the booking that took it back."""
        value_on: date

        def apply(self, aggregate: "Transfer") -> None:
            aggregate.taken_back = True

    @staticmethod
    def id_of(account: str, reference: str, amount: Money) -> UUID:
        """The same for the same booking, in whichever file it stands. Banks give a reference to several bookings."""
        return derived_id("billing.transfer", account.replace(" ", "").upper(), reference, amount)

    @classmethod
    def report(
        cls, id: UUID, *, seller_id: str, reference: str, amount: Money, value_on: date, at: datetime,
        debit_id: UUID | None = None,
    ) -> "Transfer":  # fmt: skip
        """It came, for whatever it may be."""
        facts = {"reference": reference, "amount": amount, "value_on": value_on, "debit_id": debit_id}
        return cls.begin(cls.Reported, id=id, timestamp=at, seller_id=seller_id, **facts)

    @property
    def refundable(self) -> Money:
        """What counts for the invoice, and is not to be given back."""
        if self.taken_back or self.counted is None:
            return Money.zero(self.amount.currency)
        given_back = (refund.amount for id, refund in self.refunds.items() if id != self.id)
        return self.counted - Money.total(given_back, self.amount.currency)

    def propose(
        self, payer_id: PayerId, invoice_id: InvoiceId, proposal: Proposal, reason: str, limit: Money, at: datetime
    ) -> None:
        """Another person must say the same before it counts for anything."""
        what = {"payer_id": payer_id, "invoice_id": invoice_id, "proposal": proposal, "four_eyes_above": limit}
        self.trigger_event(self.AssignmentProposed, timestamp=at, reason=reason, **what)

    def receive(
        self, payer_id: PayerId, invoice_id: InvoiceId, number: str, counted: Money, agreed: Agreed, at: datetime
    ) -> None:
        """It is for an invoice, and so much of it counts there; the rest is owed to the payer."""
        what = {"payer_id": payer_id, "invoice_id": invoice_id, "number": number, **dict(agreed)}
        by_debit = self.debit_id is not None
        self.trigger_event(self.Received, timestamp=at, amount=self.amount, counted=counted, by_debit=by_debit, **what)
        if self.amount > counted:
            self.owe(None, number, self.amount - counted, at)

    def owe(self, credit_note_id: UUID | None, number: str, amount: Money, at: datetime) -> None:
        """A part is to be given back."""
        what = {"payer_id": self.payer_id, "credit_note_id": credit_note_id, "number": number, "amount": amount}
        self.trigger_event(self.RefundOwed, timestamp=at, **what)

    def pay_refund_by_other_means(
        self, credit_note_id: UUID | None, *, reference: str, reason: str, by: str, at: datetime
    ) -> bool:
        """It was given back; says whether it was owed."""
        refund = self.refunds.get(credit_note_id or self.id)
        if refund is None or not refund.is_refused:
            return False
        what = {"credit_note_id": credit_note_id, "number": refund.number, "amount": refund.amount}
        how = {"payer_id": self.payer_id, "reference": reference, "reason": reason, "recorded_by": by}
        self.trigger_event(self.RefundPaidByOtherMeans, timestamp=at, **what, **how)
        return True

    def take_back(self, number: str, reference: str, value_on: date, at: datetime) -> None:
        """The money is gone, and with it what was owed of it."""
        for id, refund in self.refunds.items():
            if not refund.is_back:
                note_id = None if id == self.id else id
                what = {"payer_id": self.payer_id, "credit_note_id": note_id, "number": refund.number}
                self.trigger_event(self.RefundDropped, timestamp=at, amount=refund.amount, **what)
        whose = {"payer_id": self.payer_id, "invoice_id": self.invoice_id, "number": number}
        how = {"reference": reference, "value_on": value_on, "by_debit": self.debit_id is not None}
        self.trigger_event(self.TakenBack, timestamp=at, amount=self.amount, **whose, **how)
