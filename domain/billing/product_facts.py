"""What a charge for a product is for: one period of it."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.billing.estimate import Estimate, with_taxes
from domain.billing.pricing import PriceLine
from domain.kernel.money import Money
from domain.kernel.values import Count, Instant, Value
from domain.rulebook.model import City

PRODUCT = "billing.product"
"""The kind of subject that a product is. Its id is the entry's, or of one of its later periods."""


class ProductFacts(Value):
    """As the list of products had it when it was bought first."""

    product_id: str
    name: str
    price: Money
    """Before taxes that are added on top."""
    city_id: str
    entry_id: UUID
    period: Count
    starts_at: Instant
    """Of the period; the taxes of that day apply, as it is paid in advance."""
    ends_at: Instant | None
    rulebook_version: Count

    @property
    def ended_at(self) -> datetime:
        """When it was supplied: a voucher of one rate of tax is supplied as it is sold (Directive (EU) 2016/1065)."""
        return self.starts_at

    def estimate(self, city: City) -> Estimate:
        """One line, and the taxes on it."""
        until = {} if self.ends_at is None else {"until": self.ends_at.isoformat()}
        line = PriceLine(
            rule_id=self.product_id,
            description=self.name,
            quantity=Decimal(1),
            unit="product",
            unit_amount=self.price.major,
            amount=self.price,
            shares={self.product_id: self.price},
            tariff_id=f"products of {self.city_id}",
            tariff_version=self.rulebook_version,
            facts={"from": self.starts_at.isoformat(), **until},
        )
        return with_taxes((line,), self.price, city, self.starts_at)
