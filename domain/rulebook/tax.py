"""A tax as data: a rate that is in force from one day until another."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from domain.rulebook.base import Rules

STANDARD = "standard"


class TaxRule(Rules):
    """One tax on a rental, e.g. VAT of 19 % that the price already contains."""

    name: str
    """As it stands on the invoice."""
    rate: Annotated[Decimal, Field(ge=0, lt=1)]
    """A fraction, e.g. 0.19."""
    valid_from: date
    """The first day on which it holds."""
    valid_until: date | None = None
    """The first day on which it no longer holds."""
    inclusive: bool
    """Whether the prices contain it, or it is added to them."""
    compound: bool = False
    """Whether an added tax is on the net amount plus all taxes before it in the list, or on the net amount alone."""
    on: tuple[str, ...] = (STANDARD,)
    """What it is on: the elements, packages and fees whose `tax` is one of these."""
    at_least: Annotated[Decimal, Field(ge=0)] = Decimal(0)
    """An added tax is never less than this, in major units, where it is due at all."""
    rounding: Literal["nearest", "down"] = "nearest"
    """Half a minor unit goes up, or every part of one is cut off, as in Japan."""
    exempt: str | None = None
    """Why there is no tax on it, with a rate of 0, as an invoice must say; e.g. the paragraph of the law."""


def on(day: date, rules: tuple[TaxRule, ...]) -> tuple[TaxRule, ...]:
    """The taxes in force on a day."""
    return tuple(
        [rule for rule in rules if rule.valid_from <= day and (rule.valid_until is None or day < rule.valid_until)]
    )
