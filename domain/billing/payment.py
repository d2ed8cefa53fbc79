"""A payment: money held on a payment method, then captured, and what is not needed released."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from domain.billing.payment_rules import expect
from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.ids import InvoiceId, PayerId, PaymentId
from domain.kernel.money import Money

State = Literal[
    "hold_requested",
    "held",
    "hold_declined",
    "capture_requested",
    "captured",
    "capture_failed",
    "release_requested",
    "released",
]


class Payment(Aggregate):
    """hold_requested -> held | hold_declined; held -> capture_requested -> captured | capture_failed; held -> released.

    A capture takes at most what is held, once; the provider lets the rest go with it. A hold whose invoice is known
    when it is asked for is captured as soon as it is there. An answer that was already recorded changes nothing.
    """

    TOPIC = "billing.payment"

    payer_id: PayerId
    subject_kind: str
    subject_id: UUID
    amount: Money
    """What was asked to be held."""
    method_token: str
    state: State = "hold_requested"
    invoice_id: InvoiceId | None = None
    held: Money | None = None
    """What the provider holds now."""
    captured: Money | None = None
    refunded: Money | None = None
    hold_answered: bool = False
    abandoned: bool = False
    """Nobody wants the hold any more, though the provider has not yet answered."""

    class HoldRequested(Created):
        TOPIC = "billing.payment.hold_requested"

        payer_id: PayerId
        subject_kind: str
        """Topic of the aggregate that is paid for, e.g. `rental.trip`."""
        subject_id: UUID
        amount: Money
        method_token: str
        invoice_id: InvoiceId | None = None
        """An invoice for which the money is taken as soon as it is held."""

    class Held(Event):
        TOPIC = "billing.payment.held"

        payer_id: PayerId
        subject_kind: str
        subject_id: UUID
        amount: Money
        reference: str
        invoice_id: InvoiceId | None = None
        """The invoice that the money was held for; none for the hold of what is about to be supplied."""

        def apply(self, aggregate: "Payment") -> None:
            aggregate.held, aggregate.hold_answered = self.amount, True
            if aggregate.state == "hold_requested":
                aggregate.state = "held"

    class HoldDeclined(Event):
        TOPIC = "billing.payment.hold_declined"

        payer_id: PayerId
        subject_kind: str
        subject_id: UUID
        decline_code: str
        invoice_id: InvoiceId | None = None

        def apply(self, aggregate: "Payment") -> None:
            aggregate.hold_answered = True
            if aggregate.state == "hold_requested":
                aggregate.state = "hold_declined"

    class Abandoned(Event):
        """The hold was given up before the provider answered: it is released as soon as it is there."""

        TOPIC = "billing.payment.abandoned"

        def apply(self, aggregate: "Payment") -> None:
            aggregate.abandoned = True

    class CaptureRequested(Event):
        TOPIC = "billing.payment.capture_requested"

        invoice_id: InvoiceId
        amount: Money
        method_token: str

        def apply(self, aggregate: "Payment") -> None:
            aggregate.state, aggregate.invoice_id = "capture_requested", self.invoice_id

    class Captured(Event):
        TOPIC = "billing.payment.captured"

        payer_id: PayerId
        invoice_id: InvoiceId
        amount: Money
        unused: Money
        """The rest of the hold, which the provider lets go with the capture."""
        reference: str

        def apply(self, aggregate: "Payment") -> None:
            aggregate.state, aggregate.captured, aggregate.held = "captured", self.amount, None

    class CaptureFailed(Event):
        TOPIC = "billing.payment.capture_failed"

        payer_id: PayerId
        invoice_id: InvoiceId
        amount: Money
        decline_code: str

        def apply(self, aggregate: "Payment") -> None:
            aggregate.state = "capture_failed"

    class ReleaseRequested(Event):
        """Give back what is held and not captured."""

        TOPIC = "billing.payment.release_requested"

        amount: Money
        method_token: str

        def apply(self, aggregate: "Payment") -> None:
            if aggregate.state == "held":
                aggregate.state = "release_requested"

    class Released(Event):
        TOPIC = "billing.payment.released"

        amount: Money
        reference: str

        def apply(self, aggregate: "Payment") -> None:
            aggregate.held = None
            if aggregate.state == "release_requested":
                aggregate.state = "released"

    class ReleaseFailed(Event):
        """The provider would not release; the hold ends by itself after some days, and an operator can ask again."""

        TOPIC = "billing.payment.release_failed"

        amount: Money
        decline_code: str

        def apply(self, aggregate: "Payment") -> None:
            if aggregate.state == "release_requested":
                aggregate.state = "held"

    class RefundRequested(Event):
        TOPIC = "billing.payment.refund_requested"

        credit_note_id: UUID
        amount: Money
        method_token: str

        def apply(self, aggregate: "Payment") -> None:
            aggregate.refunded = self.amount if aggregate.refunded is None else aggregate.refunded + self.amount

    class Refunded(Event):
        TOPIC = "billing.payment.refunded"

        amount: Money
        reference: str

        def apply(self, aggregate: "Payment") -> None:
            """The money was counted as given back when it was asked for."""

    class RefundFailed(Event):
        TOPIC = "billing.payment.refund_failed"

        amount: Money
        decline_code: str

        def apply(self, aggregate: "Payment") -> None:
            if aggregate.refunded is not None:
                aggregate.refunded -= self.amount

    @classmethod
    def hold(
        cls,
        payment_id: PaymentId,
        *,
        payer_id: PayerId,
        subject_kind: str,
        subject_id: UUID,
        amount: Money,
        method_token: str,
        at: datetime,
        invoice_id: InvoiceId | None = None,
    ) -> "Payment":
        """Ask for money to be held, and taken at once if it is for an invoice."""
        return cls.begin(
            cls.HoldRequested,
            id=payment_id,
            timestamp=at,
            payer_id=payer_id,
            subject_kind=subject_kind,
            subject_id=subject_id,
            amount=amount,
            method_token=method_token,
            invoice_id=invoice_id,
        )

    @property
    def awaits_capture(self) -> bool:
        """Whether the provider has yet to answer a capture."""
        return self.state == "capture_requested"

    @property
    def refundable(self) -> Money:
        """What was captured and not yet given back."""
        zero = Money.zero(self.amount.currency)
        return (self.captured or zero) - (self.refunded or zero)

    def record_hold(self, reference: str, at: datetime) -> None:
        """The provider holds the money. Given up meanwhile, it is released at once."""
        if self.hold_answered:
            return
        facts = {**self._whose(), "amount": self.amount}
        self.trigger_event(self.Held, timestamp=at, reference=reference, **facts)
        if self.abandoned:
            self._release_held(at)
        elif self.invoice_id is not None:
            self.capture(self.invoice_id, self.amount, at)

    def record_decline(self, decline_code: str, at: datetime) -> None:
        """The provider refuses to hold the money."""
        if not self.hold_answered:
            self.trigger_event(self.HoldDeclined, timestamp=at, decline_code=decline_code, **self._whose())

    def release(self, at: datetime) -> None:
        """Nothing will be captured: give the hold back, now or when it is there. Does nothing after a capture."""
        if self.state == "held":
            self._release_held(at)
        elif self.state == "hold_requested" and not self.abandoned:
            self.trigger_event(self.Abandoned, timestamp=at)

    def capture(self, invoice_id: InvoiceId, amount: Money, at: datetime) -> None:
        """Take the money of an invoice, or a part of it, out of the hold."""
        expect(self.id, self.state, "held", to="capture")
        facts = {"invoice_id": invoice_id, "amount": amount, "method_token": self.method_token}
        self.trigger_event(self.CaptureRequested, timestamp=at, **facts)

    def record_capture(self, amount: Money, reference: str, at: datetime) -> None:
        """The provider took the money and let the rest of the hold go."""
        if self.awaits_capture:
            unused = self.held - amount if self.held is not None else Money.zero(amount.currency)
            facts = {"payer_id": self.payer_id, "invoice_id": self.invoice_id, "amount": amount, "unused": unused}
            self.trigger_event(self.Captured, timestamp=at, reference=reference, **facts)

    def record_capture_failure(self, amount: Money, decline_code: str, at: datetime) -> None:
        """The provider would not take the money; a hold is of no use any more."""
        if self.state != "capture_requested":
            return
        facts = {"payer_id": self.payer_id, "invoice_id": self.invoice_id, "amount": amount}
        self.trigger_event(self.CaptureFailed, timestamp=at, decline_code=decline_code, **facts)
        if self.held is not None:
            self._release_held(at)

    def record_release(self, amount: Money, reference: str, at: datetime) -> None:
        """The provider gave the hold back."""
        if self.held is not None:
            self.trigger_event(self.Released, timestamp=at, amount=amount, reference=reference)

    def record_release_failure(self, amount: Money, decline_code: str, at: datetime) -> None:
        """The provider would not give the hold back."""
        if self.held is not None:
            self.trigger_event(self.ReleaseFailed, timestamp=at, amount=amount, decline_code=decline_code)

    def refund(self, credit_note_id: UUID, amount: Money, at: datetime) -> None:
        """Give captured money back for a credit note."""
        expect(self.id, self.state, "captured", to="refund")
        facts = {"credit_note_id": credit_note_id, "amount": amount, "method_token": self.method_token}
        self.trigger_event(self.RefundRequested, timestamp=at, **facts)

    def record_refund(self, amount: Money, reference: str, at: datetime) -> None:
        """The provider gave the money back."""
        self.trigger_event(self.Refunded, timestamp=at, amount=amount, reference=reference)

    def record_refund_failure(self, amount: Money, decline_code: str, at: datetime) -> None:
        """The provider would not give the money back."""
        self.trigger_event(self.RefundFailed, timestamp=at, amount=amount, decline_code=decline_code)

    def _whose(self) -> dict[str, object]:
        subject = {"subject_kind": self.subject_kind, "subject_id": self.subject_id}
        return {"payer_id": self.payer_id, **subject, "invoice_id": self.invoice_id}

    def _release_held(self, at: datetime) -> None:
        self.trigger_event(self.ReleaseRequested, timestamp=at, amount=self.held, method_token=self.method_token)
