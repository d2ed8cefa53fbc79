"""A debit: the money of one invoice, collected from a bank account by a mandate."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from domain.billing.mandate import Sequence
from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.ids import InvoiceId, PayerId, derived_id
from domain.kernel.money import Money
from domain.kernel.values import Count, Instant

State = Literal["requested", "in_collection", "collected", "dropped", "rejected", "returned"]


class OfDebit(Event):
    """Something becomes of it; whose it is."""

    payer_id: PayerId
    invoice_id: InvoiceId
    number: str
    """Of the invoice."""
    amount: Money


class Failed(OfDebit):
    """The money is not there, or there no more."""

    reason: str
    """The bank's code, such as AM04."""
    tries: Count
    """How often the money of the invoice was asked for so far."""
    retry_at: Instant | None
    """When it is asked for again; none when that is left to the payer and the agents."""


class Debit(Aggregate):
    """requested -> in_collection -> collected -> returned; requested -> dropped; in_collection -> rejected | returned.

    What comes back before it was booked is returned; once its booking comes, both even out.
    """

    TOPIC = "billing.debit"

    payer_id: PayerId
    invoice_id: InvoiceId
    number: str
    mandate_id: UUID
    seller_id: str
    amount: Money
    announced_for: date
    state: State = "requested"
    batch_id: UUID | None = None
    booked: str | None = None
    """Reference of the bank's booking."""
    returned: str | None = None
    """Reference of the booking that took it back."""

    class Requested(Created):
        """It is announced to its payer, and goes to the bank with a later run."""

        TOPIC = "billing.debit.requested"

        payer_id: PayerId
        invoice_id: InvoiceId
        number: str
        """Of the invoice."""
        mandate_id: UUID
        mandate_reference: str
        creditor_id: str
        seller_id: str
        amount: Money
        announced_for: date
        """It is collected on this day or later."""

    class Batched(Event):
        """It goes to the bank."""

        TOPIC = "billing.debit.batched"

        batch_id: UUID
        sequence: Sequence
        amount: Money
        """What was still due of it."""
        collection_on: date

        def apply(self, aggregate: "Debit") -> None:
            aggregate.state, aggregate.batch_id, aggregate.amount = "in_collection", self.batch_id, self.amount

    class Dropped(Event):
        """It never goes to the bank."""

        TOPIC = "billing.debit.dropped"

        reason: str
        """`paid`, or why the mandate is of no use."""

        def apply(self, aggregate: "Debit") -> None:
            aggregate.state = "dropped"

    class Rejected(Failed):
        """The bank has refused it before any money moved."""

        TOPIC = "billing.debit.rejected"

        def apply(self, aggregate: "Debit") -> None:
            aggregate.state = "rejected"

    class Booked(OfDebit):
        """The bank has booked the money."""

        TOPIC = "billing.debit.booked"

        seller_id: str
        reference: str
        value_on: date
        came_back: bool
        """Whether its return was told before it."""

        def apply(self, aggregate: "Debit") -> None:
            aggregate.booked = self.reference
            if aggregate.state == "in_collection":
                aggregate.state = "collected"

    class Returned(Failed):
        """The money went back to the payer's account."""

        TOPIC = "billing.debit.returned"

        seller_id: str
        reference: str
        value_on: date
        bank_fee: Money
        """What the bank took for it besides."""
        was_booked: bool
        """Whether the money had been booked before."""

        def apply(self, aggregate: "Debit") -> None:
            aggregate.state, aggregate.returned = "returned", self.reference

    @classmethod
    def request(
        cls, id: UUID, *, payer_id: PayerId, invoice_id: InvoiceId, number: str, mandate_id: UUID,
        mandate_reference: str, creditor_id: str, seller_id: str, amount: Money, announced_for: date, at: datetime,
    ) -> "Debit":  # fmt: skip
        """Announce a collection."""
        whose = {"payer_id": payer_id, "invoice_id": invoice_id, "number": number, "seller_id": seller_id}
        by = {"mandate_id": mandate_id, "mandate_reference": mandate_reference, "creditor_id": creditor_id}
        return cls.begin(cls.Requested, id=id, timestamp=at, amount=amount, announced_for=announced_for, **whose, **by)

    @property
    def end_to_end_id(self) -> str:
        """By which banks tell of it, at most 35 characters."""
        return self.id.hex.upper()

    @property
    def transfer_id(self) -> UUID:
        """Of the transfer that its booking is."""
        return derived_id("billing.debit.transfer", self.id)

    def batch(self, batch_id: UUID, sequence: Sequence, amount: Money, collection_on: date, at: datetime) -> None:
        """It goes to the bank, for what is still due."""
        what = {"batch_id": batch_id, "sequence": sequence, "amount": amount, "collection_on": collection_on}
        self.trigger_event(self.Batched, timestamp=at, **what)

    def drop(self, reason: str, at: datetime) -> None:
        """It does not go to the bank; once it has gone, or again, it changes nothing."""
        if self.state == "requested":
            self.trigger_event(self.Dropped, timestamp=at, reason=reason)

    def reject(self, reason: str, tries: int, retry_at: datetime | None, at: datetime) -> None:
        """The bank has refused it."""
        why = {"reason": reason, "tries": tries, "retry_at": retry_at}
        self.trigger_event(self.Rejected, timestamp=at, **why, **self._whose())

    def book(self, reference: str, value_on: date, at: datetime) -> None:
        """The money is on the account, or was for a moment."""
        what = {"reference": reference, "value_on": value_on, "seller_id": self.seller_id}
        came_back = self.state == "returned"
        self.trigger_event(self.Booked, timestamp=at, came_back=came_back, **what, **self._whose())

    def give_back(
        self, reason: str, tries: int, retry_at: datetime | None, *, reference: str, value_on: date, bank_fee: Money,
        at: datetime,
    ) -> None:  # fmt: skip
        """The money went back."""
        why = {"reason": reason, "tries": tries, "retry_at": retry_at, "bank_fee": bank_fee}
        what = {"reference": reference, "value_on": value_on, "seller_id": self.seller_id}
        was_booked = self.booked is not None
        self.trigger_event(self.Returned, timestamp=at, was_booked=was_booked, **why, **what, **self._whose())

    def _whose(self) -> dict[str, object]:
        what = {"number": self.number, "amount": self.amount}
        return {"payer_id": self.payer_id, "invoice_id": self.invoice_id, **what}
