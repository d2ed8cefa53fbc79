"""One invoice for an ended trip or a charged reservation, and for nothing else."""

from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from domain.billing.invoice import Invoice
from domain.invariants.law import InvariantResult
from domain.kernel.messages import RecordedEvent
from domain.rental.reservation import Reservation
from domain.rental.trip import Trip


@dataclass
class Invoices:
    """What is to be invoiced, by kind and id, and the numbers of its invoices."""

    _due: set[tuple[str, UUID]] = field(default_factory=set)
    _issued: defaultdict[tuple[str, UUID], list[str]] = field(default_factory=lambda: defaultdict(list))

    def observe(self, recorded: RecordedEvent) -> None:
        """Take in the next event."""
        match recorded.event:
            case Trip.Ended() as event:
                self._due.add((Trip.TOPIC, event.originator_id))
            case Reservation.ChargeDue() as event:
                self._due.add((Reservation.TOPIC, event.originator_id))
            case Invoice.Issued() as event:
                self._issued[event.subject_kind, event.subject_id].append(event.number)

    def results(self, finished: bool) -> dict[str, InvariantResult]:
        """While the system runs, an invoice may be yet to come."""
        result = InvariantResult()
        for kind, id in sorted(self._due):
            count = len(self._issued.get((kind, id), ()))
            right = count == 1 or (count == 0 and not finished)
            result.expect(right, f"{kind} {id} is to be paid and has {count} invoices")
        for (kind, id), numbers in self._issued.items():
            if (kind, id) not in self._due:
                result.expect(False, f"{', '.join(numbers)}: nothing is to be paid for {kind} {id}")
        return {"charge_has_one_invoice": result}
