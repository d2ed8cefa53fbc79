"""Invoices with their explained lines and what is still open, credit notes, and payments."""

from domain.billing.credit_note import CreditNote
from domain.billing.invoice import Invoice
from domain.billing.payment import Payment
from domain.kernel.aggregate import Event
from domain.kernel.messages import RecordedEvent
from projections.kernel.changes import Changes, Table, Update, Values
from projections.kernel.projector import Projector

INVOICES = Table("invoices", ("invoice_id",))
CREDIT_NOTES = Table("credit_notes", ("credit_note_id",))
PAYMENTS = Table("payments", ("payment_id",))

_PAYMENT_STATES: dict[type[Event], str] = {
    Payment.Held: "held",
    Payment.HoldDeclined: "hold_declined",
    Payment.Abandoned: "abandoned",
    Payment.CaptureRequested: "capture_requested",
    Payment.Captured: "captured",
    Payment.CaptureFailed: "capture_failed",
    Payment.ReleaseRequested: "release_requested",
    Payment.Released: "released",
    Payment.ReleaseFailed: "release_failed",
    Payment.RefundRequested: "refund_requested",
    Payment.Refunded: "refunded",
    Payment.RefundFailed: "refund_failed",
}


class BillingProjector(Projector):
    """One row per invoice, per credit note, per payment."""

    NAME = "billing"
    PARALLEL = True
    TABLES = (INVOICES, CREDIT_NOTES, PAYMENTS)
    READS = frozenset(
        (
            "timestamp",
            "number",
            "seller",
            "subject_kind",
            "subject_id",
            "member_id",
            "payer_id",
            "invoice_id",
            "net",
            "tax",
            "gross",
            "lines",
            "taxes",
            "paid",
            "amount",
            "credited",
            "refund",
            "reason",
        )
    )

    def __init__(self) -> None:
        super().__init__()
        self.on = {
            Invoice.Issued: self._issued,
            Invoice.ReviewRequired: self._review,
            Invoice.ChargeApproved: self._approved,
            Invoice.PartlyPaid: self._partly_paid,
            Invoice.Paid: self._paid,
            Invoice.Credited: self._credited,
            CreditNote.Issued: self._note_issued,
            Payment.HoldRequested: self._hold_requested,
            **dict.fromkeys(_PAYMENT_STATES, self._payment_changed),
        }

    def _issued(self, recorded: RecordedEvent, event: Invoice.Issued) -> Changes:
        yield INVOICES.insert(
            invoice_id=event.originator_id,
            service=recorded.metadata.service,
            number=event.number,
            seller=event.seller.id,
            subject_kind=event.subject_kind,
            subject_id=event.subject_id,
            member_id=event.member_id,
            payer_id=event.payer_id,
            issued_at=event.timestamp,
            currency=event.gross.currency,
            net_minor=event.net.amount_minor,
            tax_minor=event.tax.amount_minor,
            gross_minor=event.gross.amount_minor,
            **event.model_dump(mode="json", include={"lines", "taxes"}),
        )

    def _review(self, recorded: RecordedEvent, event: Invoice.ReviewRequired) -> Changes:
        yield INVOICES.update(event.originator_id, state="in_review")

    def _approved(self, recorded: RecordedEvent, event: Invoice.ChargeApproved) -> Changes:
        yield INVOICES.update(event.originator_id, state="open")

    def _partly_paid(self, recorded: RecordedEvent, event: Invoice.PartlyPaid) -> Changes:
        yield INVOICES.update(event.originator_id, paid_minor=event.paid.amount_minor)

    def _paid(self, recorded: RecordedEvent, event: Invoice.Paid) -> Changes:
        yield INVOICES.update(event.originator_id, paid_minor=event.amount.amount_minor, state="paid")

    def _credited(self, recorded: RecordedEvent, event: Invoice.Credited) -> Changes:
        yield INVOICES.given(event.originator_id, lambda invoice: [_less(invoice, event)])

    def _note_issued(self, recorded: RecordedEvent, event: CreditNote.Issued) -> Changes:
        yield CREDIT_NOTES.insert(
            credit_note_id=event.originator_id,
            service=recorded.metadata.service,
            number=event.number,
            seller=event.seller.id,
            invoice_id=event.invoice_id,
            payer_id=event.payer_id,
            issued_at=event.timestamp,
            currency=event.gross.currency,
            net_minor=event.net.amount_minor,
            tax_minor=event.tax.amount_minor,
            gross_minor=event.gross.amount_minor,
            reason=event.reason,
        )

    def _hold_requested(self, recorded: RecordedEvent, event: Payment.HoldRequested) -> Changes:
        yield PAYMENTS.insert(
            payment_id=event.originator_id,
            service=recorded.metadata.service,
            payer_id=event.payer_id,
            subject_kind=event.subject_kind,
            subject_id=event.subject_id,
            amount_minor=event.amount.amount_minor,
            currency=event.amount.currency,
            state="hold_requested",
            changed_at=event.timestamp,
        )

    def _payment_changed(self, recorded: RecordedEvent, event: Event) -> Changes:
        yield PAYMENTS.update(event.originator_id, state=_PAYMENT_STATES[type(event)], changed_at=event.timestamp)


def _less(invoice: Values, event: Invoice.Credited) -> Update:
    """What is left of an invoice of which a part was taken back, or all."""
    credited = event.credited.amount_minor
    paid = invoice["paid_minor"] - event.refund.amount_minor
    if credited == invoice["gross_minor"]:
        state = "credited"
    else:
        state = "paid" if invoice["gross_minor"] - credited == paid else invoice["state"]
    return INVOICES.update(event.originator_id, credited_minor=credited, paid_minor=paid, state=state)
