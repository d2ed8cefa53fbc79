"""Mandates and direct debits: what waits for the bank, what is in collection, and what came back."""

from domain.billing.debit import Debit
from domain.billing.mandate import Mandate
from domain.kernel.messages import RecordedEvent
from projections.kernel.changes import Changes, Table
from projections.kernel.projector import Projector

MANDATES = Table("mandates", ("mandate_id",))
DEBITS = Table("debits", ("debit_id",))


class DebitsProjector(Projector):
    """One row per mandate, without whose account it is; one per debit."""

    NAME = "debits"
    PARALLEL = True
    TABLES = (MANDATES, DEBITS)
    READS = frozenset(
        (
            "timestamp",
            "payer_id",
            "seller_id",
            "creditor_id",
            "reference",
            "signed_on",
            "collection_on",
            "reason",
            "invoice_id",
            "number",
            "mandate_id",
            "amount",
            "announced_for",
            "batch_id",
            "sequence",
            "value_on",
            "bank_fee",
            "retry_at",
            "came_back",
        )
    )

    def __init__(self) -> None:
        super().__init__()
        self.on = {
            Mandate.Signed: self._signed,
            Mandate.Used: self._used,
            Mandate.Ended: self._ended,
            Debit.Requested: self._requested,
            Debit.Batched: self._batched,
            Debit.Dropped: self._dropped,
            Debit.Rejected: self._rejected,
            Debit.Booked: self._booked,
            Debit.Returned: self._returned,
        }

    def _signed(self, recorded: RecordedEvent, event: Mandate.Signed) -> Changes:
        yield MANDATES.insert(
            mandate_id=event.originator_id,
            service=recorded.metadata.service,
            payer_id=event.payer_id,
            seller=event.seller_id,
            creditor_id=event.creditor_id,
            reference=event.reference,
            signed_on=event.signed_on,
            signed_at=event.timestamp,
        )

    def _used(self, recorded: RecordedEvent, event: Mandate.Used) -> Changes:
        yield MANDATES.update(event.originator_id, last_used_on=event.collection_on)

    def _ended(self, recorded: RecordedEvent, event: Mandate.Ended) -> Changes:
        yield MANDATES.update(event.originator_id, state="ended", end_reason=event.reason)

    def _requested(self, recorded: RecordedEvent, event: Debit.Requested) -> Changes:
        yield DEBITS.insert(
            debit_id=event.originator_id,
            service=recorded.metadata.service,
            payer_id=event.payer_id,
            invoice_id=event.invoice_id,
            number=event.number,
            mandate_id=event.mandate_id,
            seller=event.seller_id,
            amount_minor=event.amount.amount_minor,
            currency=event.amount.currency,
            announced_for=event.announced_for,
            requested_at=event.timestamp,
        )

    def _batched(self, recorded: RecordedEvent, event: Debit.Batched) -> Changes:
        what = {"batch_id": event.batch_id, "sequence": event.sequence, "collection_on": event.collection_on}
        amount = event.amount.amount_minor
        yield DEBITS.update(event.originator_id, state="in_collection", amount_minor=amount, **what)

    def _dropped(self, recorded: RecordedEvent, event: Debit.Dropped) -> Changes:
        yield DEBITS.update(event.originator_id, state="dropped", reason=event.reason)

    def _rejected(self, recorded: RecordedEvent, event: Debit.Rejected) -> Changes:
        yield DEBITS.update(event.originator_id, state="rejected", reason=event.reason, retry_at=event.retry_at)

    def _booked(self, recorded: RecordedEvent, event: Debit.Booked) -> Changes:
        state = {} if event.came_back else {"state": "collected"}
        yield DEBITS.update(event.originator_id, booked_on=event.value_on, booked_reference=event.reference, **state)

    def _returned(self, recorded: RecordedEvent, event: Debit.Returned) -> Changes:
        why = {"reason": event.reason, "retry_at": event.retry_at, "bank_fee_minor": event.bank_fee.amount_minor}
        what = {"returned_on": event.value_on, "returned_reference": event.reference}
        yield DEBITS.update(event.originator_id, state="returned", **why, **what)
