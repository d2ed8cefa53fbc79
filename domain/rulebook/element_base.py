"""The base of every element of a tariff."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from domain.rulebook.base import Rules
from domain.rulebook.conditions import Condition
from domain.rulebook.tax import STANDARD

Amount = Annotated[Decimal, Field(ge=0)]


class ElementBase(Rules):
    """Its name and words, and for which trips it holds, whatever it does to the price."""

    id: str
    """Names it within its tariff and on every price line that comes from it."""
    description: str
    """What the member reads on the price line."""
    when: Condition | None = None
    """Only for trips for which this holds,"""
    unless: Condition | None = None
    """and never for those for which this does, e.g. no unlock fee in a package."""
    tax: str = STANDARD
    """Which taxes of the city are on it: those that name this in `on`. What adjusts others is taxed as they are."""
