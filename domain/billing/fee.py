"""What comes later than its trip: a fee of the catalogue, or a cost that somebody else had, with its evidence."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from domain.billing.estimate import Estimate, with_taxes
from domain.billing.pricing import PriceLine, TripFacts
from domain.billing.product_facts import ProductFacts
from domain.kernel.ids import TripId
from domain.kernel.money import Money
from domain.kernel.values import Count, Instant, Seconds, Value
from domain.rulebook.model import City
from domain.rulebook.tax import STANDARD

FEE = "billing.fee"
"""The kind of subject that a fee is. Its id is the fee's own: of one trip there may be several."""


class Evidence(Value):
    """Something that shows that a fee is due."""

    kind: Literal["photo", "letter", "receipt", "record"]
    reference: Annotated[str, Field(min_length=1, max_length=200)]
    """By which it is found: the number of a fine, the name of a file."""
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    """Of the file, by which it is known to be the same."""


class FeeFacts(Value):
    """What a fee is for. What is of the catalogue stays as it was when the fee was raised."""

    fee_id: str
    name: str
    amount: Money
    """Before taxes that are added on top."""
    tax: str
    """Which taxes are on it."""
    city_id: str
    trip_id: TripId | None
    """None for what came of an invoice."""
    happened_at: Instant
    """When that happened which it is for; the taxes of that day apply."""
    rulebook_version: Count
    """Whose catalogue has it."""
    damage_id: UUID | None = None
    """Of the damage of the car that it is for."""
    objection_s: Seconds
    """How long the payer may object once it is announced."""

    @property
    def ended_at(self) -> datetime:
        """When it was supplied."""
        return self.happened_at

    def estimate(self, city: City) -> Estimate:
        """One line, and the taxes on it."""
        line = PriceLine(
            rule_id=self.fee_id,
            description=self.name,
            quantity=Decimal(1),
            unit="fee",
            unit_amount=self.amount.major,
            amount=self.amount,
            shares={self.fee_id: self.amount},
            tariff_id=f"fees of {self.city_id}",
            tariff_version=self.rulebook_version,
            facts={
                "happened_at": self.happened_at.isoformat(),
                **({"trip_id": str(self.trip_id)} if self.trip_id else {}),
            },
            taxes={} if self.tax == STANDARD else {self.tax: self.amount},
        )
        return with_taxes((line,), self.amount, city, self.happened_at)


Facts = TripFacts | FeeFacts | ProductFacts
"""What a charge is for: what a tariff prices, what came later, or what is bought in advance."""
