"""What an app shows of a car, and how staff look for cars."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.fleet.commands import NoteContact, ObserveVehicle
from domain.fleet.state import Observation
from domain.kernel.ids import VehicleId
from domain.kernel.messages import Role
from tests.support.city import City

pytestmark = pytest.mark.asyncio(loop_scope="module")

I3 = {
    "plate": "B-EV 1",
    "make": "BMW",
    "model": "BMW i3",
    "propulsion": "electric",
    "transmission": "automatic",
    "seats": 4,
    "full_range_m": 285_000,
    "image_url": "https://cars.example/bmw-i3.png",
}
VIN = "WBAZZZ00000088888"
NEW = {"vin": VIN, "city_id": "berlin", **I3}


async def listed(city: City, **query: str) -> list[dict[str, Any]]:
    await city.settled()
    return list((await city.get("/v1/vehicles", city.token(Role.OPERATOR), **query))["vehicles"])


async def test_a_car_is_shown_with_all_that_an_app_needs_and_is_described_anew(shared_city: City) -> None:
    city, operator = shared_city, shared_city.token(Role.OPERATOR)
    made = await city.post("/v1/vehicles", NEW, operator)
    car, id = f"/v1/vehicles/{made.json()['id']}", VehicleId(UUID(made.json()["id"]))
    now = city.running.system.clock.now()
    charging = Observation(observed_at=now, energy_percent=50.0, plugged_in=True)
    await city.give(ObserveVehicle(vehicle_id=id, observation=charging))

    shown = await city.get(car, operator)
    [on_map] = await listed(city, plate="B-EV 1")
    plated_anew = {**I3, "plate": "B-EV 2", "image_url": None}
    (await city.post(f"{car}/describe", plated_anew, operator)).raise_for_status()

    assert I3.items() <= shown.items()
    assert I3.items() <= on_map.items()
    assert (shown["range_m"], on_map["range_m"], on_map["plugged_in"]) == (142_500, 142_500, True)
    [corrected] = await listed(city, plate="B-EV 2")
    assert plated_anew.items() <= corrected.items()
    assert await listed(city, plate="B-EV 1") == []
    assert await listed(city, vin=VIN) == [corrected]


async def test_a_car_in_service_is_of_a_model_that_has_a_price(shared_city: City) -> None:
    car = f"/v1/vehicles/{(await shared_city.car(1)).vehicle_id}"

    refused = await shared_city.post(
        f"{car}/describe", {**I3, "model": "Tesla Roadster"}, shared_city.token(Role.OPERATOR)
    )

    assert [violation["code"] for violation in refused.json()["violations"]] == ["service.no_tariff"]


async def test_staff_find_the_cars_that_were_lost_before_a_time(shared_city: City) -> None:
    city, car = shared_city, VehicleId((await shared_city.car(2)).vehicle_id)
    now = city.running.system.clock.now()
    await city.give(NoteContact(vehicle_id=car, online=False, at=now))

    lost = await listed(city, offline_before=(now + timedelta(minutes=1)).isoformat())
    long_lost = await listed(city, offline_before=(now - timedelta(minutes=1)).isoformat())

    assert [(row["vehicle_id"], row["online"]) for row in lost] == [(str(car), False)]
    assert long_lost == []
