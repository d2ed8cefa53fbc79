"""A tax as data: a rate that is in force from one day until another."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class TaxRule(BaseModel):
    """One tax on a rental, e.g. VAT of 19 % that the price already contains.

    `rate` is a fraction (0.19). `valid_until` is the first day on which the rule no longer holds. An added tax
    that is `compound` is taken on the net amount plus all taxes before it in the city's list; otherwise on the net
    amount alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    rate: Annotated[Decimal, Field(ge=0, lt=1)]
    valid_from: date
    valid_until: date | None = None
    inclusive: bool
    compound: bool = False
