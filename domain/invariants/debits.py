"""Nobody's account is debited twice for one thing."""

from dataclasses import dataclass, field
from uuid import UUID

from domain.billing.debit import Debit
from domain.billing.debit_batch import DebitBatch
from domain.billing.invoice import Invoice
from domain.invariants.law import InvariantResult
from domain.kernel.messages import RecordedEvent


@dataclass
class Debits:
    """Which debit is on its way for each invoice, and which batch has each debit."""

    _seen: InvariantResult = field(default_factory=InvariantResult)
    _on_its_way: dict[UUID, UUID] = field(default_factory=dict)
    _batch: dict[UUID, UUID] = field(default_factory=dict)
    _named: dict[UUID, UUID] = field(default_factory=dict)
    """By a batch, for the bank."""

    def observe(self, recorded: RecordedEvent) -> None:
        """Take in the next event."""
        match recorded.event:
            case Invoice.DebitOrdered() as event:
                known = self._on_its_way.setdefault(event.originator_id, event.debit_id)
                self._seen.expect(known == event.debit_id, f"invoice {event.originator_id} is debited twice at once")
            case Invoice.DebitEnded() as event:
                self._on_its_way.pop(event.originator_id, None)
            case Debit.Batched() as event:
                known = self._batch.setdefault(event.originator_id, event.batch_id)
                self._seen.expect(known == event.batch_id, f"debit {event.originator_id} stands in two batches")
            case DebitBatch.Made() as event:
                for one in event.collections:
                    known = self._named.setdefault(one.debit_id, event.originator_id)
                    self._seen.expect(known == event.originator_id, f"the bank is asked twice for debit {one.debit_id}")

    def results(self, finished: bool) -> dict[str, InvariantResult]:
        """What was broken; what a batch names and what its debits say are the same."""
        del finished
        result = self._seen.copy()
        for debit_id in {*self._batch, *self._named}:
            same = self._batch.get(debit_id) == self._named.get(debit_id)
            result.expect(same, f"debit {debit_id} and its batch do not know each other")
        return {"debit_is_asked_once": result}
