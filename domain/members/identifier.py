"""What tells a person from others: an address, a driving licence, a means of payment."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.ids import MemberId
from domain.kernel.values import Instant
from domain.rulebook.uniqueness import Uniqueness, Verdict


class IdentifierKind(StrEnum):
    """What two accounts of one person would share."""

    EMAIL = "email"
    LICENCE = "licence"
    PAYMENT_METHOD = "payment_method"


class Identifier(Aggregate):
    """seen -> (held <-> let go)* -> forgotten. It knows accounts only; its id tells nothing of the value itself.

    The store leads from the value to the id (`EventStore.stand_in`), until that is forgotten.
    """

    TOPIC = "members.identifier"

    kind: IdentifierKind
    holders: tuple[MemberId, ...] = ()
    banned_by: tuple[MemberId, ...] = ()
    """Accounts whose block holds for whoever comes with it."""
    forgotten: bool = False

    class Seen(Created):
        """It comes for the first time."""

        TOPIC = "members.identifier.seen"
        kind: IdentifierKind

    class Held(Event):
        """An account has it."""

        TOPIC = "members.identifier.held"
        member_id: MemberId

        def apply(self, aggregate: "Identifier") -> None:
            aggregate.holders = (*aggregate.holders, self.member_id)

    class LetGo(Event):
        """The account has it no more: it has another one, or the person was erased."""

        TOPIC = "members.identifier.let_go"
        member_id: MemberId

        def apply(self, aggregate: "Identifier") -> None:
            aggregate.holders = tuple(m for m in aggregate.holders if m != self.member_id)

    class Banned(Event):
        """Its member was blocked: the block holds for every account with it."""

        TOPIC = "members.identifier.banned"
        member_id: MemberId

        def apply(self, aggregate: "Identifier") -> None:
            aggregate.banned_by = (*aggregate.banned_by, self.member_id)

    class BanLifted(Event):
        """The block of that member holds no more."""

        TOPIC = "members.identifier.ban_lifted"
        member_id: MemberId

        def apply(self, aggregate: "Identifier") -> None:
            aggregate.banned_by = tuple(m for m in aggregate.banned_by if m != self.member_id)

    class BanKept(Event):
        """The person was erased while blocked: of all that was known, the ban stays until a day that is set."""

        TOPIC = "members.identifier.ban_kept"
        member_id: MemberId
        until: Instant

    class Forgotten(Event):
        """Nobody has it and no ban is left: nothing leads from the value to it any more."""

        TOPIC = "members.identifier.forgotten"

        def apply(self, aggregate: "Identifier") -> None:
            aggregate.forgotten = True

    @classmethod
    def seen(cls, id: UUID, kind: IdentifierKind, at: datetime) -> "Identifier":
        """One that nobody has had yet."""
        return cls.begin(cls.Seen, id=id, timestamp=at, kind=kind)

    def verdict(self, member_id: UUID, rules: Uniqueness) -> Verdict:
        """What the rules say to an account that comes with it."""
        found: list[Verdict] = ["allow"]
        if set(self.holders) - {member_id}:
            found.append(getattr(rules, self.kind))
        if set(self.banned_by) - {member_id}:
            found.append(rules.banned)
        return max(found, key=("allow", "review", "refuse").index)

    def hold(self, member_id: UUID, at: datetime) -> None:
        """Note that an account has it; noted already, it changes nothing. Refused while it is being forgotten."""
        if self.forgotten:
            refuse_if([Violation(code="member.being_forgotten", detail="try again in a minute")])
        if member_id not in self.holders:
            self.trigger_event(self.Held, timestamp=at, member_id=member_id)

    def let_go(self, member_id: UUID, at: datetime) -> None:
        """The account has another one. With the last holder and the last ban it is forgotten."""
        if member_id in self.holders:
            self.trigger_event(self.LetGo, timestamp=at, member_id=member_id)
        self._forget_if_idle(at)

    def ban(self, member_id: UUID, at: datetime) -> None:
        """Have a block hold for every account with it; twice changes nothing."""
        if member_id not in self.banned_by:
            self.trigger_event(self.Banned, timestamp=at, member_id=member_id)

    def lift_ban(self, member_id: UUID, at: datetime) -> None:
        """The block holds no more; none that there was changes nothing."""
        if member_id in self.banned_by:
            self.trigger_event(self.BanLifted, timestamp=at, member_id=member_id)
        self._forget_if_idle(at)

    def erase(self, member_id: UUID, at: datetime, *, ban_until: datetime) -> None:
        """Its member is erased: let it go, but for a ban, which is kept until then."""
        self.let_go(member_id, at)
        if member_id in self.banned_by:
            self.trigger_event(self.BanKept, timestamp=at, member_id=member_id, until=ban_until)

    def _forget_if_idle(self, at: datetime) -> None:
        if not (self.holders or self.banned_by or self.forgotten):
            self.trigger_event(self.Forgotten, timestamp=at)
