"""What must be true of the log whatever happened, checked from the events alone: one file per law."""

from domain.kernel.messages import RecordedEvent
from projections.invariants.cents import Cents
from projections.invariants.claims import Claims
from projections.invariants.holds import Holds
from projections.invariants.invoices import Invoices
from projections.invariants.law import InvariantResult, Law
from projections.invariants.numbers import Numbers

__all__ = ["InvariantResult", "Invariants", "Law"]


class Invariants:
    """Folds over the log in order; may be asked at any time."""

    def __init__(self) -> None:
        self._laws: tuple[Law, ...] = (Claims(), Cents(), Invoices(), Holds(), Numbers())

    def observe(self, recorded: RecordedEvent) -> None:
        """Take in the next event."""
        for law in self._laws:
            law.observe(recorded)

    def report(self, finished: bool = True) -> dict[str, InvariantResult]:
        """Each law by its name. While the system still runs (not `finished`), what is yet to come is not missed."""
        return {name: result for law in self._laws for name, result in law.results(finished).items()}
