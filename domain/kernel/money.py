"""Money in minor units of an ISO 4217 currency. Never a float; rounding is always asked for by name."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import total_ordering
from typing import Annotated, Self

from pydantic import Field

from domain.kernel.trusted import trusted
from domain.kernel.values import Value


class Currency(StrEnum):
    """ISO 4217 codes that a rulebook may use."""

    exponent: int
    """Decimal places of the minor unit (ISO 4217)."""

    def __new__(cls, code: str, exponent: int) -> Self:
        """A code with its exponent: none can be added without one."""
        currency = str.__new__(cls, code)
        currency._value_ = code
        currency.exponent = exponent
        return currency

    AED = "AED", 2
    ARS = "ARS", 2
    AUD = "AUD", 2
    BAM = "BAM", 2
    BGN = "BGN", 2
    BHD = "BHD", 3
    BRL = "BRL", 2
    CAD = "CAD", 2
    CHF = "CHF", 2
    CLP = "CLP", 0
    CNY = "CNY", 2
    COP = "COP", 2
    CRC = "CRC", 2
    CZK = "CZK", 2
    DKK = "DKK", 2
    DOP = "DOP", 2
    EGP = "EGP", 2
    EUR = "EUR", 2
    GBP = "GBP", 2
    GEL = "GEL", 2
    HKD = "HKD", 2
    HUF = "HUF", 2
    IDR = "IDR", 2
    ILS = "ILS", 2
    INR = "INR", 2
    ISK = "ISK", 0
    JOD = "JOD", 3
    JPY = "JPY", 0
    KES = "KES", 2
    KRW = "KRW", 0
    KWD = "KWD", 3
    KZT = "KZT", 2
    MAD = "MAD", 2
    MXN = "MXN", 2
    MYR = "MYR", 2
    NGN = "NGN", 2
    NOK = "NOK", 2
    NZD = "NZD", 2
    OMR = "OMR", 3
    PEN = "PEN", 2
    PHP = "PHP", 2
    PLN = "PLN", 2
    QAR = "QAR", 2
    RON = "RON", 2
    RSD = "RSD", 2
    SAR = "SAR", 2
    SEK = "SEK", 2
    SGD = "SGD", 2
    THB = "THB", 2
    TND = "TND", 3
    TRY = "TRY", 2
    TWD = "TWD", 2
    UAH = "UAH", 2
    UGX = "UGX", 0
    USD = "USD", 2
    UYU = "UYU", 2
    VND = "VND", 0
    ZAR = "ZAR", 2


class CurrencyMismatchError(ValueError):
    """Two amounts of different currencies were added or compared."""


MOST_MINOR = 10**17
"""More than any company takes, and a tenth of what a 64-bit integer holds, so that amounts can be added up."""


@total_ordering
class Money(Value):
    """An amount of money, e.g. 12.34 EUR is `Money(amount_minor=1234, currency=Currency.EUR)`."""

    amount_minor: Annotated[int, Field(ge=-MOST_MINOR, le=MOST_MINOR)]
    currency: Currency

    @classmethod
    def of(cls, minor: int, currency: Currency) -> "Money":
        """What was computed from amounts that are valid. Raises `ValueError` beyond what an amount may be."""
        if -MOST_MINOR <= minor <= MOST_MINOR:
            return trusted(Money, amount_minor=minor, currency=currency)
        return cls(amount_minor=minor, currency=currency)

    @classmethod
    def zero(cls, currency: Currency) -> "Money":
        return cls.of(0, currency)

    @classmethod
    def rounded(cls, major: Decimal, currency: Currency) -> "Money":
        """From major units, half a minor unit rounded away from zero (commercial rounding)."""
        minor = (major.scaleb(currency.exponent)).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        return cls.of(int(minor), currency)

    @classmethod
    def total(cls, amounts: Iterable["Money"], currency: Currency) -> "Money":
        """The sum of all amounts; zero of `currency` when there are none."""
        return sum(amounts, start=Money.zero(currency))

    @property
    def major(self) -> Decimal:
        return Decimal(self.amount_minor).scaleb(-self.currency.exponent)

    @staticmethod
    def of_currency(amounts: Iterable["Money"], currency: Currency) -> "Money | None":
        """The one of them that is in a currency; none where none is."""
        return next((amount for amount in amounts if amount.currency is currency), None)

    def __add__(self, other: "Money") -> "Money":
        self._check(other)
        return Money.of(self.amount_minor + other.amount_minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return self + -other

    def __neg__(self) -> "Money":
        return Money.of(-self.amount_minor, self.currency)

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
