"""The terms on which a payer has something of a product: what the list said when they got it."""

from datetime import datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from domain.kernel.money import Money
from domain.kernel.months import months_later
from domain.kernel.values import Count, Seconds, Value
from domain.rulebook.model import City
from domain.rulebook.product import Discount, Holds, Order, Product


class Terms(Value):
    """What the list of products said when it was got."""

    product_id: str
    name: str
    holds: Holds
    seconds: Seconds | None
    """Of minutes, in each period."""
    percent: Discount | None
    amount: Money | None
    option: str | None
    covers: tuple[str, ...] | None
    order: Order
    price: Money | None
    """What each period costs."""
    valid_s: Seconds | None
    months: Count | None
    renews: bool
    notice_s: Seconds
    reminder_s: Seconds | None
    city_id: str
    only_there: bool
    """Else in all cities of the country."""
    country: str
    timezone: str
    seller_id: str
    rulebook_version: Count

    @classmethod
    def of(cls, product: Product, city: City, rulebook_version: int, amount: Money | None = None) -> Self:
        """As a city's list says it now; with the amount of a credit where the list leaves it open."""
        same = ("name", "holds", "percent", "option", "covers", "order", "price", "months", "renews")
        return cls(
            **{name: getattr(product, name) for name in same},
            product_id=product.id,
            seconds=None if product.minutes is None else product.minutes * 60,
            amount=product.amount or amount,
            valid_s=None if product.valid is None else int(product.valid.total_seconds()),
            notice_s=int(product.notice.total_seconds()),
            reminder_s=None if product.reminder is None else int(product.reminder.total_seconds()),
            city_id=city.id,
            only_there=product.where == "city",
            country=city.country,
            timezone=city.timezone,
            seller_id=city.legal_entity.id,
            rulebook_version=rulebook_version,
        )

    def end_of(self, period: int, starts_at: datetime) -> datetime | None:
        """When a period ends, the first being 1; none where it lasts for ever. Months go by the clock of its city."""
        if self.valid_s is not None:
            return starts_at + timedelta(seconds=self.valid_s * period)
        if self.months is None:
            return None
        local = starts_at.astimezone(ZoneInfo(self.timezone))
        return datetime.combine(months_later(local.date(), self.months * period), local.timetz())
