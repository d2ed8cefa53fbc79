"""What a credit note gives back is given back, asked for, or on record as refused."""

from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from domain.billing.invoice import Invoice
from domain.billing.payment import Payment
from domain.billing.transfer import Transfer
from domain.invariants.law import InvariantResult
from domain.kernel.messages import RecordedEvent
from domain.kernel.money import Money

Requested = (
    Payment.RefundRequested
    | Payment.Refunded
    | Payment.RefundFailed
    | Payment.RefundGivenUp
    | Payment.RefundPaidByOtherMeans
    | Transfer.RefundOwed
    | Transfer.RefundPaidByOtherMeans
    | Transfer.RefundDropped
)
Refused = Payment.RefundFailed | Payment.RefundGivenUp


@dataclass
class Refunds:
    """For each credit note, what is to be given back, and the newest that each payment says of it.

    While the system runs, a refusal is open work as soon as nothing of ours asks again. In a finished log the money
    must be back, by the provider or by other means.
    """

    _seen: InvariantResult = field(default_factory=InvariantResult)
    _captured: defaultdict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    """By payment or transfer, in minor units."""
    _owed: dict[UUID, Money] = field(default_factory=dict)
    _said: defaultdict[UUID, dict[UUID, Requested]] = field(default_factory=lambda: defaultdict(dict))

    def observe(self, recorded: RecordedEvent) -> None:
        """Take in the next event."""
        match recorded.event:
            case Payment.Captured() as event:
                self._captured[event.originator_id] += event.amount.amount_minor
            case Transfer.Received() as event:
                self._captured[event.originator_id] += event.counted.amount_minor
            case Invoice.Credited() as event:
                self._owed[event.credit_note_id] = event.refund
            case Payment.RefundRequested() as event:
                before = self._said[event.credit_note_id].get(event.originator_id)
                right = before is None or (isinstance(before, Refused) and before.amount == event.amount)
                self._expect(right, event, "was asked for again without a refusal")
                self._said[event.credit_note_id][event.originator_id] = event
            case Payment.RefundGivenUp() as event:
                before = self._said[event.credit_note_id].get(event.originator_id)
                refused = isinstance(before, Payment.RefundFailed) and before.retry_at is None
                right = refused and before is not None and before.amount == event.amount
                self._expect(right, event, "was given up too early")
                self._said[event.credit_note_id][event.originator_id] = event
            case Payment.RefundPaidByOtherMeans() as event:
                before = self._said[event.credit_note_id].get(event.originator_id)
                right = isinstance(before, Refused) and before.amount == event.amount
                self._expect(right, event, "was paid by other means without a refusal")
                self._said[event.credit_note_id][event.originator_id] = event
            case Transfer.RefundOwed() | Transfer.RefundPaidByOtherMeans() | Transfer.RefundDropped() as event:
                self._of_transfer(event)
            case Payment.Refunded() | Payment.RefundFailed() as event:
                before = self._said[event.credit_note_id].get(event.originator_id)
                right = isinstance(before, Payment.RefundRequested) and before.amount == event.amount
                self._expect(right, event, "was answered without having been asked for")
                self._said[event.credit_note_id][event.originator_id] = event

    def results(self, finished: bool) -> dict[str, InvariantResult]:
        """Whether each note's money is accounted for, and who waits for it in vain."""
        result = self._seen.copy()
        for note_id, owed in self._owed.items():
            said = self._said.get(note_id, {}).values()
            known = sum(event.amount.amount_minor for event in said if event.amount.currency is owed.currency)
            result.expect(
                known == owed.amount_minor, f"credit note {note_id} gives back {owed}, {known} minor is known"
            )
            for event in said:
                result.expect(not _is_open(event, finished), f"credit note {note_id}: {event.amount} is not given back")
        for payment_id, back in self._by_payment().items():
            taken = self._captured[payment_id]
            result.expect(back <= taken, f"payment {payment_id} gives back {back} of {taken} minor that it took")
        return {"refund_is_accounted_for": result}

    def _of_transfer(
        self, event: Transfer.RefundOwed | Transfer.RefundPaidByOtherMeans | Transfer.RefundDropped
    ) -> None:
        if event.credit_note_id is None:
            return
        before = self._said[event.credit_note_id].get(event.originator_id)
        if isinstance(event, Transfer.RefundOwed):
            self._expect(before is None, event, "is owed twice")
        else:
            right = isinstance(before, Transfer.RefundOwed) and before.amount == event.amount
            self._expect(right, event, "was settled without being owed")
        self._said[event.credit_note_id][event.originator_id] = event

    def _by_payment(self) -> dict[UUID, int]:
        """What each is to give back, whether it has or not, in minor units."""
        back: defaultdict[UUID, int] = defaultdict(int)
        for said in self._said.values():
            for payment_id, event in said.items():
                back[payment_id] += event.amount.amount_minor
        return back

    def _expect(self, right: bool, event: Requested, problem: str) -> None:
        self._seen.expect(right, f"a refund of {event.amount} by payment {event.originator_id} {problem}")


def _is_open(event: Requested, finished: bool) -> bool:
    match event:
        case Payment.RefundFailed():
            return finished or event.retry_at is None
        case Payment.RefundGivenUp() | Transfer.RefundOwed():
            return True
        case Payment.RefundRequested():
            return finished
        case _:
            return False
