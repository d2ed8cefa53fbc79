"""Money in minor units of an ISO 4217 currency. Never a float; rounding is always asked for by name."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import total_ordering
from typing import Self

from pydantic import BaseModel, ConfigDict


class Currency(StrEnum):
    """ISO 4217 codes that a rulebook may use."""

    AUD = "AUD"
    BRL = "BRL"
    CAD = "CAD"
    CHF = "CHF"
    CNY = "CNY"
    CZK = "CZK"
    DKK = "DKK"
    EUR = "EUR"
    GBP = "GBP"
    HUF = "HUF"
    ILS = "ILS"
    INR = "INR"
    JPY = "JPY"
    KRW = "KRW"
    MXN = "MXN"
    NOK = "NOK"
    NZD = "NZD"
    PLN = "PLN"
    SEK = "SEK"
    SGD = "SGD"
    TRY = "TRY"
    USD = "USD"
    ZAR = "ZAR"

    @property
    def exponent(self) -> int:
        """Decimal places of the minor unit (ISO 4217)."""
        return 0 if self in {Currency.JPY, Currency.KRW} else 2


class CurrencyMismatchError(ValueError):
    """Two amounts of different currencies were added or compared."""


@total_ordering
class Money(BaseModel):
    """An amount of money, e.g. 12.34 EUR is `Money(amount_minor=1234, currency=Currency.EUR)`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount_minor: int
    currency: Currency

    @classmethod
    def zero(cls, currency: Currency) -> Self:
        return cls(amount_minor=0, currency=currency)

    @classmethod
    def rounded(cls, major: Decimal, currency: Currency) -> Self:
        """From major units, half a minor unit rounded away from zero (commercial rounding)."""
        minor = (major.scaleb(currency.exponent)).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        return cls(amount_minor=int(minor), currency=currency)

    @classmethod
    def total(cls, amounts: Iterable["Money"], currency: Currency) -> "Money":
        """The sum of all amounts; zero of `currency` when there are none."""
        return sum(amounts, start=Money.zero(currency))

    @property
    def major(self) -> Decimal:
        return Decimal(self.amount_minor).scaleb(-self.currency.exponent)

    def __add__(self, other: "Money") -> "Money":
        self._check(other)
        return Money(amount_minor=self.amount_minor + other.amount_minor, currency=self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return self + -other

    def __neg__(self) -> "Money":
        return Money(amount_minor=-self.amount_minor, currency=self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._check(other)
        return self.amount_minor < other.amount_minor

    def __bool__(self) -> bool:
        return self.amount_minor != 0

    def __str__(self) -> str:
        return f"{self.major:.{self.currency.exponent}f} {self.currency}"

    def _check(self, other: "Money") -> None:
        if self.currency is not other.currency:
            msg = f"{self} and {other} are amounts of different currencies: convert one first"
            raise CurrencyMismatchError(msg)
