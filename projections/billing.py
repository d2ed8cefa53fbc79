"""Invoices with their explained lines and what is still open, credit notes, and payments."""

from domain.billing.credit_note import CreditNote
from domain.billing.invoice import Invoice
from domain.billing.payment import Payment
from domain.kernel.aggregate import Event
from domain.kernel.messages import RecordedEvent
from projections.projector import Database, Projector

_ISSUED = """
insert into read_v1.invoices
    (invoice_id, service, number, seller, member_id, trip_id, issued_at, currency, net_minor, tax_minor, gross_minor,
    lines, taxes)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::text::jsonb -> 'lines', $12::text::jsonb -> 'taxes')
on conflict (invoice_id) do nothing
"""
_STATE = "update read_v1.invoices set state = $2 where invoice_id = $1"
_PARTLY_PAID = "update read_v1.invoices set paid_minor = $2 where invoice_id = $1"
_PAID = "update read_v1.invoices set paid_minor = $2, state = 'paid' where invoice_id = $1"
_CREDITED = """
update read_v1.invoices
set credited_minor = $2, paid_minor = paid_minor - $3,
    state = case when gross_minor = $2 then 'credited'
        when gross_minor - $2 = paid_minor - $3 then 'paid' else state end
where invoice_id = $1
"""
_NOTE = """
insert into read_v1.credit_notes
    (credit_note_id, service, number, seller, invoice_id, member_id, issued_at, currency, net_minor, tax_minor,
    gross_minor, reason)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
on conflict (credit_note_id) do nothing
"""
_PAYMENT = """
insert into read_v1.payments (payment_id, service, member_id, trip_id, amount_minor, currency, state, changed_at)
values ($1, $2, $3, $4, $5, $6, 'hold_requested', $7)
on conflict (payment_id) do nothing
"""
_PAYMENT_STATE = "update read_v1.payments set state = $2, changed_at = $3 where payment_id = $1"

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
    TABLES = ("read_v1.invoices", "read_v1.credit_notes", "read_v1.payments")

    def __init__(self) -> None:
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

    async def _issued(self, recorded: RecordedEvent, event: Invoice.Issued, db: Database) -> None:
        shown = event.model_dump_json(include={"lines", "taxes"})
        await db.execute(
            _ISSUED,
            event.originator_id,
            recorded.metadata.service,
            event.number,
            event.seller.id,
            event.member_id,
            event.trip_id,
            event.timestamp,
            event.gross.currency,
            event.net.amount_minor,
            event.tax.amount_minor,
            event.gross.amount_minor,
            shown,
        )

    async def _review(self, recorded: RecordedEvent, event: Invoice.ReviewRequired, db: Database) -> None:
        await db.execute(_STATE, event.originator_id, "in_review")

    async def _approved(self, recorded: RecordedEvent, event: Invoice.ChargeApproved, db: Database) -> None:
        await db.execute(_STATE, event.originator_id, "open")

    async def _partly_paid(self, recorded: RecordedEvent, event: Invoice.PartlyPaid, db: Database) -> None:
        await db.execute(_PARTLY_PAID, event.originator_id, event.paid.amount_minor)

    async def _paid(self, recorded: RecordedEvent, event: Invoice.Paid, db: Database) -> None:
        await db.execute(_PAID, event.originator_id, event.amount.amount_minor)

    async def _credited(self, recorded: RecordedEvent, event: Invoice.Credited, db: Database) -> None:
        row = (event.originator_id, event.credited.amount_minor, event.refund.amount_minor)
        await db.execute(_CREDITED, *row)

    async def _note_issued(self, recorded: RecordedEvent, event: CreditNote.Issued, db: Database) -> None:
        await db.execute(
            _NOTE,
            event.originator_id,
            recorded.metadata.service,
            event.number,
            event.seller.id,
            event.invoice_id,
            event.member_id,
            event.timestamp,
            event.gross.currency,
            event.net.amount_minor,
            event.tax.amount_minor,
            event.gross.amount_minor,
            event.reason,
        )

    async def _hold_requested(self, recorded: RecordedEvent, event: Payment.HoldRequested, db: Database) -> None:
        await db.execute(
            _PAYMENT,
            event.originator_id,
            recorded.metadata.service,
            event.member_id,
            event.trip_id,
            event.amount.amount_minor,
            event.amount.currency,
            event.timestamp,
        )

    async def _payment_changed(self, recorded: RecordedEvent, event: Event, db: Database) -> None:
        await db.execute(_PAYMENT_STATE, event.originator_id, _PAYMENT_STATES[type(event)], event.timestamp)
