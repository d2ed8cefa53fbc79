"""A payment: money held on a payment method, then captured, and what is not needed released."""

from collections.abc import Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import ClassVar, Literal
from uuid import UUID

from domain.billing.ladder import next_try
from domain.billing.payment_rules import expect
from domain.billing.refund import Refund
from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.ids import InvoiceId, PayerId, PaymentId
from domain.kernel.money import Money
from domain.kernel.personal import Personal
from domain.kernel.values import Count, Instant

NOTHING_HELD = "nothing held"
"""Reference of a hold of nothing, as where a mandate pays: no provider is asked."""
State = Literal[
    "hold_requested",
    "held",
    "hold_declined",
    "capture_requested",
    "captured",
    "capture_failed",
    "release_requested",
    "released",
    "hold_lost",
]

CONFIRMATION_TIMED_OUT = "confirmation_timed_out"
CALLED_OFF = "called_off"
"""Our own reasons why nothing is held, beside the provider's: not confirmed in time; not wanted any more."""


class Payment(Aggregate):
    """hold_requested -> held | hold_declined; held -> capture_requested -> captured | capture_failed; held -> released.

    A capture takes at most what is held, once; the provider lets the rest go with it. A hold whose invoice is known
    when it is asked for is captured as soon as it is there; one that ends at the provider by itself is lost. An answer
    that was already recorded changes nothing.
    """

    TOPIC = "billing.payment"

    payer_id: PayerId
    subject_kind: str
    subject_id: UUID
    amount: Money
    """What was asked to be held."""
    method_id: str
    """Of the payer's payment method, whose token is looked up when the provider is asked."""
    state: State = "hold_requested"
    invoice_id: InvoiceId | None = None
    held: Money | None = None
    """What the provider holds now."""
    captured: Money | None = None
    refunds: dict[UUID, Refund] = field(default_factory=dict)
    """By credit note."""
    hold_answered: bool = False
    confirm_until: Instant | None = None
    """Until when the provider waits for the payer; none where it does not."""
    confirm_link: str | None = None
    """Where they confirm it; none once that is over, or the payer erased."""
    abandoned: bool = False
    """Nobody wants the hold any more, though the provider has not yet answered."""

    class HoldRequested(Created):
        TOPIC = "billing.payment.hold_requested"

        payer_id: PayerId
        subject_kind: str
        """Topic of the aggregate that is paid for, e.g. `rental.trip`."""
        subject_id: UUID
        amount: Money
        method_id: str
        invoice_id: InvoiceId | None = None
        """An invoice for which the money is taken as soon as it is held."""
        on_session: bool = False
        """Whether the payer is there to confirm it."""

    class ConfirmationRequired(Event):
        """The payer has to confirm it before the provider holds anything, such as by 3-D Secure."""

        TOPIC = "billing.payment.confirmation_required"
        subject: ClassVar[str] = "payer_id"

        payer_id: PayerId
        subject_kind: str
        subject_id: UUID
        amount: Money
        confirm_link: Personal[str]
        """The provider's page, at which whoever has the address can confirm."""
        confirm_until: Instant

        def apply(self, aggregate: "Payment") -> None:
            aggregate.confirm_until, aggregate.confirm_link = self.confirm_until, self.confirm_link

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
            aggregate.held, aggregate.hold_answered, aggregate.confirm_link = self.amount, True, None
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
            aggregate.hold_answered, aggregate.confirm_link = True, None
            if aggregate.state == "hold_requested":
                aggregate.state = "hold_declined"

    class Abandoned(Event):
        """The hold was given up before the provider answered: it is released as soon as it is there."""

        TOPIC = "billing.payment.abandoned"

        def apply(self, aggregate: "Payment") -> None:
            aggregate.abandoned = True

    class CaptureRequested(Event):
        TOPIC = "billing.payment.capture_requested"

        payer_id: PayerId
        invoice_id: InvoiceId
        amount: Money
        method_id: str

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

        payer_id: PayerId
        amount: Money
        method_id: str

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

    class HoldLost(Event):
        """The hold ended at the provider without a word of ours, as holds do after some days."""

        TOPIC = "billing.payment.hold_lost"

        payer_id: PayerId
        subject_kind: str
        subject_id: UUID
        amount: Money

        def apply(self, aggregate: "Payment") -> None:
            aggregate.held, aggregate.state = None, "hold_lost"

    class RefundRequested(Event):
        """For the first time, or again after it has failed."""

        TOPIC = "billing.payment.refund_requested"

        payer_id: PayerId
        credit_note_id: UUID
        number: str
        """Of the credit note."""
        amount: Money
        method_id: str

        def apply(self, aggregate: "Payment") -> None:
            first = Refund(number=self.number, amount=self.amount)
            known = aggregate.refunds.get(self.credit_note_id, first)
            again = known.model_copy(update={"state": "pending"})
            aggregate.refunds = {**aggregate.refunds, self.credit_note_id: again}

    class Refunded(Event):
        TOPIC = "billing.payment.refunded"

        payer_id: PayerId
        credit_note_id: UUID
        number: str
        amount: Money
        reference: str
        failures: Count
        """How often the provider had refused before."""

        def apply(self, aggregate: "Payment") -> None:
            done = Refund(number=self.number, amount=self.amount, state="refunded", failures=self.failures)
            aggregate.refunds = {**aggregate.refunds, self.credit_note_id: done}

    class RefundFailed(Event):
        """The provider would not give the money back: it is still owed."""

        TOPIC = "billing.payment.refund_failed"

        payer_id: PayerId
        credit_note_id: UUID
        number: str
        amount: Money
        decline_code: str
        failures: Count
        """How often so far, this time included."""
        retry_at: Instant | None
        """When it is asked for again; none when that is left to an agent."""

        def apply(self, aggregate: "Payment") -> None:
            known = aggregate.refunds[self.credit_note_id]
            failed = known.model_copy(update={"state": "failed", "failures": self.failures})
            aggregate.refunds = {**aggregate.refunds, self.credit_note_id: failed}

    class RefundGivenUp(Event):
        """All tries are used up: nothing asks again by itself, and an agent has to see to the money, still owed."""

        TOPIC = "billing.payment.refund_given_up"

        payer_id: PayerId
        credit_note_id: UUID
        number: str
        amount: Money
        failures: Count
        was_given_up: bool
        """Whether it had been before, and an agent asked once more in vain."""

        def apply(self, aggregate: "Payment") -> None:
            known = aggregate.refunds[self.credit_note_id]
            given_up = known.model_copy(update={"state": "given_up", "was_given_up": True})
            aggregate.refunds = {**aggregate.refunds, self.credit_note_id: given_up}

    class RefundPaidByOtherMeans(Event):
        """What the provider would not give back was paid in another way, by the word of an agent."""

        TOPIC = "billing.payment.refund_paid_by_other_means"
        subject: ClassVar[str] = "payer_id"

        payer_id: PayerId
        credit_note_id: UUID
        number: str
        amount: Money
        reference: str
        """Of that payment."""
        reason: Personal[str]
        recorded_by: str
        """Id of an employee."""

        def apply(self, aggregate: "Payment") -> None:
            known = aggregate.refunds[self.credit_note_id]
            paid = known.model_copy(update={"state": "paid_by_other_means", "reference": self.reference})
            aggregate.refunds = {**aggregate.refunds, self.credit_note_id: paid}

    @classmethod
    def hold(
        cls,
        payment_id: PaymentId,
        *,
        payer_id: PayerId,
        subject_kind: str,
        subject_id: UUID,
        amount: Money,
        method_id: str,
        at: datetime,
        invoice_id: InvoiceId | None = None,
        on_session: bool = False,
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
            method_id=method_id,
            invoice_id=invoice_id,
            on_session=on_session,
        )

    @property
    def awaits_confirmation(self) -> bool:
        """Whether the provider waits for the payer."""
        return self.confirm_until is not None and not self.hold_answered

    @property
    def awaits_capture(self) -> bool:
        """Whether the provider has yet to answer a capture."""
        return self.state == "capture_requested"

    @property
    def refundable(self) -> Money:
        """What was captured and is not yet to be given back."""
        zero = Money.zero(self.amount.currency)
        return (self.captured or zero) - Money.total((r.amount for r in self.refunds.values()), zero.currency)

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

    def require_confirmation(self, confirm_link: str, until: datetime, at: datetime) -> None:
        """The provider waits for the payer. Given up meanwhile, it is told to wait no more."""
        if self.hold_answered or self.confirm_until is not None:
            return
        subject = {"subject_kind": self.subject_kind, "subject_id": self.subject_id, "amount": self.amount}
        facts = {"payer_id": self.payer_id, "confirm_link": confirm_link, "confirm_until": until, **subject}
        self.trigger_event(self.ConfirmationRequired, timestamp=at, **facts)
        if self.abandoned:
            self._call_off(at)

    def expire_confirmation(self, at: datetime) -> bool:
        """The payer has not confirmed it in time: as if declined. Says whether that was so."""
        if not self.awaits_confirmation or self.confirm_until is None or at < self.confirm_until:
            return False
        self.record_decline(CONFIRMATION_TIMED_OUT, at)
        self._call_off(at)
        return True

    def lose_hold(self, at: datetime) -> None:
        """The hold is no longer there. Where it is being captured or released, the answer to that says so."""
        if self.state == "held":
            facts = {"payer_id": self.payer_id, "subject_kind": self.subject_kind, "subject_id": self.subject_id}
            self.trigger_event(self.HoldLost, timestamp=at, amount=self.held, **facts)

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
            if self.awaits_confirmation:
                self._call_off(at)

    def capture(self, invoice_id: InvoiceId, amount: Money, at: datetime) -> None:
        """Take the money of an invoice, or a part of it, out of the hold."""
        expect(self.id, self.state, "held", to="capture")
        facts = {"invoice_id": invoice_id, "amount": amount, **self._from_what()}
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
        elif self.abandoned:
            self.record_decline(CALLED_OFF, at)

    def record_release_failure(self, amount: Money, decline_code: str, at: datetime) -> None:
        """The provider would not give the hold back."""
        if self.held is not None:
            self.trigger_event(self.ReleaseFailed, timestamp=at, amount=amount, decline_code=decline_code)

    def refund(self, credit_note_id: UUID, number: str, amount: Money, at: datetime) -> None:
        """Give captured money back for a credit note."""
        expect(self.id, self.state, "captured", to="refund")
        self._request_refund(credit_note_id, number, amount, at)

    def refund_again(self, credit_note_id: UUID, at: datetime, *, failures: int | None = None) -> bool:
        """Ask once more for a refund that has failed, if given so often; says whether it did."""
        refund = self.refunds.get(credit_note_id)
        if refund is None or not refund.is_refused or failures not in {None, refund.failures}:
            return False
        self._request_refund(credit_note_id, refund.number, refund.amount, at)
        return True

    def record_refund(self, credit_note_id: UUID, reference: str, at: datetime) -> None:
        """The provider gave the money back."""
        if refund := self._pending_refund(credit_note_id):
            facts = {**self._of_refund(credit_note_id, refund), "failures": refund.failures}
            self.trigger_event(self.Refunded, timestamp=at, reference=reference, **facts)

    def record_refund_failure(
        self, credit_note_id: UUID, decline_code: str, waits: Sequence[timedelta], at: datetime
    ) -> None:
        """The provider would not give the money back; it is asked again after the next of the waits."""
        if refund := self._pending_refund(credit_note_id):
            failures = refund.failures + 1
            facts = {**self._of_refund(credit_note_id, refund), "failures": failures}
            retry_at = next_try(waits, failures, at)
            self.trigger_event(self.RefundFailed, timestamp=at, decline_code=decline_code, retry_at=retry_at, **facts)
            if retry_at is None:
                self.trigger_event(self.RefundGivenUp, timestamp=at, was_given_up=refund.was_given_up, **facts)

    def pay_refund_by_other_means(
        self, credit_note_id: UUID, *, reference: str, reason: str, by: str, at: datetime
    ) -> bool:
        """What the provider has refused was paid in another way; says whether there was such a refund."""
        refund = self.refunds.get(credit_note_id)
        if refund is None or not refund.is_refused:
            return False
        facts = {**self._of_refund(credit_note_id, refund), "reference": reference, "reason": reason}
        self.trigger_event(self.RefundPaidByOtherMeans, timestamp=at, recorded_by=by, **facts)
        return True

    def _request_refund(self, credit_note_id: UUID, number: str, amount: Money, at: datetime) -> None:
        facts = {"number": number, "amount": amount, **self._from_what()}
        self.trigger_event(self.RefundRequested, timestamp=at, credit_note_id=credit_note_id, **facts)

    def _pending_refund(self, credit_note_id: UUID) -> Refund | None:
        refund = self.refunds.get(credit_note_id)
        return refund if refund and refund.state == "pending" else None

    def _of_refund(self, credit_note_id: UUID, refund: Refund) -> dict[str, object]:
        what = {"credit_note_id": credit_note_id, "number": refund.number, "amount": refund.amount}
        return {"payer_id": self.payer_id, **what}

    def _whose(self) -> dict[str, object]:
        subject = {"subject_kind": self.subject_kind, "subject_id": self.subject_id}
        return {"payer_id": self.payer_id, **subject, "invoice_id": self.invoice_id}

    def _release_held(self, at: datetime) -> None:
        self.trigger_event(self.ReleaseRequested, timestamp=at, amount=self.held, **self._from_what())
        if self.held is not None and not self.held:
            self.record_release(self.held, NOTHING_HELD, at)

    def _call_off(self, at: datetime) -> None:
        """Have the provider wait no more for the payer."""
        self.trigger_event(self.ReleaseRequested, timestamp=at, amount=self.amount, **self._from_what())

    def _from_what(self) -> dict[str, object]:
        return {"payer_id": self.payer_id, "method_id": self.method_id}
