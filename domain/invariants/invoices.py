"""One charge for what ended and has a price, and one invoice for it at most; none while it is in review."""

from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from domain.billing.charge import Charge
from domain.billing.invoice import Invoice
from domain.billing.number_range import NumberRange
from domain.billing.payment import Payment
from domain.invariants.law import InvariantResult
from domain.kernel.messages import RecordedEvent
from domain.rental.reservation import Reservation
from domain.rental.scheduled import ScheduledReservation
from domain.rental.trip import Trip

Subject = tuple[str, UUID]
"""What is charged for, by kind and id."""


@dataclass
class Invoices:
    """What is to be charged for, the numbers of its invoices, and which charges are in review or were waived."""

    _in_review: InvariantResult = field(default_factory=InvariantResult)
    _due: set[Subject] = field(default_factory=set)
    _issued: defaultdict[Subject, list[str]] = field(default_factory=lambda: defaultdict(list))
    _subjects: dict[UUID, Subject] = field(default_factory=dict)
    """Of charges."""
    _held_back: dict[Subject, UUID] = field(default_factory=dict)
    """Of charges in review, and the ids that their invoices would have."""
    _not_collected: set[Subject] = field(default_factory=set)
    """What is announced, or waits to be, or for the end of its month."""
    _waived: set[Subject] = field(default_factory=set)
    _payments: dict[UUID, Subject] = field(default_factory=dict)
    _let_go: set[Subject] = field(default_factory=set)
    """Whose hold was given back."""

    def observe(self, recorded: RecordedEvent) -> None:
        """Take in the next event."""
        match recorded.event:
            case Trip.Ended() as event:
                self._due.add((Trip.TOPIC, event.originator_id))
            case Reservation.ChargeDue() | ScheduledReservation.ChargeDue() as event:
                self._due.add((event.TOPIC.rpartition(".")[0], event.originator_id))
            case Payment.HoldRequested() as event:
                self._payments[event.originator_id] = (event.subject_kind, event.subject_id)
            case Charge.Raised() | Charge.FeeRaised() | Charge.ProductRaised() as event:
                self._raised(event)
            case Charge.Deferred() as event if event.originator_id in self._subjects:
                self._not_collected.add(self._subjects[event.originator_id])
            case Charge.Billed() as event if event.originator_id in self._subjects:
                self._not_collected.discard(self._subjects[event.originator_id])
            case Charge.ReviewRequired() | Charge.ObjectedTo() as event if event.originator_id in self._subjects:
                subject = self._subjects[event.originator_id]
                self._held_back[subject] = Invoice.id_of(*subject)
                self._in_review.checked += 1
            case Charge.Approved() | Charge.Corrected() | Charge.Waived() as event:
                self._decided(event)
            case _:
                self._taken(recorded)

    def results(self, finished: bool) -> dict[str, InvariantResult]:
        """While the system runs, an invoice may be yet to come. In a review it has until that ends.

        What is free has no charge, and its hold is given back.
        """
        result, free = InvariantResult(), self._let_go - set(self._subjects.values())
        for subject in sorted(self._due):
            count = len(self._issued.get(subject, ()))
            kept = subject in self._held_back or subject in self._not_collected
            wanted = 0 if subject in self._waived or subject in free else 1
            right = count == wanted or (count == 0 and (kept or not finished))
            result.expect(right, f"{_named(subject)} is to be paid and has {count} invoices")
        for subject, numbers in self._issued.items():
            if subject not in self._due:
                result.expect(False, f"{', '.join(numbers)}: nothing is to be paid for {_named(subject)}")
        return {"charge_has_one_invoice": result, "review_takes_nothing": self._in_review.copy()}

    def _raised(self, event: Charge.Raised | Charge.FeeRaised | Charge.ProductRaised) -> None:
        subject = (event.subject_kind, event.subject_id)
        self._subjects[event.originator_id] = subject
        if not isinstance(event, Charge.Raised):
            self._due.add(subject)
        if isinstance(event, Charge.FeeRaised):
            self._not_collected.add(subject)

    def _decided(self, event: Charge.Approved | Charge.Corrected | Charge.Waived) -> None:
        if subject := self._subjects.get(event.originator_id):
            self._held_back.pop(subject, None)
            if isinstance(event, Charge.Waived):
                self._waived.add(subject)

    def _taken(self, recorded: RecordedEvent) -> None:
        match recorded.event:
            case Invoice.Issued() as event:
                for charge in event.charges:
                    self._issued[charge.subject_kind, charge.subject_id].append(event.number)
                    self._expect_no_review((charge.subject_kind, charge.subject_id), f"{event.number} was issued")
            case NumberRange.Taken() as event if event.document_id in self._held_back.values():
                self._in_review.expect(False, f"number {event.number} was taken for a charge in review")
            case Payment.CaptureRequested() | Payment.ReleaseRequested() as event:
                if subject := self._payments.get(event.originator_id):
                    if isinstance(event, Payment.ReleaseRequested):
                        self._let_go.add(subject)
                    what = type(event).TOPIC.rpartition(".")[2]
                    self._expect_no_review(subject, f"payment {event.originator_id} had its {what}")

    def _expect_no_review(self, subject: Subject, what: str) -> None:
        self._in_review.expect(subject not in self._held_back, f"{what} while {_named(subject)} is in review")


def _named(subject: Subject) -> str:
    return " ".join(map(str, subject))
