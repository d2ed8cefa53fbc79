"""What the guide's queries answer about a world so small that each number can be reckoned by hand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest

from adapters.mqtt.lookups import ZoneMap
from adapters.postgres.demand import PostgresDemand
from adapters.postgres.event_store.store import PostgresEventStore
from api.composition.queries import refresh_zones
from api.observability import DemandFigures
from domain.fleet.commands import DecommissionVehicle
from domain.kernel.cells import cell_of
from domain.kernel.demand import Ask, AskKind
from domain.kernel.errors import RefusedError
from domain.kernel.ids import MemberId, TripId, VehicleId
from domain.rental.commands import CancelReservation, EndTrip
from tests.months.page import queries
from tests.months.told import Row, told
from tests.projections.following import Followers, catch_up, credit, rules_published
from tests.support.people_and_cars import ALEXANDERPLATZ, area, car, member, reserved, says, started
from tests.support.world import World

NAMES = ("Ada", "Ben", "Cem", "Dora", "Eva")
TUESDAY = datetime(2026, 3, 3, 6, tzinfo=UTC)
"""Seven in Berlin."""
END = datetime(2026, 4, 2, 22, tzinfo=UTC)
"""Midnight in Berlin."""
WEEK, MARCH, APRIL = date(2026, 3, 2), date(2026, 3, 1), date(2026, 4, 1)
IN_USE_S, RESERVED_S = 110 * 60, 10 * 60
"""Of all cars, in March: five trips of 20 minutes, one of 10; one reservation."""
MARCH_H = 5 * (14 + 29 * 24 - 1)
"""So long five cars are there, from ten in the morning of the second; on the 29th the clocks are put forward."""


class Told:
    """What happens, and who asked for a car as the API notes it."""

    def __init__(self, world: World, demand: PostgresDemand) -> None:
        self.world, self.demand = world, demand

    def asks(self, kind: AskKind, who: MemberId, *codes: str) -> None:
        at, service = self.world.now(), self.world.service
        self.demand.note(Ask(kind, service, at, str(who), "berlin", ALEXANDERPLATZ, codes=codes))

    async def drives(self, who: MemberId, which: VehicleId, minutes: int) -> TripId:
        """From Alexanderplatz to Alexanderplatz."""
        self.asks("trip", who)
        trip = await started(self.world, who, which)
        await self.world.advance(timedelta(minutes=minutes))
        await says(self.world, which, odometer_m=(self.world.last_said[which].odometer_m or 0) + 5_000)
        await self.world.do(EndTrip(trip_id=trip))
        return trip

    async def on_tuesday(self, people: list[MemberId], cars: list[VehicleId]) -> list[TripId]:
        """Five look for a car, of whom the last finds none at first; Ben wants the car that Ada has reserved."""
        ada, ben, *_, eva = people
        for who in people[:-1]:
            self.asks("search", who)
            self.asks("quote", who)
        self.asks("search", eva, "search.nothing_found")
        held = await reserved(self.world, ada, cars[0])
        self.asks("reservation", ada)
        with pytest.raises(RefusedError) as refused:
            await reserved(self.world, ben, cars[0])
        self.asks("reservation", ben, *(violation.code for violation in refused.value.violations))
        await self.world.advance(timedelta(minutes=10))
        await self.world.do(CancelReservation(reservation_id=held))
        self.world.time = datetime(2026, 3, 3, 8, tzinfo=UTC)
        self.asks("search", ada)
        return [await self.drives(who, which, 20) for who, which in zip(people, cars, strict=True)]


@pytest.fixture
async def cars(world: World, store: PostgresEventStore, followers: Followers) -> list[VehicleId]:
    """Five of them at 0.31 EUR a minute, since ten in the morning of the second of March."""
    await rules_published(store)
    await catch_up(followers)
    await area(world)
    return [await car(world, f"B-AB {number}", model="MINI 3-Door") for number in range(5)]


@pytest.fixture
async def answers(
    world: World, cars: list[VehicleId], followers: Followers, pool: asyncpg.Pool, owner_dsn: str
) -> dict[str, list[Row]]:
    """All that an analyst is told on the second of April."""
    people = [await member(world, name) for name in NAMES]
    zones = ZoneMap()
    told_of = Told(world, PostgresDemand(pool, DemandFigures(), zones.names))
    world.time = TUESDAY
    trips = await told_of.on_tuesday(people, cars)
    world.time = datetime(2026, 3, 4, 6, tzinfo=UTC)
    world.empty_cards.add(people[0])
    await told_of.drives(people[0], cars[0], 10)
    world.time = datetime(2026, 3, 5, 6, tzinfo=UTC)
    await world.do(credit(trips[1]))
    world.time = datetime(2026, 4, 2, 6, tzinfo=UTC)
    await told_of.drives(people[2], cars[0], 30)
    world.time = END
    for which in cars:
        await world.do(DecommissionVehicle(vehicle_id=which, reason="sold"))
    await catch_up(followers)
    await refresh_zones(pool, zones)
    await told_of.demand.flush()
    return {name: list(rows) for name, rows in (await told(owner_dsn, queries(), END)).items()}


def tuples(rows: list[Row]) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in rows]


def euros(*amounts: str) -> Decimal:
    return sum(map(Decimal, amounts), Decimal(0))


async def test_revenue_is_what_was_billed_without_tax_less_what_was_credited(answers: dict[str, list[Row]]) -> None:
    """20 minutes are 6.20 EUR, of which 5.21 are net; 10 are 3.10 and 2.61; 30 are 9.30 and 7.82."""
    march = euros("5.21", "5.21", "5.21", "5.21", "2.61")

    assert tuples(answers["revenue-by-week"]) == [
        ("berlin", WEEK, 6, march, "EUR"),
        ("berlin", date(2026, 3, 30), 1, euros("7.82"), "EUR"),
    ]
    assert tuples(answers["documents"]) == [("drivenow-de", "EUR", march * 100, 4 * 99 + 49)]


async def test_what_is_open_is_told_by_its_age(answers: dict[str, list[Row]]) -> None:
    assert tuples(answers["unpaid"]) == [(29, 1, 310, "EUR")]


async def test_what_cars_earn_is_told_by_month_and_by_day(answers: dict[str, list[Row]], cars: list[VehicleId]) -> None:
    march, april = answers["revenue-by-car"]
    days = [(row["day"], row["vehicle_id"], row["trips"], row["net"]) for row in answers["revenue-by-car-and-day"]]

    assert (march["city_id"], march["starts_on"], april["starts_on"]) == ("berlin", MARCH, APRIL)
    assert march["per_car"] == euros("5.21", "5.21", "5.21", "5.21", "2.61") / 5
    assert march["utilisation"] == pytest.approx(IN_USE_S / (MARCH_H * 3600))
    assert april["per_car"] == euros("7.82")
    assert april["utilisation"] == pytest.approx(0.5 / (5 * 48))
    tuesday: list[tuple[date, UUID, int, Decimal]] = [
        (date(2026, 3, 3), which, 1, euros("0" if which == cars[1] else "5.21")) for which in cars
    ]
    others = [(date(2026, 3, 4), cars[0], 1, euros("2.61")), (date(2026, 4, 2), cars[0], 1, euros("7.82"))]
    assert sorted(days) == sorted([*tuesday, *others])


async def test_demand_is_told_by_cell_and_refusals_by_hour(answers: dict[str, list[Row]]) -> None:
    assert tuples(answers["unmet-in-the-morning"]) == [(WEEK, "berlin", cell_of(ALEXANDERPLATZ), 1, 5)]
    assert sorted(tuples(answers["refusals-by-hour"]), key=str) == [
        ("berlin", 7, "reservation", "vehicle.reserved", 1),
        ("berlin", 7, "search", "search.nothing_found", 1),
    ]


async def test_demand_and_refusals_are_told_by_zone_and_hour_where_five_have_asked(
    answers: dict[str, list[Row]],
) -> None:
    assert tuples(answers["demand-by-zone"]) == [("berlin", "Berlin", 7, 5, 1)]
    assert tuples(answers["refusals-by-zone"]) == [("berlin", "Berlin", 7, "search.nothing_found", 1)]


async def test_the_way_from_search_to_trip_is_told_by_month(answers: dict[str, list[Row]]) -> None:
    assert tuples(answers["funnel"]) == [(MARCH, "berlin", 6, 5, 4, 1, 6), (APRIL, "berlin", 0, 0, 0, 0, 1)]


async def test_places_are_told_of_five_at_least(answers: dict[str, list[Row]]) -> None:
    here, waited_h = cell_of(ALEXANDERPLATZ), round(MARCH_H - (IN_USE_S + RESERVED_S) / 3600)

    assert tuples(answers["flows"]) == [(MARCH, "berlin", "Berlin", "Berlin", 6)]
    assert tuples(answers["idle-cells"]) == [
        (MARCH, "berlin", here, 5, waited_h),
        (APRIL, "berlin", here, 5, round(5 * 48 - 0.5)),
    ]


async def test_how_free_cars_were_is_told_by_day(answers: dict[str, list[Row]]) -> None:
    days = {row["day"]: (row["city_id"], row["cars"], row["percent"]) for row in answers["availability"]}

    not_free_min = {date(2026, 3, 3): 5 * 20 + 10, date(2026, 3, 4): 10, date(2026, 4, 2): 30}
    assert (min(days), max(days), len(days)) == (date(2026, 3, 2), date(2026, 4, 2), 32)
    for day, shown in days.items():
        assert shown == ("berlin", 5, pytest.approx(100 - not_free_min.get(day, 0) / (5 * 24 * 60) * 100)), day


async def test_who_comes_back_is_told_by_the_month_of_registration(answers: dict[str, list[Row]]) -> None:
    assert tuples(answers["retention"]) == [("berlin", MARCH, 0, 100), ("berlin", MARCH, 1, 20)]
