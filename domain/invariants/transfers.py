"""What came by bank transfer counts once, and what was too much of it goes back."""

from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from domain.billing.invoice import Invoice
from domain.billing.transfer import Transfer
from domain.invariants.law import InvariantResult
from domain.kernel.messages import RecordedEvent
from domain.kernel.money import Money


@dataclass
class Transfers:
    """What each transfer brought, what its invoice says of it, and what is still owed of it.

    While the system runs, an agent has time to pay back what was too much. In a finished log it must be back, or the
    bank has taken the transfer back before.
    """

    _seen: InvariantResult = field(default_factory=InvariantResult)
    _reported: dict[UUID, Money] = field(default_factory=dict)
    _counted: dict[UUID, Money] = field(default_factory=dict)
    """By the transfer's own word."""
    _invoiced: defaultdict[UUID, list[Money]] = field(default_factory=lambda: defaultdict(list))
    """By the word of invoices."""
    _owed: dict[UUID, Money] = field(default_factory=dict)
    """As too much."""
    _taken_back: set[UUID] = field(default_factory=set)

    def observe(self, recorded: RecordedEvent) -> None:
        """Take in the next event."""
        match recorded.event:
            case Transfer.Reported() as event:
                self._reported[event.originator_id] = event.amount
            case Transfer.Received() as event:
                self._received(event)
            case Invoice.TransferReceived() as event:
                self._invoiced[event.transfer_id].append(event.amount)
            case Transfer.RefundOwed() as event if event.credit_note_id is None:
                self._owed[event.originator_id] = event.amount
            case Transfer.RefundPaidByOtherMeans() | Transfer.RefundDropped() as event if event.credit_note_id is None:
                owed = self._owed.pop(event.originator_id, None)
                self._seen.expect(owed == event.amount, f"{event.amount} is given back, {owed} was too much")
            case Transfer.TakenBack() as event:
                known = self._reported.get(event.originator_id)
                right = event.originator_id not in self._taken_back and known == event.amount
                self._seen.expect(right, f"transfer {event.originator_id} of {known} loses {event.amount}")
                self._taken_back.add(event.originator_id)

    def results(self, finished: bool) -> dict[str, InvariantResult]:
        """Whether each is on one invoice as it says itself, and who waits for what."""
        result = self._seen.copy()
        for transfer_id in self._counted.keys() | self._invoiced.keys():
            told, counted = self._invoiced.get(transfer_id, []), self._counted.get(transfer_id)
            right = told == [counted]
            result.expect(right, f"{counted} of transfer {transfer_id} counts, its invoices say {[*map(str, told)]}")
        for transfer_id, owed in self._owed.items():
            result.expect(not finished, f"{owed} of transfer {transfer_id} was too much, and is not back")
        return {"transfer_counts_once": result}

    def _received(self, event: Transfer.Received) -> None:
        amount, counted = event.amount, event.counted
        fits = counted.currency is amount.currency and 0 <= counted.amount_minor <= amount.amount_minor
        right = fits and self._reported.get(event.originator_id) == amount and event.originator_id not in self._counted
        self._seen.expect(right, f"transfer {event.originator_id} of {amount} counts as {counted}")
        self._counted[event.originator_id] = counted
