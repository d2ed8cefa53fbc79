"""Where the car of a trip is: who drives it sees it, and who helps, on record; nobody else, and not afterwards."""

import pytest

from domain.kernel.messages import Role
from tests.api.rest.test_reads import on_record
from tests.support.city import City

pytestmark = pytest.mark.asyncio(loop_scope="module")
HELPERS = (Role.AGENT, Role.OPERATOR)


async def statuses(city: City, path: str, *callers: dict[str, str]) -> list[int]:
    return [(await city.api.get(path, headers=headers)).status_code for headers in callers]


async def test_a_driver_finds_her_parked_car_again_and_who_helps_her_sees_it_on_record(shared_city: City) -> None:
    city, ada, stranger = shared_city, await shared_city.member(), await shared_city.member()
    car = await city.car(1)
    trip = await city.start(car, ada)
    await city.drive(car, 120, city.token(Role.OPERATOR))
    (await city.post(f"{trip}/park", None, ada)).raise_for_status()
    await city.until(trip, ada, "parked")

    seen = await city.get(f"{trip}/place", ada)
    helped = [await city.get(f"{trip}/place", city.token(role, f"{role}-1")) for role in HELPERS]

    found = seen["position"]
    assert (found["latitude"], found["longitude"]) == pytest.approx((car.position.latitude, car.position.longitude))
    assert helped == [seen, seen]
    read = await on_record(city, city.token(Role.AUDITOR), member_id=ada["X-Member"])
    assert [who for _, who, door, _ in read if door == "GET /v1/trips/{trip_id}/place"] == ["agent-1", "operator-1"]
    others = [city.token(role) for role in (Role.ANALYST, Role.AUDITOR, Role.PARTNER)]
    assert await statuses(city, f"{trip}/place", stranger, *others) == [404, 403, 403, 403]


async def test_where_a_car_is_after_a_trip_is_no_part_of_it(shared_city: City) -> None:
    city, ada, car = shared_city, await shared_city.member(), await shared_city.car(2)
    trip = await city.start(car, ada)
    await city.end(trip, ada)

    after = await statuses(city, f"{trip}/place", ada, city.token(Role.AGENT))

    assert after == [404, 404]
