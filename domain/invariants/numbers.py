"""The numbers of invoices and credit notes have no gap, and each stands on one document."""

from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from domain.billing.credit_note import CreditNote
from domain.billing.invoice import Invoice
from domain.billing.number_range import NumberRange
from domain.invariants.law import InvariantResult
from domain.kernel.messages import RecordedEvent


@dataclass
class Numbers:
    """What each range gave to a document, and what the document bears."""

    _seen: InvariantResult = field(default_factory=InvariantResult)
    _last: defaultdict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    _taken: dict[UUID, str] = field(default_factory=dict)
    _borne: dict[UUID, str] = field(default_factory=dict)

    def observe(self, recorded: RecordedEvent) -> None:
        """Take in the next event."""
        match recorded.event:
            case Invoice.Issued() | CreditNote.Issued() as event:
                self._borne[event.originator_id] = event.number
            case NumberRange.Taken() as event:
                self._follow(event)

    def results(self, finished: bool) -> dict[str, InvariantResult]:
        """The law holds at any time: a number is taken in the append of its document."""
        result = self._seen.copy()
        for document in self._taken.keys() | self._borne.keys():
            taken, borne = self._taken.get(document), self._borne.get(document)
            result.expect(taken == borne, f"document {document} bears {borne}, the range gave it {taken}")
        return {"numbers_have_no_gap": result}

    def _follow(self, event: NumberRange.Taken) -> None:
        expected = self._last[event.originator_id] + 1
        self._seen.expect(event.sequence == expected, f"{event.number} follows where number {expected} is due")
        self._last[event.originator_id] = event.sequence
        self._taken[event.document_id] = event.number
