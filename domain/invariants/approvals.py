"""What is above the limit of a service was decided by two persons."""

from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from domain.billing.charge import Charge
from domain.billing.credit_note import CreditNote
from domain.billing.decision import Decided
from domain.billing.fee import FEE
from domain.billing.invoice import Invoice
from domain.billing.transfer import Transfer
from domain.invariants.law import InvariantResult
from domain.kernel.messages import RecordedEvent
from domain.kernel.money import Money
from domain.rental.trip import Trip


@dataclass
class Approvals:
    """Who proposed what, by charge, invoice or transfer, and what was credited of each invoice."""

    _seen: InvariantResult = field(default_factory=InvariantResult)
    _proposed: dict[UUID, str] = field(default_factory=dict)
    """By whom the open proposal is."""
    _facts_by: dict[UUID, str | None] = field(default_factory=dict)
    """Who said what is charged for, by charge: they do not decide alone."""
    _corrections: dict[UUID, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    """By trip."""
    _seconded: dict[UUID, str | None] = field(default_factory=dict)
    """By whom the newest correction was proposed that may credit an invoice."""
    _credited: dict[UUID, Money] = field(default_factory=dict)

    def observe(self, recorded: RecordedEvent) -> None:
        """Take in the next event."""
        match recorded.event:
            case Charge.Raised() | Charge.FeeRaised() as event:
                self._facts_by[event.originator_id] = _by(event)
            case Charge.DecisionProposed() as event:
                self._proposed[event.originator_id] = event.proposal.proposed_by
            case Invoice.CreditProposed() as event:
                self._proposed[event.originator_id] = event.credit.proposal.proposed_by
            case Transfer.AssignmentProposed() as event:
                self._proposed[event.originator_id] = event.proposal.proposed_by
            case Transfer.Received() as event if event.assigned_by is not None:
                about, who = event.originator_id, (event.proposed_by, event.assigned_by)
                self._judge(about, f"transfer {about}", event.amount, event.four_eyes_above, who)
            case Trip.CorrectionProposed() | Trip.Corrected() as event:
                self._corrects(event)
            case Decided() as event:
                self._decided(event)
            case CreditNote.Issued() as event:
                before = self._credited.get(event.invoice_id, Money.zero(event.gross.currency))
                together = self._credited[event.invoice_id] = before + event.gross
                who = (event.proposed_by, event.issued_by)
                self._judge(event.invoice_id, event.number, together, event.four_eyes_above, who)

    def _decided(self, event: Decided) -> None:
        about, what = event.originator_id, f"charge {event.originator_id}"
        if isinstance(event, Charge.Waived):  # nobody is charged
            self._facts_by.pop(about, None)
        self._judge(about, what, event.amount, event.four_eyes_above, (event.proposed_by, event.decided_by))

    def _corrects(self, event: Trip.CorrectionProposed | Trip.Corrected) -> None:
        about = event.originator_id
        if isinstance(event, Trip.CorrectionProposed):
            self._proposed[about] = event.proposed_by
            return
        who = (event.proposed_by, event.corrected_by)
        self._judge(about, f"correction of trip {about}", event.amount, event.four_eyes_above, who)
        self._note_credits(event)

    def _note_credits(self, event: Trip.Corrected) -> None:
        """Who seconds a correction seconds what it credits, of the trip's invoice and of those of earlier ones."""
        ids = self._corrections[event.originator_id]
        for subject in ((Trip.TOPIC, event.originator_id), *((FEE, id) for id in ids)):
            self._seconded[Invoice.id_of(*subject)] = event.proposed_by
        ids.append(event.correction.correction_id)

    def results(self, finished: bool) -> dict[str, InvariantResult]:
        """The law holds at any time."""
        return {"two_persons_decide": self._seen.copy()}

    def _judge(self, about: UUID, what: str, amount: Money, limit: Money | None, who: tuple[str | None, str]) -> None:
        first, second = who
        proposed = {self._proposed.pop(about, None), self._seconded.get(about)}
        two = first is not None and first in proposed and first != second
        right = two or (first is None and not _above(amount, limit) and self._facts_by.get(about) != second)
        self._seen.expect(right, f"{what}: {amount} is above {limit}, decided by {second}, proposed by {first}")


def _by(event: Charge.Raised | Charge.FeeRaised) -> str | None:
    """Who said what is charged for; none where a car did."""
    return event.facts_by if isinstance(event, Charge.Raised) else event.raised_by


def _above(amount: Money, limit: Money | None) -> bool:
    """Not asked of the rule that decided: a law is to find its mistakes."""
    if limit is None:
        return False
    return amount.currency is not limit.currency or abs(amount.amount_minor) > limit.amount_minor
