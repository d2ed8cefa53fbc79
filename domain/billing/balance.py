"""What a payer has in advance with a service, and what of it was used for which charge."""

from collections.abc import Iterable
from dataclasses import field
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from domain.billing.balance_entry import BalanceEntry, Sale, unknown_entry
from domain.billing.balance_event_bases import BalanceEvent, EntryEvent, EntryUse, UsesMoved, WhyEnded, moved
from domain.billing.pricing.benefits import Use
from domain.kernel.aggregate import Aggregate, Created
from domain.kernel.approval import Proposal
from domain.kernel.errors import refuse_if
from domain.kernel.ids import ChargeId, PayerId, derived_id
from domain.kernel.money import Money
from domain.kernel.personal import Personal


class Balance(Aggregate):
    """opened -> entries that are bought or given, used and given back, renewed, cancelled, ended."""

    TOPIC = "billing.balance"

    payer_id: PayerId
    entries: dict[UUID, BalanceEntry] = field(default_factory=dict)
    uses: dict[ChargeId, tuple[EntryUse, ...]] = field(default_factory=dict)
    proposal: Proposal | None = None
    """A gift that waits for a second person."""

    class Opened(Created):
        TOPIC = "billing.balance.opened"

        payer_id: PayerId

    class Bought(EntryEvent):
        TOPIC = "billing.balance.bought"

    class GiftProposed(BalanceEvent):
        """The first of two persons would give it; another proposal takes its place."""

        TOPIC = "billing.balance.gift_proposed"
        subject: ClassVar[str] = "payer_id"

        proposal: Proposal
        reason: Personal[str]
        four_eyes_above: Money

        def apply(self, aggregate: "Balance") -> None:
            aggregate.proposal = self.proposal

    class Given(EntryEvent):
        """Nobody paid for it."""

        TOPIC = "billing.balance.given"
        subject: ClassVar[str] = "payer_id"

        reason: Personal[str]
        given_by: str
        """Id of an employee, as `proposed_by`."""
        proposed_by: str | None

        def apply(self, aggregate: "Balance") -> None:
            super().apply(aggregate)
            aggregate.proposal = None

    class Redeemed(EntryEvent):
        """A promotional code gave it."""

        TOPIC = "billing.balance.redeemed"

    class Used(UsesMoved):
        """A charge was priced with it."""

        TOPIC = "billing.balance.used"

        def apply(self, aggregate: "Balance") -> None:
            super().apply(aggregate)
            aggregate.uses = {**aggregate.uses, self.charge_id: self.uses}

    class GivenBack(UsesMoved):
        """The charge is not to be paid, or not by these facts."""

        TOPIC = "billing.balance.given_back"

        def apply(self, aggregate: "Balance") -> None:
            super().apply(aggregate)
            aggregate.proposal = None
            aggregate.uses = {id: uses for id, uses in aggregate.uses.items() if id != self.charge_id}

    class Renewed(EntryEvent):
        """It was bought for another period; what was left of the last one is gone."""

        TOPIC = "billing.balance.renewed"

    class Cancelled(EntryEvent):
        """It is not bought anew after `renews_until`."""

        TOPIC = "billing.balance.cancelled"

    class HeldBack(EntryEvent):
        """Its price could not be taken: it is used for nothing before that is paid."""

        TOPIC = "billing.balance.held_back"

    class LetGo(EntryEvent):
        """Its price is paid after all."""

        TOPIC = "billing.balance.let_go"

    class Reminded(EntryEvent):
        """It ends soon, and something is left."""

        TOPIC = "billing.balance.reminded"

    class Ended(EntryEvent):
        TOPIC = "billing.balance.ended"

        why: WhyEnded

    @staticmethod
    def id_of(service: str, payer_id: UUID) -> UUID:
        """A payer has one with each service."""
        return derived_id("billing.balance", service, payer_id)

    @classmethod
    def open(cls, service: str, payer_id: PayerId, at: datetime) -> "Balance":
        """Begin with nothing."""
        return cls.begin(cls.Opened, id=cls.id_of(service, payer_id), timestamp=at, payer_id=payer_id)

    def take_in(self, entry: BalanceEntry, at: datetime) -> None:
        """What was sold, or what a code gives."""
        self._tell(self.Redeemed if entry.code_id else self.Bought, entry, at, earned=entry.yet_to_earn)

    def propose_gift(self, proposal: Proposal, reason: str, four_eyes_above: Money, at: datetime) -> None:
        """Another person must decide the same before anything is given."""
        what = {"proposal": proposal, "reason": reason, "four_eyes_above": four_eyes_above}
        self.trigger_event(self.GiftProposed, timestamp=at, payer_id=self.payer_id, **what)

    def give(self, entry: BalanceEntry, reason: str, by: str, proposed_by: str | None, at: datetime) -> None:
        """What nobody paid for."""
        self._tell(self.Given, entry, at, reason=reason, given_by=by, proposed_by=proposed_by)

    def use(self, charge_id: ChargeId, uses: Iterable[Use], at: datetime) -> None:
        """What a charge was priced with is there no more. Nothing of it, and it changes nothing."""
        used = tuple(EntryUse(use=use, period=self.entries[use.entry_id].period) for use in uses)
        self._move(self.Used, charge_id, used, 1, at)

    def give_back(self, charge_id: ChargeId, at: datetime) -> None:
        """What a charge used is there again, where its period is not over; else it changes nothing."""
        self._move(self.GivenBack, charge_id, self.uses.get(charge_id, ()), -1, at)

    def renew(self, entry_id: UUID, ends_at: datetime | None, sale: Sale, at: datetime) -> None:
        """For another period."""
        after, lapsed = (before := self.entries[entry_id]).renewed(ends_at, sale), before.ended(at).earned_since(before)
        self._tell(self.Renewed, after, at, earned=(*lapsed, *after.yet_to_earn))

    def cancel(self, entry_id: UUID, at: datetime) -> None:
        """Let it end with this period, or where that is too near, with the next. Twice changes nothing."""
        refuse_if([unknown_entry(entry_id) if entry_id not in self.entries else None])
        entry = self.entries[entry_id]
        if entry.renews_until is None:
            refuse_if([entry.not_renewing()])
            self._tell(self.Cancelled, entry.cancelled(at), at)

    def note_payment(self, entry_id: UUID, at: datetime, *, paid: bool) -> None:
        """Its price was paid, or could not be taken."""
        entry, state = self.entries[entry_id], "running" if paid else "held_back"
        if {entry.state, state} == {"running", "held_back"}:
            self._tell(self.LetGo if paid else self.HeldBack, entry.model_copy(update={"state": state}), at)

    def remind(self, entry_id: UUID, period: int, at: datetime) -> None:
        """That it ends soon; in another period, or with nothing left, it changes nothing."""
        entry = self.entries[entry_id]
        if entry.state == "running" and entry.period == period and entry.is_worth_a_reminder:
            self._tell(self.Reminded, entry, at)

    def end(self, entry_id: UUID, why: WhyEnded, at: datetime) -> None:
        """Nothing is left of it. Twice changes nothing."""
        before = self.entries[entry_id]
        if before.state != "ended":
            after = before.taken_back(at) if why == "credited" else before.ended(at)
            self._tell(self.Ended, after, at, why=why, earned=after.earned_since(before))

    def _move(
        self,
        event: type[UsesMoved],
        charge_id: ChargeId,
        uses: tuple[EntryUse, ...],
        sign: Literal[1, -1],
        at: datetime,
    ) -> None:
        after = moved(self.entries, uses, sign)
        earned = tuple(one for id, entry in after.items() for one in entry.earned_since(self.entries[id]))
        what = {"charge_id": charge_id, "uses": uses, "entries": tuple(after.values()), "earned": earned}
        if uses:
            self.trigger_event(event, timestamp=at, payer_id=self.payer_id, **what)

    def _tell(self, event: type[EntryEvent], entry: BalanceEntry, at: datetime, **more: object) -> None:
        self.trigger_event(event, timestamp=at, payer_id=self.payer_id, entry=entry, **more)
