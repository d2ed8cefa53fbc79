"""What was had in advance is used once, and its price is earned once."""

from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from domain.billing.balance import Balance
from domain.billing.balance_event_bases import EntryEvent, UsesMoved
from domain.billing.terms import Terms
from domain.invariants.law import InvariantResult
from domain.kernel.ids import ChargeId
from domain.kernel.messages import RecordedEvent


@dataclass
class Balances:
    """How much of each period of each entry charges used, by what they say, and what of its price is yet to be earned.

    A charge uses something once at a time. What has ended has nothing left to be earned.
    """

    _seen: InvariantResult = field(default_factory=InvariantResult)
    _terms: dict[UUID, Terms] = field(default_factory=dict)
    _seconds: defaultdict[tuple[UUID, int], int] = field(default_factory=lambda: defaultdict(int))
    _minor: defaultdict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    _using: set[ChargeId] = field(default_factory=set)
    _unearned: defaultdict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    """In minor units."""

    def observe(self, recorded: RecordedEvent) -> None:
        """Take in the next event."""
        match recorded.event:
            case Balance.Used() as event:
                self._seen.expect(event.charge_id not in self._using, f"charge {event.charge_id} uses something twice")
                self._using.add(event.charge_id)
                self._moved(event, 1)
            case Balance.GivenBack() as event:
                self._seen.expect(event.charge_id in self._using, f"charge {event.charge_id} had used nothing")
                self._using.discard(event.charge_id)
                self._moved(event, -1)
            case EntryEvent() as event:
                self._terms[event.entry.entry_id] = event.entry.terms
                self._earned(event)
                if isinstance(event, Balance.Ended):
                    left = self._unearned[event.entry.entry_id]
                    self._seen.expect(not left, f"entry {event.entry.entry_id} has ended, {left} is yet to be earned")

    def results(self, finished: bool) -> dict[str, InvariantResult]:
        """What was used twice or earned twice."""
        del finished
        return {"balance_is_used_once": self._seen.copy()}

    def _moved(self, event: UsesMoved, sign: int) -> None:
        for one in event.uses:
            entry_id, terms = one.use.entry_id, self._terms[one.use.entry_id]
            self._seconds[entry_id, one.period] += sign * one.use.seconds
            self._minor[entry_id] += sign * one.use.amount.amount_minor
            used = self._seconds[entry_id, one.period]
            right = 0 <= used <= (terms.seconds or 0)
            self._seen.expect(right, f"{used} s of {terms.seconds} s of {entry_id} are used")
            if terms.amount is not None:
                minor = self._minor[entry_id]
                self._seen.expect(0 <= minor <= terms.amount.amount_minor, f"{minor} of {terms.amount} is used")
        self._earned(event)

    def _earned(self, event: EntryEvent | UsesMoved) -> None:
        for one in event.earned:
            self._unearned[one.entry_id] -= one.amount.amount_minor
            left = self._unearned[one.entry_id]
            self._seen.expect(left >= 0, f"more of entry {one.entry_id} is earned than was paid: {-left}")
