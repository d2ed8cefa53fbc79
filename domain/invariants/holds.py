"""Every hold is captured or released, or lost at the provider."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.billing.charge import Charge
from domain.billing.payment import Payment
from domain.invariants.law import InvariantResult
from domain.kernel.aggregate import DomainEvent, Event
from domain.kernel.messages import RecordedEvent
from domain.kernel.money import Money
from domain.rental.trip import Trip

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

PATIENCE = timedelta(days=1)
"""How long a hold may stay unanswered while the system runs."""


@dataclass(frozen=True)
class _Hold:
    """Money asked for and neither declined, captured nor released."""

    subject: tuple[str, UUID]
    """What it is for, by kind and id."""
    asked_at: datetime
    amount: Money
    answered: bool = False
    settling: bool = False
    """A capture or a release was asked for: nothing keeps it any more."""
    release_refused: str | None = None
    """The provider's code."""


@dataclass
class Holds:
    """From the request on. A trip under way, and a charge in review, keep their hold.

    A capture and what it leaves unused, or a release, are exactly what was held. A request that was never answered is
    open work: while the system runs once `PATIENCE` is over, in a finished log at once. So is a hold whose release the
    provider refused, at any time, until a release succeeds: the provider's hold ends by itself only after days, and
    nothing of ours asks again unless an operator does.
    """

    _seen: InvariantResult = field(default_factory=InvariantResult)
    _open: dict[UUID, _Hold] = field(default_factory=dict)
    _under_way: set[tuple[str, UUID]] = field(default_factory=set)
    """Trips, by kind and id."""
    _subjects: dict[UUID, tuple[str, UUID]] = field(default_factory=dict)
    """What charges are for."""
    _in_review: set[tuple[str, UUID]] = field(default_factory=set)
    """What the charges in review are for."""
    _now: datetime = EPOCH
    """Of the newest event."""

    def observe(self, recorded: RecordedEvent) -> None:
        """Take in the next event."""
        self._now = recorded.event.timestamp
        self._trip(recorded.event)
        self._review(recorded.event)
        self._payment(recorded.event)

    def results(self, finished: bool) -> dict[str, InvariantResult]:
        """What was settled wrongly, and what is open that should not be."""
        result = self._seen.copy()
        for payment_id, hold in self._open.items():
            problem = self._problem(hold, finished)
            result.expect(problem is None, f"payment {payment_id}: {hold.amount} {problem}")
        return {"hold_is_captured_or_released": result}

    def _trip(self, happened: DomainEvent) -> None:
        match happened:
            case Trip.Requested() as event:
                self._under_way.add((Trip.TOPIC, event.originator_id))
            case Trip.StartFailed() | Trip.Ended() as event:
                self._under_way.discard((Trip.TOPIC, event.originator_id))

    def _review(self, happened: DomainEvent) -> None:
        match happened:
            case (Charge.Raised() | Charge.FeeRaised() | Charge.ProductRaised()) as event:
                self._subjects[event.originator_id] = (event.subject_kind, event.subject_id)
            case (Charge.ReviewRequired() | Charge.ObjectedTo()) as event if event.originator_id in self._subjects:
                self._in_review.add(self._subjects[event.originator_id])
            case Charge.Approved() | Charge.Corrected() | Charge.Waived() as event:
                self._in_review.discard(self._subjects.get(event.originator_id, ("", event.originator_id)))

    def _payment(self, happened: DomainEvent) -> None:
        match happened:
            case Payment.HoldRequested() as event:
                self._open[event.originator_id] = _Hold(
                    (event.subject_kind, event.subject_id), event.timestamp, event.amount
                )
            case Payment.HoldDeclined() as event:
                self._open.pop(event.originator_id, None)
                self._seen.checked += 1
            case Payment.Held() as event:
                self._held(event)
            case Payment.CaptureRequested() | Payment.ReleaseRequested() as event:
                self._change(event, settling=True, release_refused=None)
            case Payment.ReleaseFailed() as event:
                self._change(event, release_refused=event.decline_code)
            case Payment.Captured() as event:
                self._settled(event, event.amount + event.unused)
            case Payment.Released() | Payment.HoldLost() as event:
                self._settled(event, event.amount)

    def _held(self, event: Payment.Held) -> None:
        hold = self._open.get(event.originator_id)
        asked = None if hold is None else hold.amount
        self._seen.expect(asked == event.amount, f"payment {event.originator_id} holds {event.amount}, not {asked}")
        self._change(event, answered=True)

    def _settled(self, event: Payment.Captured | Payment.Released | Payment.HoldLost, amount: Money) -> None:
        hold = self._open.pop(event.originator_id, None)
        held = hold.amount if hold and hold.answered else None
        self._seen.expect(held == amount, f"payment {event.originator_id} settled {amount}, {held} was held")

    def _change(self, event: Event, **facts: Any) -> None:
        if hold := self._open.get(event.originator_id):
            self._open[event.originator_id] = replace(hold, **facts)

    def _problem(self, hold: _Hold, finished: bool) -> str | None:
        if hold.release_refused:
            return f"is held, its release was refused ({hold.release_refused})"
        if not hold.answered:
            late = finished or self._now - hold.asked_at > PATIENCE
            return f"was to be held at {hold.asked_at}, which was never answered" if late else None
        kept = hold.subject in self._under_way or hold.subject in self._in_review
        if not finished or (kept and not hold.settling):
            return None
        return "is held, neither captured nor released"
