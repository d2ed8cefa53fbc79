"""The nearest free cars: in the order of the great circle, whatever else is on the map."""

from math import asin, cos, hypot, radians, sin
from typing import NamedTuple
from uuid import UUID, uuid5

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from projections.fleet import NEAREST_FREE
from tests.projections.following import live_schema

pytestmark = pytest.mark.usefixtures("followers")

BERLIN = (52.5219, 13.4132)
PLACES = (BERLIN, (69.65, 18.96), (0.0, 0.0), (-16.8, 179.99), (89.9, 0.0))
"""Berlin, Tromsø, the equator, both sides of the date line, and a pole."""

_FLEET = """
insert into read_v1.vehicles (vehicle_id, service, city_id, vin, plate, make, model, propulsion, latitude, longitude,
    energy_percent, service_state)
select md5(n::text)::uuid, case n % 2 when 0 then 'drivenow-europe' else 'reachnow-usa' end, 'city-' || n % 18, n, n,
    'BMW', 'BMW X1', 'petrol', 40 + n % 18 + (n / 18 % 30) * 0.01, 5 + n % 18 + n / 540 * 0.01, 80, 'in_service'
from generate_series(1, 14000) n
"""

_PROMISES = """
insert into read_v1.promised_periods
    (vehicle_id, reservation_id, booked_from, booked_until, closed_from, closed_until, open)
select md5(n::text)::uuid, md5(n || '-' || day)::uuid, now() + day * interval '24 hours',
    now() + day * interval '26 hours', now() + day * interval '22 hours', now() + day * interval '27 hours', true
from generate_series(1, 14000) n, generate_series(1, 2) day
"""


class Parked(NamedTuple):
    """A car as the map knows it."""

    latitude: float | None
    longitude: float | None
    service: str = "drivenow-europe"
    city_id: str = "berlin"
    model: str = "BMW X1"
    energy_percent: float | None = 80.0
    online: bool = True
    service_state: str = "in_service"
    trip_id: UUID | None = None


class Wish(NamedTuple):
    """Where somebody stands, and what they look for."""

    latitude: float
    longitude: float
    service: str = "drivenow-europe"
    city_id: str | None = None
    model: str | None = None
    min_energy: float | None = None
    limit: int = 5


def _sometimes(usual: object, *others: object) -> st.SearchStrategy[object]:
    return st.sampled_from((usual, usual, usual, *others))


@st.composite
def _spots(draw: st.DrawFn, place: tuple[float, float]) -> tuple[float, float]:
    spread = draw(st.sampled_from((0.001, 0.05, 20.0)))
    north, east = (draw(st.floats(-spread, spread)) for _ in range(2))
    longitude = (place[1] + east + 180) % 360 - 180
    return max(-90.0, min(90.0, place[0] + north)), longitude


@st.composite
def _towns(draw: st.DrawFn) -> tuple[Wish, list[Parked]]:
    spots = _spots(draw(st.sampled_from(PLACES)))
    wish = Wish(
        *draw(spots),
        city_id=draw(st.none() | st.just("berlin")),
        model=draw(st.none() | st.just("BMW X1")),
        min_energy=draw(st.none() | st.just(50.0)),
        limit=draw(st.integers(1, 8)),
    )
    cars = st.builds(
        lambda spot, more: Parked(*spot, **more),
        st.one_of(spots, spots, spots, st.just((None, None))),
        st.fixed_dictionaries(
            {
                "service": _sometimes("drivenow-europe", "reachnow-usa"),
                "city_id": _sometimes("berlin", "vienna"),
                "model": _sometimes("BMW X1", "MINI"),
                "energy_percent": _sometimes(80.0, 50.0, 49.0, None),
                "online": _sometimes(True, False),
                "service_state": _sometimes("in_service", "out_of_service"),
                "trip_id": _sometimes(None, UUID(int=7)),
            }
        ),
    )
    return wish, draw(st.lists(cars, max_size=40))


def _metres(wish: Wish, car: Parked) -> float:
    """By the chord between two points of the sphere: another formula than the one in SQL."""
    assert car.latitude is not None
    assert car.longitude is not None

    def on_sphere(latitude: float, longitude: float) -> tuple[float, float, float]:
        phi, lam = radians(latitude), radians(longitude)
        return cos(phi) * cos(lam), cos(phi) * sin(lam), sin(phi)

    here, there = on_sphere(wish.latitude, wish.longitude), on_sphere(car.latitude, car.longitude)
    chord = hypot(*(a - b for a, b in zip(here, there, strict=True)))
    return 2 * 6371008.8 * asin(min(1.0, chord / 2))


def _fits(wish: Wish, car: Parked) -> bool:
    free = car.service_state == "in_service" and car.online and car.trip_id is None and car.latitude is not None
    enough = wish.min_energy is None or (car.energy_percent is not None and car.energy_percent >= wish.min_energy)
    here = car.service == wish.service and wish.city_id in {None, car.city_id}
    return free and enough and here and wish.model in {None, car.model}


async def _park(pool: asyncpg.Pool, cars: list[Parked]) -> dict[UUID, Parked]:
    known = {uuid5(UUID(int=0), str(n)): car for n, car in enumerate(cars)}
    fleet = await live_schema(pool, "fleet")
    await pool.execute(f"truncate {fleet}.vehicles, {fleet}.promised_periods")
    await pool.copy_records_to_table(
        "vehicles",
        schema_name=fleet,
        columns=["vehicle_id", "vin", "plate", "make", "propulsion", *Parked._fields],
        records=[(id, str(id), "B-AB", "BMW", "combustion", *car) for id, car in known.items()],
    )
    return known


@given(town=_towns())
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_they_are_those_that_a_look_at_all_finds(pool: asyncpg.Pool, town: tuple[Wish, list[Parked]]) -> None:
    wish, cars = town
    known = await _park(pool, cars)

    found = await pool.fetch(NEAREST_FREE, *wish)

    fitting = sorted(_metres(wish, car) for car in cars if _fits(wish, car))
    assert [row["distance_m"] for row in found] == pytest.approx(fitting[: wish.limit], abs=1)
    for row in found:
        car = known[row["vehicle_id"]]
        assert _fits(wish, car)
        assert row["distance_m"] == pytest.approx(_metres(wish, car), abs=1)


async def test_a_car_to_the_east_is_nearer_than_one_as_many_degrees_to_the_north(pool: asyncpg.Pool) -> None:
    latitude, longitude = BERLIN
    known = await _park(pool, [Parked(latitude + 0.010, longitude), Parked(latitude, longitude + 0.015)])

    [nearest] = await pool.fetch(NEAREST_FREE, *Wish(*BERLIN, limit=1))

    assert known[nearest["vehicle_id"]].longitude == longitude + 0.015


async def test_among_fourteen_thousand_cars_an_index_finds_them(pool: asyncpg.Pool) -> None:
    fleet = await live_schema(pool, "fleet")
    await pool.execute(f"truncate {fleet}.vehicles")
    await pool.execute(_FLEET)
    await pool.execute(_PROMISES)
    await pool.execute(f"analyze {fleet}.vehicles, {fleet}.promised_periods")

    plan = "\n".join(r[0] for r in await pool.fetch(f"explain {NEAREST_FREE}", *Wish(*BERLIN)))

    assert plan.count("vehicles_nearest") == 2
    assert "Seq Scan" not in plan
