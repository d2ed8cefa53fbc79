"""Reservations ahead of time over HTTP, on a real database: what is free, who may see what, and who wins at once."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx2
import pytest

from domain.kernel.messages import Role
from tests.support.city import City

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOUR = timedelta(hours=1)
BUFFER = HOUR / 2
"""Of DriveNow Europe."""
PATH = "/v1/scheduled-reservations"


def period(city: City, days: float, hours: float = 3) -> dict[str, str]:
    begins = (city.running.system.clock.now() + timedelta(days=days)).replace(microsecond=0)
    return {"booked_from": begins.isoformat(), "booked_until": (begins + hours * HOUR).isoformat()}


async def promised(city: City, member: dict[str, str], days: float, number: int = 1) -> str:
    body = {"vehicle_id": str((await city.car(number)).vehicle_id), **period(city, days)}
    made = await city.post(PATH, body, member)
    assert made.status_code == 201, made.text
    return made.headers["Location"]


async def test_of_all_who_want_a_car_at_once_those_win_whose_periods_do_not_meet(shared_city: City) -> None:
    members = [await shared_city.member() for _ in range(3)]
    car = str((await shared_city.car(1)).vehicle_id)
    wanted = [
        (member, {"vehicle_id": car, **period(shared_city, 10 + (3 * day + number) / 24 * 1.3)})
        for number, member in enumerate(members)
        for day in range(4)
    ]

    answers = await asyncio.gather(*(shared_city.post(PATH, body, member) for member, body in wanted))

    times = [(datetime.fromisoformat(b["booked_from"]), datetime.fromisoformat(b["booked_until"])) for _, b in wanted]
    won = sorted(time for time, answer in zip(times, answers, strict=True) if answer.status_code == 201)
    assert len(won) > 1
    assert all(earlier[1] + BUFFER <= later[0] for earlier, later in pairwise(won))
    for (begins, ends), answer in zip(times, answers, strict=True):
        if answer.status_code != 201:
            assert any(begins < other[1] + BUFFER and other[0] < ends + BUFFER for other in won)
            assert _free_instead(answer)


def _free_instead(refused: httpx2.Response) -> list[dict[str, str]]:
    assert refused.status_code == 409, refused.text
    rules: list[dict[str, Any]] = refused.json()["violations"]
    assert {rule["code"] for rule in rules} <= {"vehicle.booked", "member.reserved_then"}
    return [free for rule in rules for free in rule["values"].get("free_instead", rule["values"].get("ids"))]


async def test_what_is_promised_is_not_listed_as_available_and_other_times_are(shared_city: City) -> None:
    member, car = await shared_city.member(), str((await shared_city.car(2)).vehicle_id)
    await promised(shared_city, member, 5, 2)
    await shared_city.settled()

    taken = await shared_city.get("/v1/availability", member, **period(shared_city, 5), limit="1000")
    before = await shared_city.get("/v1/availability", member, **period(shared_city, 4), limit="1000")
    gaps = (await shared_city.get(f"/v1/vehicles/{car}/availability", member))["free"]

    assert car not in {each["vehicle_id"] for each in taken["vehicles"]}
    assert car in {each["vehicle_id"] for each in before["vehicles"]}
    assert gaps[-1]["available_until"] is None
    shown = await shared_city.get("/v1/vehicles", shared_city.token(Role.OPERATOR), limit="1000")
    [until] = [each["available_until"] for each in shown["vehicles"] if each["vehicle_id"] == car]
    assert datetime.fromisoformat(until) > datetime.now(UTC) + timedelta(days=4)


async def test_which_car_of_a_model_it_is_is_the_staffs_to_know_until_it_is_pinned(shared_city: City) -> None:
    member, agent = await shared_city.member(), shared_city.token(Role.AGENT)
    [known] = (await shared_city.get("/v1/availability", member, **period(shared_city, 7), limit="1"))["vehicles"]
    wish = {
        "model": known["model"],
        "city_id": known["city_id"],
        "member_id": member["X-Member"],
        **period(shared_city, 7),
    }

    made = await shared_city.post(PATH, wish, agent)
    await shared_city.settled()

    path = made.headers["Location"]
    assert made.status_code == 201, made.text
    assert (await shared_city.get(path, member))["vehicle_id"] is None
    assert (await shared_city.get(path, agent))["vehicle_id"] is not None
    [mine] = (await shared_city.get(PATH, member))["scheduled_reservations"]
    assert (mine["state"], mine["vehicle_id"]) == ("placed", None)


async def test_a_period_is_extended_and_given_up(shared_city: City) -> None:
    member = await shared_city.member()
    path = await promised(shared_city, member, 12, 2)
    shown = await shared_city.get(path, member)
    later = (datetime.fromisoformat(shown["booked_until"]) + HOUR).isoformat()

    changed = await shared_city.post(f"{path}/change", {"booked_until": later}, member)
    cancelled = await shared_city.post(f"{path}/cancel", None, member)
    again = await shared_city.post(f"{path}/change", {"booked_until": later}, member)

    assert (changed.status_code, cancelled.status_code, again.status_code) == (200, 200, 409)
    after = await shared_city.get(path, member)
    assert after["state"] == "cancelled"
    assert datetime.fromisoformat(after["booked_until"]) == datetime.fromisoformat(later)


async def test_a_quote_for_a_period_prices_what_is_not_driven_as_parked(shared_city: City) -> None:
    member, car = await shared_city.member(), str((await shared_city.car(1)).vehicle_id)

    hour = await shared_city.post(
        "/v1/quotes", {"vehicle_id": car, "driving_min": 20, **period(shared_city, 3, 1)}, member
    )
    trip = await shared_city.post("/v1/quotes", {"vehicle_id": car, "driving_min": 20, "parked_min": 40}, member)

    assert hour.status_code == 200, hour.text
    assert hour.json()["estimate"]["gross"] == trip.json()["estimate"]["gross"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": "BMW X1"},
        {"vehicle_id": "7f1f7f2c-2f4b-5d61-9c1c-0b8f5f1d0001", "model": "BMW X1"},
        {"vehicle_id": "7f1f7f2c-2f4b-5d61-9c1c-0b8f5f1d0001", "booked_until": "2020-01-01T00:00:00Z"},
    ],
)
async def test_a_wish_that_is_not_clear_is_refused(shared_city: City, wrong: dict[str, str]) -> None:
    answer = await shared_city.post(PATH, {**period(shared_city, 2), **wrong}, await shared_city.member())

    assert answer.status_code == 422, answer.text
