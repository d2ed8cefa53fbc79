"""A row of the journal as files are made of it."""

from collections.abc import AsyncIterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, Self

from domain.kernel.money import Currency


class Entry(NamedTuple):
    """So much goes from the credited account to the debited one."""

    position: int
    line: int
    booked_on: date
    document: str
    debit: str
    credit: str
    currency: Currency
    amount_minor: int
    product: str | None
    tax: str | None
    tax_rate: Decimal | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """From a row that has columns of these names."""
        return cls(**{**{name: row[name] for name in cls._fields}, "currency": Currency[row["currency"]]})


Entries = AsyncIterator[Entry]


def major(amount_minor: int, currency: Currency) -> str:
    """In major units with all decimals of the currency after a comma, e.g. 1234,56."""
    return f"{Decimal(amount_minor).scaleb(-currency.exponent):f}".replace(".", ",")
