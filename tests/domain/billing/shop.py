"""A member with a car in a city that sells products, for stories of what is had in advance."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from domain.billing.balance import Balance
from domain.billing.balance_entry import BalanceEntry
from domain.billing.correction import Correction
from domain.billing.fee import Evidence
from domain.billing.invoice import Invoice
from domain.billing.product_commands import BuyProduct, GiveProduct
from domain.invariants import Invariants
from domain.kernel.ids import TripId, derived_id
from domain.kernel.messages import Actor, Role
from domain.rental.commands import EndTrip, StartTrip
from domain.rental.staff_commands import CorrectTrip
from domain.rental.trip import Trip
from domain.rulebook.model import City, Rulebook
from domain.rulebook.product import Product, PromoCode
from domain.rulebook.rates import FlatFee
from projections.ledger import entries_of
from tests.domain.billing.desk import euros
from tests.support.people_and_cars import area, car, made, member, says, started
from tests.support.services import DRIVENOW_EUROPE
from tests.support.world import World

DAY = timedelta(days=1)
TIME = ("driving", "parked")
MINUTES = Product(
    id="ten", name="10 minutes", description="Ten.", holds="minutes", minutes=10, covers=TIME, price=euros("2.70")
)
SAVER = MINUTES.model_copy(update={"id": "saver", "name": "Saver", "valid": 30 * DAY, "reminder": 3 * DAY})
PASS = Product(
    id="pass",
    name="Pass",
    description="Half the minute rate.",
    holds="discount",
    percent=Decimal(50),
    covers=TIME,
    price=euros("9.99"),
    months=1,
    renews=True,
    notice=14 * DAY,
)
CREDIT = Product(
    id="credit", name="Credit", description="Sorry.", holds="credit", maximum=euros("50"), covers=TIME, valid=30 * DAY,
    reminder=3 * DAY,
)  # fmt: skip
GOLD = Product(id="gold_tier", name="Gold", description="Gold.", holds="option", option="gold")
FIVE = Product(
    id="five", name="5 EUR", description="Five.", holds="credit", amount=euros("5"), covers=("driving",), valid=30 * DAY
)
PRODUCTS = (MINUTES, SAVER, PASS, CREDIT)


class Shop:
    """A member with a car in a city that sells products."""

    def __init__(self, *products: Product) -> None:
        self.world = World()
        self.world.rulebook = with_products(DRIVENOW_EUROPE, products or PRODUCTS)

    async def open(self) -> "Shop":
        await area(self.world)
        self.member, self.car = await member(self.world), await car(self.world)
        return self

    async def buy(self, product: str, name: object = 1) -> UUID:
        entry_id = derived_id("entry", product, name)
        command = BuyProduct(entry_id=entry_id, member_id=self.member, city_id="berlin", product=product)
        return made(await self.world.do(command))

    async def give(self, product: str, agent: str = "ada", **more: Any) -> UUID:
        command = GiveProduct(
            entry_id=derived_id("gift", product, agent), member_id=self.member, city_id="berlin", product=product,
            reason="the heating was broken", **more,
        )  # fmt: skip
        return made(await self.world.do(command, actor=Actor(role=Role.AGENT, id=agent)))

    async def drive(self, minutes: int) -> Invoice:
        """The invoice of a trip of so many minutes."""
        trip_id = await started(self.world, self.member, self.car)
        await self.world.advance(timedelta(minutes=minutes))
        await says(self.world, self.car)
        await self.world.do(EndTrip(trip_id=trip_id))
        return await self.world.store.load(Invoice, Invoice.id_of(Trip.TOPIC, trip_id))

    async def drive_with(self, *options: str) -> None:
        """Ask for a trip with options."""
        trip_id = TripId(derived_id("trip with", *options))
        await self.world.do(StartTrip(trip_id=trip_id, member_id=self.member, vehicle_id=self.car, options=options))

    async def correct(self, trip_id: UUID, seconds: int) -> None:
        """It lasted so long in truth."""
        photo = (Evidence(kind="photo", reference="clock.jpg"),)
        command = CorrectTrip(
            correction_id=derived_id("correction", seconds), trip_id=TripId(trip_id), evidence=photo,
            correction=Correction(duration_s=seconds), reason="a photo",
        )  # fmt: skip
        await self.world.do(command)

    def ask_for(self, option: str) -> None:
        """Whoever has the option pays 1.00 less."""
        less = FlatFee(id="less", description="Less", amount=Decimal(-1), option=option)

        def asking(city: City) -> City:
            tariffs = [tariff.model_copy(update={"elements": (*tariff.elements, less)}) for tariff in city.tariffs]
            return city.model_copy(update={"tariffs": tuple(tariffs)})

        rules = self.world.rulebook
        cities = tuple(asking(city) for city in rules.cities)
        self.world.rulebook = rules.model_copy(update={"options": (option,), "cities": cities})

    async def balance(self) -> Balance:
        return await self.world.store.load(Balance, Balance.id_of(self.world.service, self.member))

    async def entry(self, entry_id: UUID) -> BalanceEntry:
        return (await self.balance()).entries[entry_id]

    def invoices(self) -> list[Invoice.Issued]:
        return self.world.events(Invoice.Issued)

    def books(self) -> dict[str, int]:
        """What is on each account."""
        accounts: dict[str, int] = {}
        for recorded in self.world.store.log:
            for entry in entries_of(recorded.event):
                accounts[entry.debit] = accounts.get(entry.debit, 0) + entry.amount.amount_minor
                accounts[entry.credit] = accounts.get(entry.credit, 0) - entry.amount.amount_minor
        assert sum(accounts.values()) == 0
        return {account: minor for account, minor in accounts.items() if minor}

    def broken(self) -> Mapping[str, Any]:
        laws = Invariants()
        for recorded in self.world.store.log:
            laws.observe(recorded)
        return {name: found.broken for name, found in laws.report(finished=True).items() if found.broken}


def with_products(rulebook: Rulebook, products: tuple[Product, ...]) -> Rulebook:
    def stocked(city: City) -> City:
        return city.model_copy(update={"products": products}) if city.id == "berlin" else city

    return rulebook.model_copy(update={"cities": tuple(stocked(city) for city in rulebook.cities)})


def code(written: str = "WELCOME-2026", **rules: Any) -> PromoCode:
    """One that holds this year, and gives 5.00."""
    valid_from = datetime(2026, 1, 1, tzinfo=UTC)
    digest = sha256(written.encode()).hexdigest()
    return PromoCode.model_validate(
        {"id": written.lower(), "sha256": digest, "product": "five", "valid_from": valid_from, **rules}
    )


def with_codes(rulebook: Rulebook, *those: PromoCode) -> Rulebook:
    """Codes of the members of Berlin."""
    cities = [city.model_copy(update={"codes": those}) if city.id == "berlin" else city for city in rulebook.cities]
    return rulebook.model_copy(update={"cities": tuple(cities)})
