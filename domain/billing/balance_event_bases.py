"""Shapes that several events of a balance share."""

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

from domain.billing.balance_entry import BalanceEntry, Earned
from domain.billing.pricing.benefits import Use
from domain.kernel.aggregate import Event
from domain.kernel.ids import ChargeId, PayerId
from domain.kernel.values import Count, Value

WhyEnded = Literal["expired", "cancelled", "unpaid", "credited"]


class BalanceEvent(Event):
    """An event of a balance names its payer."""

    payer_id: PayerId


class EntryEvent(BalanceEvent):
    """One entry is there, or is another than before."""

    entry: BalanceEntry
    """As it is then."""
    earned: tuple[Earned, ...] = ()
    """Of its price, by this."""

    def apply(self, aggregate: Any) -> None:  # the balance, which is declared around the events
        """The entry as it is then."""
        aggregate.entries = {**aggregate.entries, self.entry.entry_id: self.entry}


class EntryUse(Value):
    """What a charge used of an entry, and in which of its periods."""

    use: Use
    period: Count


class UsesMoved(BalanceEvent):
    """A charge uses something, or no longer."""

    charge_id: ChargeId
    uses: tuple[EntryUse, ...]
    entries: tuple[BalanceEntry, ...]
    """As they are then."""
    earned: tuple[Earned, ...]

    def apply(self, aggregate: Any) -> None:  # the balance
        """The entries as they are then."""
        aggregate.entries = {**aggregate.entries, **{entry.entry_id: entry for entry in self.entries}}


def moved(
    entries: Mapping[UUID, BalanceEntry], uses: tuple[EntryUse, ...], sign: Literal[1, -1]
) -> dict[UUID, BalanceEntry]:
    """The entries that are others by uses, or without them; what was of an earlier period changes nothing."""
    after: dict[UUID, BalanceEntry] = {}
    for one in uses:
        use, entry = one.use, after.get(one.use.entry_id, entries[one.use.entry_id])
        if entry.period == one.period:
            amount = use.amount if sign > 0 else -use.amount
            after[entry.entry_id] = entry.used_more(sign * use.seconds, amount)
    return after
