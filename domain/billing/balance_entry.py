"""One entry of a balance: what a payer has of a product, how much of it is left, and what of its price is earned."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from domain.billing.pricing.facts import Benefit
from domain.billing.pricing.parts import rounded
from domain.billing.terms import Terms
from domain.kernel.errors import Violation
from domain.kernel.ids import ChargeId
from domain.kernel.money import Money
from domain.kernel.values import Count, Instant, Seconds, Value
from domain.rulebook.model import City
from domain.rulebook.product import Holds

EntryState = Literal["running", "held_back", "ended"]
_KINDS: tuple[Holds, ...] = ("minutes", "discount", "credit", "option")


class Sale(Value):
    """What was paid for the present period."""

    charge_id: ChargeId
    document: str
    """Number of its invoice."""
    net: Money


class Earned(Value):
    """So much of what was paid in advance for minutes is earned; less than nothing as they are sold, or given back."""

    entry_id: UUID
    product_id: str
    amount: Money
    seller_id: str
    country: str
    city_id: str
    document: str
    """Number of the invoice by which they were sold."""


class BalanceEntry(Value):
    """running <-> held_back (its price could not be taken) -> ended."""

    entry_id: UUID
    terms: Terms
    starts_at: Instant
    ends_at: Instant | None
    """Of the present period."""
    period: Count = 1
    state: EntryState = "running"
    used_s: Seconds = 0
    """Of the minutes of the present period."""
    used: Money | None = None
    """Of a credit; of a discount or minutes, what they made prices less."""
    sale: Sale | None = None
    earned: Money | None = None
    """Of the net price of the present period of minutes; none where none were sold."""
    code_id: str | None = None
    """The promotional code that gave it."""
    renews_until: Instant | None = None
    """Once it is cancelled: its end."""

    @property
    def left_s(self) -> int:
        """Of its minutes, in this period."""
        return max(0, (self.terms.seconds or 0) - self.used_s)

    @property
    def left(self) -> Money | None:
        """Of a credit."""
        amount = self.terms.amount
        return amount if amount is None or self.used is None else amount - self.used

    @property
    def rank(self) -> tuple[int, int, float, float]:
        """What is used first comes first: by the list's order, then minutes before discounts before credits."""
        ends = float("inf") if self.ends_at is None else self.ends_at.timestamp()
        return self.terms.order, _KINDS.index(self.terms.holds), ends, self.starts_at.timestamp()

    def holds_for(self, city: City, seller_id: str, began_at: datetime) -> bool:
        """Whether it may be used for what began at a time: what has ended since, still may."""
        there = self.terms.city_id == city.id if self.terms.only_there else self.terms.country == city.country
        in_time = self.starts_at <= began_at and (self.ends_at is None or began_at < self.ends_at)
        return self.state != "held_back" and in_time and there and self.terms.seller_id == seller_id

    def benefit(self) -> Benefit | None:
        """What a price may use of it; none of an option, or where nothing is left."""
        terms = self.terms
        if terms.holds == "option" or (terms.holds == "minutes" and not self.left_s):
            return None
        if terms.holds == "credit" and not self.left:
            return None
        return Benefit(
            entry_id=self.entry_id,
            product_id=terms.product_id,
            name=terms.name,
            covers=terms.covers,
            catalogue=f"products of {terms.city_id}",
            rulebook_version=terms.rulebook_version,
            seconds=self.left_s if terms.holds == "minutes" else None,
            percent=terms.percent,
            amount=self.left if terms.holds == "credit" else None,
        )

    def used_more(self, seconds: int, amount: Money) -> "BalanceEntry":
        """With so much more used, or less where it is below nothing; and so much of its price earned."""
        used_s = max(0, self.used_s + seconds)
        used = amount if self.used is None else self.used + amount
        return self.model_copy(update={"used_s": used_s, "used": used, "earned": self._earned_by(used_s)})

    def ended(self, at: datetime) -> "BalanceEntry":
        """Nothing is left of it: all that was paid for it is earned."""
        earned = None if self.earned is None or self.sale is None else self.sale.net
        ends_at = at if self.ends_at is None else min(at, self.ends_at)
        return self.model_copy(update={"state": "ended", "earned": earned, "ends_at": ends_at})

    def renewed(self, ends_at: datetime | None, sale: Sale) -> "BalanceEntry":
        """Bought for another period: what was left of the last one is gone."""
        fresh = {"period": self.period + 1, "ends_at": ends_at, "used_s": 0, "sale": sale}
        nothing = None if self.earned is None else Money.zero(sale.net.currency)
        return self.model_copy(update={**fresh, "earned": nothing})

    def taken_back(self, at: datetime) -> "BalanceEntry":
        """Its price was credited: nothing may use it any more, not even what began before."""
        return self.ended(at).model_copy(update={"ends_at": self.starts_at})

    def cancelled(self, at: datetime) -> "BalanceEntry":
        """It ends with this period, or with the next where its notice is over."""
        ends_at = self.ends_at
        if ends_at is not None and at > ends_at - timedelta(seconds=self.terms.notice_s):
            ends_at = self.terms.end_of(self.period + 1, self.starts_at)
        return self.model_copy(update={"renews_until": ends_at})

    def not_renewing(self) -> Violation | None:
        """Says no to cancelling what ends by itself, or has ended."""
        if self.terms.renews and self.state != "ended":
            return None
        detail = "it is not bought anew: nothing is to be cancelled"
        values = {"entry_id": str(self.entry_id), "state": self.state, "renews": self.terms.renews}
        return Violation(code="balance.not_renewing", detail=detail, values=values)

    @property
    def is_left(self) -> bool:
        """Whether anything of it may yet be used."""
        return {"minutes": self.left_s > 0, "credit": bool(self.left)}.get(self.terms.holds, True)

    @property
    def is_worth_a_reminder(self) -> bool:
        """Whether something would be lost, or bought anew."""
        return self.terms.renews or (self.terms.holds in {"minutes", "credit"} and self.is_left)

    def earned_since(self, before: "BalanceEntry") -> tuple[Earned, ...]:
        """What is earned of this period's price that was not before."""
        if self.earned is None or before.earned is None or self.sale is None or self.earned == before.earned:
            return ()
        return (self._earning(self.sale, self.earned - before.earned),)

    @property
    def yet_to_earn(self) -> tuple[Earned, ...]:
        """As a period of minutes is sold: nothing of its price is earned."""
        return () if self.earned is None or self.sale is None else (self._earning(self.sale, -self.sale.net),)

    def _earning(self, sale: Sale, amount: Money) -> Earned:
        terms, what = self.terms, {"entry_id": self.entry_id, "amount": amount, "document": sale.document}
        where = {"seller_id": terms.seller_id, "country": terms.country, "city_id": terms.city_id}
        return Earned.model_validate({**what, **where, "product_id": terms.product_id})

    def _earned_by(self, used_s: int) -> Money | None:
        if self.earned is None or self.sale is None or not self.terms.seconds or self.state == "ended":
            return self.earned
        minor = rounded(self.sale.net.amount_minor * min(used_s, self.terms.seconds), self.terms.seconds)
        return Money.of(minor, self.sale.net.currency)


def unknown_entry(entry_id: UUID) -> Violation:
    """Says no to what a payer does not have."""
    detail = "the payer has nothing of this id: look at the balance"
    return Violation(code="balance.unknown_entry", detail=detail, values={"entry_id": str(entry_id)})
