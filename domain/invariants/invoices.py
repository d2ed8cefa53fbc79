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
    """What is to be invoiced, a trip or a reservation by its id, and the numbers of its invoices."""

    _due: set[UUID] = field(default_factory=set)
    _issued: defaultdict[UUID, list[str]] = field(default_factory=lambda: defaultdict(list))

    def observe(self, recorded: RecordedEvent) -> None:
        """Take in the next event."""
        match recorded.event:
            case Trip.Ended() | Reservation.ChargeDue() as event:
                self._due.add(event.originator_id)
            case Invoice.Issued() as event:
                self._issued[event.trip_id].append(event.number)

    def results(self, finished: bool) -> dict[str, InvariantResult]:
        """While the system runs, an invoice may be yet to come."""
        result = InvariantResult()
        for due in sorted(self._due):
            count = len(self._issued.get(due, ()))
            result.expect(count == 1 or (count == 0 and not finished), f"{due} is to be paid and has {count} invoices")
        for ride, numbers in self._issued.items():
            if ride not in self._due:
                result.expect(False, f"{', '.join(numbers)}: {ride} is no ended trip and no charged reservation")
        return {"ended_trip_has_one_invoice": result}
