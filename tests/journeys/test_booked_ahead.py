"""A car for tomorrow, over HTTP and MQTT: extended, found another for, driven and brought back late; or not driven."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.rulebooks import shipped_texts
from domain.kernel.messages import Role
from domain.rental.scheduled import ScheduledReservation
from domain.rental.trip import Trip
from tests.support.city import City
from tests.support.installation import Installation

KEY = "drivenow-europe"
FILES = shipped_texts()[KEY]
PATIENT = {**FILES, "service.toml": FILES["service.toml"] + '\n[fleet]\nsilent_after = "P9D"\n'}
"""No car counts as lost while the clock jumps."""
pytestmark = pytest.mark.parametrize("texts", [{**shipped_texts(), KEY: PATIENT}], ids=["patient"])

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def promised(city: City, member: dict[str, str], ahead: timedelta, number: int = 1) -> str:
    begins = city.running.system.clock.now() + ahead
    times = {"booked_from": begins.isoformat(), "booked_until": (begins + 2 * HOUR).isoformat()}
    body = {"vehicle_id": str((await city.car(number)).vehicle_id), **times}
    made = await city.post("/v1/scheduled-reservations", body, member)
    assert made.status_code == 201, made.text
    return made.headers["Location"]


async def pass_until(moment: datetime, installation: Installation, city: City) -> None:
    """Let time pass until then, and whatever is due be done."""
    installation.clock.let_pass(moment - city.running.system.clock.now())
    await city.settled()


async def events(city: City, topic: str) -> list[Any]:
    return [recorded.event async for recorded in city.running.store.read(topics=[topic])]


async def test_booked_for_tomorrow_extended_the_earlier_user_late_a_substitute_driven_and_late(
    installation: Installation, city: City
) -> None:
    ada, bob = await city.member(), await city.member()
    path = await promised(city, ada, DAY)
    begins = datetime.fromisoformat((await city.get(path, ada))["booked_from"])
    later = (begins + 3 * HOUR).isoformat()
    (await city.post(f"{path}/change", {"booked_until": later}, ada)).raise_for_status()

    await city.start(await city.car(1), bob)
    await pass_until(begins - 20 * MINUTE, installation, city)
    shown = await city.until(path, ada, "pinned")
    [replaced] = await events(city, ScheduledReservation.CarReplaced.TOPIC)
    assert str(replaced.vehicle_id) == shown["vehicle_id"] != str((await city.car(1)).vehicle_id)
    assert len(city.mails("reservation_car_replaced")) == 1

    await pass_until(begins, installation, city)
    reservation_id = path.rpartition("/")[2]
    asked = {"vehicle_id": shown["vehicle_id"], "reservation_id": reservation_id}
    asked_for = await city.post("/v1/trips", asked, ada)
    assert asked_for.status_code == 201, asked_for.text
    trip = asked_for.headers["Location"]
    await city.until(trip, ada, "running")
    [car] = [car for car in city.cars if str(car.vehicle_id) == shown["vehicle_id"]]
    await city.drive(car, 25, city.token(Role.OPERATOR))
    await pass_until(begins + 3 * HOUR + 10 * MINUTE, installation, city)
    await city.end(trip, ada)

    [ended] = await events(city, Trip.Ended.TOPIC)
    assert ended.facts.booked_until.isoformat() == datetime.fromisoformat(later).isoformat()
    assert ended.ended_at > ended.facts.booked_until
    after = await city.get(path, ada)
    assert (after["state"], after["trip_id"]) == ("completed", trip.rpartition("/")[2])


async def test_one_is_cancelled_when_made_one_when_pinned_and_for_one_nobody_comes(
    installation: Installation, city: City
) -> None:
    ada = await city.member()
    at_once, pinned, missed = [await promised(city, ada, n * DAY, n) for n in (1, 2, 3)]
    begins = datetime.fromisoformat((await city.get(pinned, ada))["booked_from"])

    (await city.post(f"{at_once}/cancel", None, ada)).raise_for_status()
    await pass_until(begins - 30 * MINUTE, installation, city)
    await city.until(pinned, ada, "pinned")
    held = await city.post("/v1/reservations", {"vehicle_id": str((await city.car(4)).vehicle_id)}, ada)
    (await city.post(f"{pinned}/cancel", None, ada)).raise_for_status()
    await pass_until(begins + DAY + HOUR, installation, city)
    await city.until(missed, ada, "no_show")

    assert {rule["code"] for rule in held.json()["violations"]} == {"member.in_reservation"}
    assert [(await city.get(path, ada))["state"] for path in (at_once, pinned)] == ["cancelled", "cancelled"]
    assert len(city.mails("reservation_no_show")) == 1
    again = await city.post("/v1/reservations", {"vehicle_id": str((await city.car(3)).vehicle_id)}, ada)
    assert again.status_code in {201, 409}
