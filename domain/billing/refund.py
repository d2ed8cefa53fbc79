"""What a payment gives back for a credit note."""

from typing import Literal

from domain.kernel.money import Money
from domain.kernel.values import Count, Value


class Refund(Value):
    """pending -> refunded | failed -> pending: it is owed, and asked for again, until the provider has paid it out."""

    number: str
    """Of the credit note."""
    amount: Money
    state: Literal["pending", "refunded", "failed"] = "pending"
    failures: Count = 0
    """How often the provider has refused so far."""

    @property
    def is_back(self) -> bool:
        return self.state == "refunded"
