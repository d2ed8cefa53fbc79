"""What must be true of the log whatever happened, checked from the events alone: one file per law."""

from collections.abc import AsyncIterable, Callable

from domain.invariants.approvals import Approvals
from domain.invariants.balances import Balances
from domain.invariants.cents import Cents
from domain.invariants.claims import Claims
from domain.invariants.damages import Damages
from domain.invariants.debits import Debits
from domain.invariants.holds import Holds
from domain.invariants.invoices import Invoices
from domain.invariants.law import InvariantResult, Law
from domain.invariants.numbers import Numbers
from domain.invariants.refunds import Refunds
from domain.invariants.transfers import Transfers
from domain.kernel.messages import RecordedEvent

__all__ = ["InvariantResult", "Invariants", "Law", "audit"]


class Invariants:
    """Folds over the log in order; may be asked at any time."""

    def __init__(self) -> None:
        self._laws: tuple[Law, ...] = (
            Claims(), Cents(), Invoices(), Holds(), Numbers(), Approvals(), Refunds(), Transfers(),
            Balances(),
            Damages(),
            Debits(),
        )  # fmt: skip

    def observe(self, recorded: RecordedEvent) -> None:
        """Take in the next event."""
        for law in self._laws:
            law.observe(recorded)

    def report(self, finished: bool = True) -> dict[str, InvariantResult]:
        """Each law by its name. While the system still runs (not `finished`), what is yet to come is not missed."""
        return {name: result for law in self._laws for name, result in law.results(finished).items()}


async def audit(
    log: AsyncIterable[RecordedEvent], *, finished: bool = True, passed: Callable[[int], None] = lambda _: None
) -> dict[str, InvariantResult]:
    """Every law over a whole log; `passed` is told each position once it is dealt with."""
    invariants = Invariants()
    async for recorded in log:
        invariants.observe(recorded)
        passed(recorded.position)
    return invariants.report(finished)
