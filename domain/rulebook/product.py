"""What a member may have in advance: minutes, a discount, a credit, an option; bought, or given to them."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from domain.kernel.money import Money
from domain.rulebook.base import Rules

Holds = Literal["minutes", "discount", "credit", "option"]
Discount = Annotated[Decimal, Field(gt=0, le=100)]
"""In percent of what is paid without it."""
Order = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
"""Of what a payer has, which is used first."""


class Product(Rules):
    """One entry of the list of products of a city. What somebody has of it stays as the list said when they got it."""

    id: str
    """Names it in the API and on price lines."""
    name: str
    """As it stands on invoices."""
    description: str
    """What members read."""
    holds: Holds
    """What whoever has it has."""
    minutes: Annotated[int, Field(gt=0)] | None = None
    """So many are used instead of being paid for; in each period anew where it renews."""
    percent: Discount | None = None
    """So much less is paid."""
    amount: Money | None = None
    """A credit of so much; where none, whoever gives it says how much."""
    maximum: Money | None = None
    """The most that may be given where there is no amount."""
    option: str | None = None
    """An option of the service that nobody else has, e.g. a tier or a lower excess."""
    covers: tuple[str, ...] | None = None
    """Ids of the elements and packages that it is used for; all when none."""
    price: Money | None = None
    """What it costs, for each period where it renews; nobody can buy what has none: it is given."""
    where: Literal["city", "country"] = "country"
    """Whether it is used in its city only, or in all cities of the country in which the same legal entity sells."""
    valid: timedelta | None = None
    """How long it lasts: so long,"""
    months: Annotated[int, Field(gt=0, le=120)] | None = None
    """or until the same day of a later month; for ever when neither is said."""
    renews: bool = False
    """Whether it is bought anew at the end of each period until somebody cancels it."""
    notice: timedelta = timedelta(0)
    """How long before the end of a period it must be cancelled, not to be bought for the next one."""
    reminder: timedelta | None = None
    """How long before its end whoever has something left is reminded."""
    order: Order = 0
    """The lowest is used first; of the same order, what ends first."""


class PromoCode(Rules):
    """A code for which members are given a product of their city.

    It is known by its digest, so that whoever reads the rules learns no code.
    """

    id: str
    """Names it in events and reports."""
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """SHA-256 of the code in capitals, in hexadecimal: of at least ten letters that nobody guesses."""
    product: str
    """Id of the product, which has its amount and no price."""
    valid_from: AwareDatetime
    """Its first moment."""
    valid_until: AwareDatetime | None = None
    """The moment from which on it no longer holds."""
    limit: Annotated[int, Field(gt=0)] | None = None
    """How many members may use it; any number when none."""
    joined_within: timedelta | None = None
    """Only for who registered no longer ago, e.g. newcomers."""
    alone: bool = True
    """Not while another code's product is there: of two at once, one is refused."""
