"""What may be charged after a trip for what came of it, such as the handling of a fine."""

from datetime import timedelta

from domain.kernel.money import Money
from domain.rulebook.base import Rules
from domain.rulebook.legal_entity import LegalEntity
from domain.rulebook.tax import STANDARD


class Fee(Rules):
    """One entry of the catalogue of fees of a city."""

    id: str
    """Names it in the API and on invoices."""
    name: str
    """As it stands on the invoice."""
    description: str
    """When it is charged; what members read."""
    amount: Money | None = None
    """What it costs; when none, what it cost us, as the evidence says."""
    maximum: Money | None = None
    """The most that may be charged where there is no amount."""
    seller: LegalEntity | None = None
    """Who sells it, such as whoever runs a toll road; the legal entity of the city when none."""
    tax: str = STANDARD
    """Which taxes of the city are on it; for what is only passed on, as a fine is, one that says why there is none."""
    within: timedelta = timedelta(days=90)
    """How long after the end of the trip it may be charged."""
    objection: timedelta = timedelta(days=14)
    """How long the payer may object, before it is collected."""
