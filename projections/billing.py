"""Charges and what is doubted of them, invoices with their lines and what is open, credit notes, payments, refunds."""

from typing import Any, Literal

from domain.billing.charge import Charge
from domain.billing.commands import DecisionKind
from domain.billing.credit_note import CreditNote
from domain.billing.decision import Decided
from domain.billing.estimate import Estimate
from domain.billing.invoice import Invoice
from domain.billing.payment import Payment
from domain.billing.transfer import Transfer
from domain.kernel.aggregate import Event
from domain.kernel.messages import RecordedEvent
from domain.rental.trip import Trip
from projections.kernel.changes import Changes, Table, Update, Values
from projections.kernel.projector import Projector
from projections.payment_states import PAYMENT_STATES

CHARGES = Table("charges", ("charge_id",))
INVOICES = Table("invoices", ("invoice_id",))
CREDIT_NOTES = Table("credit_notes", ("credit_note_id",))
PAYMENTS = Table("payments", ("payment_id",))
REFUNDS = Table("refunds", ("payment_id", "credit_note_id"))

_DECISIONS: dict[type[Event], DecisionKind] = {
    Charge.Approved: "approve",
    Charge.Corrected: "correct",
    Charge.Waived: "waive",
}
_REFUND_STATES: dict[type[Event], Literal["refunded", "given_up", "paid_by_other_means"]] = {
    Payment.Refunded: "refunded",
    Payment.RefundGivenUp: "given_up",
    Payment.RefundPaidByOtherMeans: "paid_by_other_means",
}
_OWED_NO_MORE: dict[type[Event], Literal["paid_by_other_means", "dropped"]] = {
    Transfer.RefundPaidByOtherMeans: "paid_by_other_means",
    Transfer.RefundDropped: "dropped",
}
_NO_CREDIT_PROPOSED: dict[str, Any] = {"credit_proposal": None, "credit_proposed_by": None}
_SETTLED: dict[str, Any] = {"decline_code": None, "retry_at": None}
"""Of an invoice that nobody tries to charge any more."""


class BillingProjector(Projector):
    """One row per charge, per invoice, per credit note, per payment, per refund for a credit note."""

    NAME = "billing"
    PARALLEL = True
    TABLES = (CHARGES, INVOICES, CREDIT_NOTES, PAYMENTS, REFUNDS)
    READS = frozenset(
        (
            "timestamp",
            "number",
            "issued_on",
            "supplied_from",
            "supplied_on",
            "city_id",
            "seller",
            "subject_kind",
            "subject_id",
            "member_id",
            "payer_id",
            "invoice_id",
            "net",
            "tax",
            "gross",
            "charges",
            "taxes",
            "paid",
            "amount",
            "credited",
            "refund",
            "reason",
            "seller_id",
            "reasons",
            "price",
            "kind",
            "proposal",
            "credit",
            "decided_by",
            "proposed_by",
            "decline_code",
            "retry_at",
            "failures",
            "credit_note_id",
            "facts",
            "collected_from",
            "objection",
        )
    )

    def __init__(self) -> None:
        super().__init__()
        self.on = {
            Charge.Raised: self._raised,
            Charge.FeeRaised: self._fee_raised,
            Charge.ProductRaised: self._raised,
            Charge.Announced: self._announced,
            Charge.ObjectedTo: self._objected_to,
            Charge.ReviewRequired: self._review,
            Charge.DecisionProposed: self._proposed,
            **dict.fromkeys(_DECISIONS, self._decided),
            Charge.Deferred: self._deferred,
            Charge.Billed: self._billed,
            Invoice.Issued: self._issued,
            Invoice.PaymentFailed: self._payment_failed,
            Invoice.CreditProposed: self._credit_proposed,
            Invoice.PartlyPaid: self._partly_paid,
            Invoice.Paid: self._paid,
            Invoice.Credited: self._credited,
            CreditNote.Issued: self._note_issued,
            Payment.HoldRequested: self._hold_requested,
            **dict.fromkeys(PAYMENT_STATES, self._payment_changed),
            Payment.RefundRequested: self._refund_requested,
            **dict.fromkeys(_REFUND_STATES, self._refund_changed),
            Payment.RefundFailed: self._refund_failed,
            Invoice.TransferReceived: self._transfer_counted,
            Invoice.TransferTakenBack: self._transfer_lost,
            Transfer.RefundOwed: self._owed,
            **dict.fromkeys(_OWED_NO_MORE, self._owed_no_more),
        }

    def _raised(self, recorded: RecordedEvent, event: Charge.Raised | Charge.ProductRaised) -> Changes:
        trip_id = event.subject_id if event.subject_kind == Trip.TOPIC else None
        yield CHARGES.insert(**_of_charge(recorded, event), trip_id=trip_id)

    def _fee_raised(self, recorded: RecordedEvent, event: Charge.FeeRaised) -> Changes:
        fee = {"fee": event.facts.fee_id, "trip_id": event.facts.trip_id}
        yield CHARGES.insert(**_of_charge(recorded, event), **fee, **_price(event.price))

    def _announced(self, recorded: RecordedEvent, event: Charge.Announced) -> Changes:
        due = {"state": "announced", "collected_from": event.collected_from}
        yield CHARGES.update(event.originator_id, **due, **_price(event.price))

    def _objected_to(self, recorded: RecordedEvent, event: Charge.ObjectedTo) -> Changes:
        why = {"objection": event.objection, **event.model_dump(mode="json", include={"reasons"})}
        yield CHARGES.update(event.originator_id, state="in_review", **why)

    def _review(self, recorded: RecordedEvent, event: Charge.ReviewRequired) -> Changes:
        why = event.model_dump(mode="json", include={"reasons"})
        yield CHARGES.update(event.originator_id, state="in_review", **why, **_price(event.price))

    def _proposed(self, recorded: RecordedEvent, event: Charge.DecisionProposed) -> Changes:
        proposal = event.proposal
        what = {"proposal": proposal.content, "decision_reason": event.reason}
        yield CHARGES.update(event.originator_id, proposed_by=proposal.proposed_by, **what)

    def _decided(self, recorded: RecordedEvent, event: Decided) -> Changes:
        decision = _DECISIONS[type(event)]
        state = "waived" if decision == "waive" else "raised"
        who = {"decided_by": event.decided_by, "proposed_by": event.proposed_by}
        why = {"decision": decision, "decision_reason": event.reason}
        yield CHARGES.update(event.originator_id, state=state, proposal=None, **who, **why)

    def _deferred(self, recorded: RecordedEvent, event: Charge.Deferred) -> Changes:
        yield CHARGES.update(event.originator_id, state="waiting", supplied_on=event.supplied_on, **_price(event.price))

    def _billed(self, recorded: RecordedEvent, event: Charge.Billed) -> Changes:
        yield CHARGES.update(event.originator_id, state="billed", invoice_id=event.invoice_id)

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
            city_id=event.city_id,
            issued_at=event.timestamp,
            issued_on=event.issued_on,
            supplied_from=event.supplied_from,
            supplied_on=event.supplied_on,
            currency=event.gross.currency,
            net_minor=event.net.amount_minor,
            tax_minor=event.tax.amount_minor,
            gross_minor=event.gross.amount_minor,
            lines=[line.model_dump(mode="json") for line in event.lines],
            **event.model_dump(mode="json", include={"taxes"}),
        )

    def _payment_failed(self, recorded: RecordedEvent, event: Invoice.PaymentFailed) -> Changes:
        yield INVOICES.update(event.originator_id, decline_code=event.decline_code, retry_at=event.retry_at)

    def _credit_proposed(self, recorded: RecordedEvent, event: Invoice.CreditProposed) -> Changes:
        proposal = event.credit.proposal
        what = {"credit_proposal": proposal.content, "credit_proposed_by": proposal.proposed_by}
        yield INVOICES.update(event.originator_id, **what)

    def _partly_paid(self, recorded: RecordedEvent, event: Invoice.PartlyPaid) -> Changes:
        again = {} if event.retry_at is None else {"retry_at": event.retry_at}
        yield INVOICES.update(event.originator_id, paid_minor=event.paid.amount_minor, **again)

    def _paid(self, recorded: RecordedEvent, event: Invoice.Paid) -> Changes:
        yield INVOICES.update(event.originator_id, paid_minor=event.amount.amount_minor, state="paid", **_SETTLED)

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
            issued_on=event.issued_on,
            currency=event.gross.currency,
            net_minor=event.net.amount_minor,
            tax_minor=event.tax.amount_minor,
            gross_minor=event.gross.amount_minor,
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
        yield PAYMENTS.update(event.originator_id, state=PAYMENT_STATES[type(event)], changed_at=event.timestamp)

    def _refund_requested(self, recorded: RecordedEvent, event: Payment.RefundRequested) -> Changes:
        yield from self._payment_changed(recorded, event)
        key = (event.originator_id, event.credit_note_id)
        yield REFUNDS.upsert(
            key,
            service=recorded.metadata.service,
            number=event.number,
            amount_minor=event.amount.amount_minor,
            currency=event.amount.currency,
            state="pending",
            retry_at=None,
            changed_at=event.timestamp,
        )

    def _refund_changed(
        self, recorded: RecordedEvent, event: Payment.Refunded | Payment.RefundGivenUp | Payment.RefundPaidByOtherMeans
    ) -> Changes:
        yield from self._payment_changed(recorded, event)
        key = (event.originator_id, event.credit_note_id)
        yield REFUNDS.update(key, state=_REFUND_STATES[type(event)], retry_at=None, changed_at=event.timestamp)

    def _refund_failed(self, recorded: RecordedEvent, event: Payment.RefundFailed) -> Changes:
        yield from self._payment_changed(recorded, event)
        key = (event.originator_id, event.credit_note_id)
        why = {"decline_code": event.decline_code, "failures": event.failures, "retry_at": event.retry_at}
        yield REFUNDS.update(key, state="failed", changed_at=event.timestamp, **why)

    def _transfer_counted(self, recorded: RecordedEvent, event: Invoice.TransferReceived) -> Changes:
        yield INVOICES.update(event.originator_id, paid_minor=event.paid.amount_minor)

    def _transfer_lost(self, recorded: RecordedEvent, event: Invoice.TransferTakenBack) -> Changes:
        paid = event.paid.amount_minor

        def reopened(invoice: Values) -> Changes:
            is_due = invoice["gross_minor"] - invoice["credited_minor"] > paid
            yield INVOICES.update(event.originator_id, paid_minor=paid, state="open" if is_due else invoice["state"])

        yield INVOICES.given(event.originator_id, reopened)

    def _owed(self, recorded: RecordedEvent, event: Transfer.RefundOwed) -> Changes:
        if event.credit_note_id is not None:
            yield REFUNDS.upsert(
                (event.originator_id, event.credit_note_id),
                service=recorded.metadata.service,
                number=event.number,
                amount_minor=event.amount.amount_minor,
                currency=event.amount.currency,
                state="by_hand",
                changed_at=event.timestamp,
            )

    def _owed_no_more(
        self, recorded: RecordedEvent, event: Transfer.RefundPaidByOtherMeans | Transfer.RefundDropped
    ) -> Changes:
        if event.credit_note_id is not None:
            key = (event.originator_id, event.credit_note_id)
            yield REFUNDS.update(key, state=_OWED_NO_MORE[type(event)], changed_at=event.timestamp)


def _less(invoice: Values, event: Invoice.Credited) -> Update:
    """What is left of an invoice of which a part was taken back, or all."""
    credited = event.credited.amount_minor
    paid = invoice["paid_minor"] - event.refund.amount_minor
    if credited == invoice["gross_minor"] and paid >= 0:
        state = "credited"
    else:
        state = "paid" if invoice["gross_minor"] - credited == paid else invoice["state"]
    settled = _NO_CREDIT_PROPOSED | ({} if state == "open" else _SETTLED)
    sums = {"credited_minor": credited, "paid_minor": paid}
    return INVOICES.update(event.originator_id, **sums, state=state, **settled)


def _of_charge(recorded: RecordedEvent, event: Charge.Raised | Charge.FeeRaised | Charge.ProductRaised) -> Values:
    return {
        "charge_id": event.originator_id,
        "service": recorded.metadata.service,
        "subject_kind": event.subject_kind,
        "subject_id": event.subject_id,
        "member_id": event.member_id,
        "payer_id": event.payer_id,
        "seller": event.seller_id,
        "raised_at": event.timestamp,
    }


def _price(price: Estimate) -> Values:
    return {"currency": price.gross.currency, "price_minor": price.gross.amount_minor}
