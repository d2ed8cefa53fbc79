"""What must be true of the log whatever happened, checked from the events alone."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from domain.billing.credit_note import CreditNote
from domain.billing.invoice import Invoice
from domain.billing.number_range import NumberRange
from domain.billing.payment import Payment
from domain.kernel.aggregate import DomainEvent
from domain.kernel.messages import RecordedEvent
from domain.kernel.money import Money
from domain.rental.reservation import Reservation
from domain.rental.trip import Trip


@dataclass
class InvariantResult:
    """How many cases were looked at, and a sentence for each one that breaks the law."""

    checked: int = 0
    broken: list[str] = field(default_factory=list)

    def expect(self, holds: bool, sentence: str) -> None:
        """Count one case."""
        self.checked += 1
        if not holds:
            self.broken.append(sentence)


@dataclass
class Claims:
    """Who has which car: one claim is an open reservation or an open trip, by its id."""

    cars: InvariantResult = field(default_factory=InvariantResult)
    members: InvariantResult = field(default_factory=InvariantResult)
    _whose: dict[UUID, tuple[UUID, UUID]] = field(default_factory=dict)
    _of_car: defaultdict[UUID, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    _of_member: defaultdict[UUID, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    _touched: set[UUID] = field(default_factory=set)
    _append: UUID | None = None

    def observe(self, recorded: RecordedEvent) -> None:
        """Events of one append happen at once: the claims are counted when it is complete."""
        if recorded.metadata.command_id != self._append:
            self.settle()
            self._append = recorded.metadata.command_id
        event = recorded.event
        if isinstance(event, Reservation.Placed | Trip.Requested):
            self._whose[event.originator_id] = (event.vehicle_id, event.member_id)
            self._open(event.originator_id)
        elif isinstance(event, Reservation.GivenBack):
            self._open(event.originator_id)
        elif isinstance(
            event,
            Reservation.Cancelled | Reservation.Expired | Reservation.Converted | Trip.StartFailed | Trip.Ended,
        ):
            self._close(event.originator_id)

    def settle(self) -> None:
        """Count the claims on all cars and members that the last append touched."""
        for claim in self._touched:
            car, member = self._whose[claim]
            self.cars.expect(len(self._of_car[car]) <= 1, f"car {car} has {len(self._of_car[car])} claims at once")
            mine = len(self._of_member[member])
            self.members.expect(mine <= 1, f"member {member} has {mine} reservations and trips at once")
        self._touched.clear()

    def _open(self, claim: UUID) -> None:
        if claim in self._whose:
            car, member = self._whose[claim]
            self._of_car[car].add(claim)
            self._of_member[member].add(claim)
            self._touched.add(claim)

    def _close(self, claim: UUID) -> None:
        if claim in self._whose:
            car, member = self._whose[claim]
            self._of_car[car].discard(claim)
            self._of_member[member].discard(claim)
            self._touched.add(claim)


@dataclass
class Books:
    """What was priced, charged and numbered."""

    cents: InvariantResult = field(default_factory=InvariantResult)
    numbers: InvariantResult = field(default_factory=InvariantResult)
    open_trips: set[UUID] = field(default_factory=set)
    ended_trips: set[UUID] = field(default_factory=set)
    charged_reservations: set[UUID] = field(default_factory=set)
    invoices_of: defaultdict[UUID, list[str]] = field(default_factory=lambda: defaultdict(list))
    in_review: set[UUID] = field(default_factory=set)
    held: dict[UUID, UUID] = field(default_factory=dict)
    """Trip of each payment whose hold has neither been captured nor released."""
    holds: int = 0
    _invoices: dict[UUID, Invoice.Issued] = field(default_factory=dict)
    _captured: dict[UUID, Money] = field(default_factory=dict)
    _last: defaultdict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    taken: dict[UUID, str] = field(default_factory=dict)
    borne: dict[UUID, str] = field(default_factory=dict)

    def observe(self, recorded: RecordedEvent) -> None:
        """Enter one event."""
        self._ride(recorded.event)
        self._document(recorded.event)
        self._payment(recorded.event)

    def _ride(self, happened: DomainEvent) -> None:
        match happened:
            case Trip.Requested() as event:
                self.open_trips.add(event.originator_id)
            case Trip.StartFailed() as event:
                self.open_trips.discard(event.originator_id)
            case Trip.Ended() as event:
                self.open_trips.discard(event.originator_id)
                self.ended_trips.add(event.originator_id)
            case Reservation.ChargeDue() as event:
                self.charged_reservations.add(event.originator_id)

    def _document(self, happened: DomainEvent) -> None:
        match happened:
            case Invoice.Issued() as event:
                self._issued(event)
            case Invoice.ReviewRequired() as event:
                self.in_review.add(self._invoices[event.originator_id].trip_id)
            case Invoice.ChargeApproved() as event:
                self.in_review.discard(self._invoices[event.originator_id].trip_id)
            case CreditNote.Issued() as event:
                self.borne[event.originator_id] = event.number
            case NumberRange.Taken() as event:
                self._numbered(event)

    def _payment(self, happened: DomainEvent) -> None:
        match happened:
            case Payment.Held() as event:
                self.holds += 1
                self.held[event.originator_id] = event.trip_id
            case Payment.Captured() as event:
                self.held.pop(event.originator_id, None)
                self._charged(event)
            case Payment.Released() as event:
                self.held.pop(event.originator_id, None)

    def _issued(self, event: Invoice.Issued) -> None:
        self._invoices[event.originator_id] = event
        self.borne[event.originator_id] = event.number
        self.invoices_of[event.trip_id].append(event.number)
        on_top = (tax.amount for tax in event.taxes if not tax.inclusive)
        explained = Money.total((*(line.amount for line in event.lines), *on_top), event.gross.currency)
        self.cents.expect(explained == event.gross, f"invoice {event.number} asks {event.gross}, lines say {explained}")
        self.cents.expect(event.net + event.tax == event.gross, f"invoice {event.number}: net and tax are not gross")

    def _charged(self, event: Payment.Captured) -> None:
        invoice = self._invoices.get(event.invoice_id)
        if invoice is None:
            self.cents.expect(False, f"{event.amount} was captured for {event.invoice_id}, which is no invoice")
            return
        zero = Money.zero(invoice.gross.currency)
        total = self._captured[event.invoice_id] = self._captured.get(event.invoice_id, zero) + event.amount
        self.cents.expect(total <= invoice.gross, f"{total} was captured for {invoice.number} over {invoice.gross}")

    def _numbered(self, event: NumberRange.Taken) -> None:
        expected = self._last[event.originator_id] + 1
        self.numbers.expect(event.sequence == expected, f"{event.number} follows where number {expected} is due")
        self._last[event.originator_id] = event.sequence
        self.taken[event.document_id] = event.number


class Invariants:
    """Folds over the log in order; may be asked at any time."""

    def __init__(self) -> None:
        self._claims = Claims()
        self._books = Books()

    def observe(self, recorded: RecordedEvent) -> None:
        """Take in the next event."""
        self._claims.observe(recorded)
        self._books.observe(recorded)

    def report(self, finished: bool = True) -> dict[str, InvariantResult]:
        """Each law by its name. While the system still runs (not `finished`), what is yet to come is not missed."""
        self._claims.settle()
        checks: dict[str, Callable[[Books, bool], InvariantResult]] = {
            "ended_trip_has_one_invoice": _invoices,
            "hold_is_captured_or_released": _holds,
            "numbers_have_no_gap": _numbers,
        }
        return {
            "car_has_one_claim": self._claims.cars,
            "member_has_one_claim": self._claims.members,
            "cent_is_explained": self._books.cents,
            **{name: check(self._books, finished) for name, check in checks.items()},
        }


def _invoices(books: Books, finished: bool) -> InvariantResult:
    result = InvariantResult()
    for trip in sorted(books.ended_trips):
        count = len(books.invoices_of.get(trip, ()))
        result.expect(count == 1 or (count == 0 and not finished), f"trip {trip} has {count} invoices")
    for trip, numbers in books.invoices_of.items():
        if trip not in books.ended_trips:
            due = trip in books.charged_reservations and len(numbers) == 1
            result.expect(due, f"{', '.join(numbers)}: {trip} is not one ended trip or charged reservation")
    return result


def _holds(books: Books, finished: bool) -> InvariantResult:
    """A trip under way, and a charge in review, keep their hold."""
    waiting = books.open_trips | books.in_review
    lost = [payment for payment, trip in books.held.items() if trip not in waiting] if finished else []
    return InvariantResult(books.holds, [f"payment {p} is held, neither captured nor released" for p in lost])


def _numbers(books: Books, finished: bool) -> InvariantResult:  # noqa: ARG001
    result = InvariantResult(books.numbers.checked, list(books.numbers.broken))
    for document in books.taken.keys() | books.borne.keys():
        taken, borne = books.taken.get(document), books.borne.get(document)
        result.expect(taken == borne, f"document {document} bears {borne}, the range gave it {taken}")
    return result
