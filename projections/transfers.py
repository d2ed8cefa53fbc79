"""Bank transfers: which invoice each is for, and what of it is owed to its payer."""

from domain.billing.transfer import Transfer
from domain.kernel.messages import RecordedEvent
from projections.kernel.changes import Changes, Table
from projections.kernel.projector import Projector

TRANSFERS = Table("transfers", ("transfer_id",))


class TransfersProjector(Projector):
    """One row per transfer."""

    NAME = "transfers"
    PARALLEL = True
    TABLES = (TRANSFERS,)
    READS = frozenset(
        (
            "timestamp",
            "seller_id",
            "reference",
            "amount",
            "value_on",
            "proposal",
            "counted",
            "assigned_by",
            "proposed_by",
            "invoice_id",
            "payer_id",
            "number",
        )
    )

    def __init__(self) -> None:
        super().__init__()
        self.on = {
            Transfer.Reported: self._reported,
            Transfer.AssignmentProposed: self._assignment_proposed,
            Transfer.Received: self._received,
            Transfer.RefundOwed: self._owed,
            Transfer.RefundPaidByOtherMeans: self._owed_no_more,
            Transfer.RefundDropped: self._owed_no_more,
            Transfer.TakenBack: self._taken_back,
        }

    def _reported(self, recorded: RecordedEvent, event: Transfer.Reported) -> Changes:
        yield TRANSFERS.insert(
            transfer_id=event.originator_id,
            service=recorded.metadata.service,
            seller=event.seller_id,
            reference=event.reference,
            amount_minor=event.amount.amount_minor,
            currency=event.amount.currency,
            value_on=event.value_on,
            recorded_at=event.timestamp,
        )

    def _assignment_proposed(self, recorded: RecordedEvent, event: Transfer.AssignmentProposed) -> Changes:
        proposal = event.proposal
        what = {"proposal": proposal.content, "proposed_by": proposal.proposed_by}
        yield TRANSFERS.update(event.originator_id, state="proposed", **what)

    def _received(self, recorded: RecordedEvent, event: Transfer.Received) -> Changes:
        who = {"assigned_by": event.assigned_by, "proposed_by": event.proposed_by, "proposal": None}
        for_what = {"invoice_id": event.invoice_id, "payer_id": event.payer_id, "number": event.number}
        counted = event.counted.amount_minor
        yield TRANSFERS.update(event.originator_id, state="received", counted_minor=counted, **for_what, **who)

    def _owed(self, recorded: RecordedEvent, event: Transfer.RefundOwed) -> Changes:
        yield TRANSFERS.update(event.originator_id, {"owed_minor": event.amount.amount_minor})

    def _owed_no_more(
        self, recorded: RecordedEvent, event: Transfer.RefundPaidByOtherMeans | Transfer.RefundDropped
    ) -> Changes:
        yield TRANSFERS.update(event.originator_id, {"owed_minor": -event.amount.amount_minor})

    def _taken_back(self, recorded: RecordedEvent, event: Transfer.TakenBack) -> Changes:
        yield TRANSFERS.update(event.originator_id, state="taken_back", taken_back_reference=event.reference)
