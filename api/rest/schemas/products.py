"""What members may have in advance, and what they have."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.rest.schemas.base import MEMBER_ID, Because, Body, Word, example
from domain.billing.balance import Balance
from domain.billing.balance_entry import BalanceEntry, EntryState
from domain.kernel.money import Money
from domain.rulebook.product import Holds

ENTRY_ID = "01941f29-7c00-7a3e-8a55-6a1de7b1c00a"
_CHARGE_ID = "3b7d5c1e-8a2f-5e46-9d10-c4f6b8a20007"


class ProductBody(Body):
    """What to buy, of the list of which city."""

    model_config = example({"city_id": "berlin", "product": "minutes_500"}, extra="forbid")

    city_id: Word
    product: Word
    """Id in the list: `GET /v1/products`."""


class GiftBody(Body):
    """What to give, and why."""

    model_config = example(
        {
            "city_id": "berlin",
            "product": "goodwill",
            "amount": {"amount_minor": 500, "currency": "EUR"},
            "reason": "the heating was broken",
        },
        extra="forbid",
    )

    city_id: Word
    product: Word
    """Id in the list: `GET /v1/products`."""
    amount: Money | None = None
    """Of a credit, where the list leaves it open."""
    reason: Because


class CodeBody(Body):
    """A promotional code, as it was told."""

    model_config = example({"code": "WELCOME-2027-K7Q"}, extra="forbid")

    code: Annotated[str, Field(min_length=4, max_length=60)]


class ProductShown(BaseModel):
    """An entry of a city's list of products."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    description: str
    holds: Holds
    minutes: int | None
    percent: Decimal | None
    """So much less is paid."""
    amount: Money | None
    """Of a credit; null where whoever gives it says how much."""
    option: str | None
    covers: tuple[str, ...] | None
    """Ids of elements and packages that it is used for; null for all."""
    price: Money | None
    """Null where it cannot be bought: it is given."""
    where: Literal["city", "country"]
    valid: timedelta | None
    months: int | None
    """With `valid` null too, it lasts for ever."""
    renews: bool
    notice: timedelta
    """How long before the end of a period it must be cancelled."""


class ProductsShown(BaseModel):
    """The list of products of a city."""

    model_config = example(
        {
            "products": [
                {
                    "id": "minutes_500",
                    "name": "500 minutes",
                    "description": "500 minutes for 0.27 EUR each.",
                    "holds": "minutes",
                    "minutes": 500,
                    "percent": None,
                    "amount": None,
                    "option": None,
                    "covers": ["driving", "parked"],
                    "price": {"amount_minor": 13500, "currency": "EUR"},
                    "where": "country",
                    "valid": None,
                    "months": None,
                    "renews": False,
                    "notice": "PT0S",
                }
            ]
        }
    )

    products: list[ProductShown]


class UseShown(BaseModel):
    """What a charge used."""

    charge_id: UUID
    """Its explanation has the line."""
    seconds: int
    amount: Money
    """What it made the price less."""


class EntryShown(BaseModel):
    """What a member has of a product."""

    entry_id: UUID
    product: str
    name: str
    holds: Holds
    state: EntryState
    """held_back is used for nothing: its price could not be taken."""
    city_id: str
    country: str
    left_s: int | None
    """Of minutes, in seconds, in this period."""
    percent: Decimal | None
    left: Money | None
    """Of a credit."""
    option: str | None
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None
    """Of the present period; null for ever."""
    renews: bool
    renews_until: AwareDatetime | None
    """When it ends, once it is cancelled."""
    charge_id: UUID | None
    """What the present period was paid by; null for what was given."""
    uses: list[UseShown]
    """What used it."""

    @classmethod
    def of_entry(cls, entry: BalanceEntry, balance: Balance) -> Self:
        """As it is now."""
        terms = entry.terms
        same = ("name", "holds", "city_id", "country", "percent", "option", "renews")
        return cls(
            **{name: getattr(terms, name) for name in same},
            entry_id=entry.entry_id,
            product=terms.product_id,
            state=entry.state,
            left_s=None if terms.seconds is None else entry.left_s,
            left=entry.left,
            starts_at=entry.starts_at,
            ends_at=entry.ends_at,
            renews_until=entry.renews_until,
            charge_id=entry.sale.charge_id if entry.sale else None,
            uses=[*_uses(entry.entry_id, balance)],
        )


def _uses(entry_id: UUID, balance: Balance) -> list[UseShown]:
    return [
        UseShown(charge_id=charge_id, seconds=one.use.seconds, amount=one.use.amount)
        for charge_id, uses in balance.uses.items()
        for one in uses
        if one.use.entry_id == entry_id
    ]


_ENTRY = {
    "entry_id": ENTRY_ID,
    "product": "minutes_500",
    "name": "500 minutes",
    "holds": "minutes",
    "state": "running",
    "city_id": "berlin",
    "country": "DE",
    "left_s": 28_740,
    "percent": None,
    "left": None,
    "option": None,
    "starts_at": "2027-01-05T12:00:00Z",
    "ends_at": None,
    "renews": False,
    "renews_until": None,
    "charge_id": _CHARGE_ID,
    "uses": [{"charge_id": _CHARGE_ID, "seconds": 1260, "amount": {"amount_minor": 651, "currency": "EUR"}}],
}


class EntryAlone(EntryShown):
    """What a member has of a product, and what used it."""

    model_config = example(_ENTRY)


class BalanceShown(BaseModel):
    """All that a member has in advance, or had, in the order in which they got it."""

    model_config = example({"member_id": MEMBER_ID, "entries": [_ENTRY]})

    member_id: UUID
    entries: list[EntryShown]

    @classmethod
    def of_balance(cls, member_id: UUID, balance: Balance | None) -> Self:
        """As it is now."""
        if balance is None:
            return cls(member_id=member_id, entries=[])
        entries = [EntryShown.of_entry(entry, balance) for entry in balance.entries.values()]
        return cls(member_id=member_id, entries=entries)
