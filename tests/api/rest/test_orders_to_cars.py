"""What an operator tells a car arrives at the car, and stays on record with who and why."""

from functools import partial
from uuid import UUID, uuid4

import pytest

from api.auth import SCOPES
from domain.kernel.messages import Role
from tests.support.city import City
from tests.support.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")
WHY = {"reason": "keys left inside"}
TOLD = ("unlock", "locate", "lock")


async def confirmed(city: City, vehicle_id: UUID, told: int) -> bool:
    events = city.running.store.read(aggregate_id=vehicle_id, topics=["fleet.vehicle.command_confirmed"])
    return len([recorded async for recorded in events]) == told


async def test_an_operator_unlocks_locates_and_locks_a_car_that_is_out_of_service(shared_city: City) -> None:
    city, operator = shared_city, shared_city.token(Role.OPERATOR, "olga")
    car = await city.car(1)
    path, id = f"/v1/vehicles/{car.vehicle_id}", UUID(str(car.vehicle_id))
    (await city.post(f"{path}/out-of-service", WHY, operator)).raise_for_status()

    locked = []
    for number, told in enumerate(TOLD, 1):
        accepted = await city.post(f"{path}/{told}", WHY, operator)
        await until(partial(confirmed, city, id, number))
        locked.append((accepted.status_code, car.locked, accepted.json()["id"]))
    await city.settled()

    assert locked == [(202, open_, str(id)) for open_ in (False, False, True)]
    asked = await city.get("/v1/history", city.token(Role.AUDITOR), vehicle_id=str(id))
    orders = [row for row in asked["events"] if row["topic"] == "fleet.vehicle.command_requested"]
    assert {(row["actor_id"], row["command"], row["reason"]) for row in orders} == {
        ("olga", "fleet.order_vehicle", WHY["reason"])
    }
    assert len(orders) == len(TOLD)


async def test_a_car_that_members_may_take_is_not_unlocked_since_it_would_be_locked_again(shared_city: City) -> None:
    car = await shared_city.car(2)

    refused = await shared_city.post(f"/v1/vehicles/{car.vehicle_id}/unlock", WHY, shared_city.token(Role.OPERATOR))

    assert [violation["code"] for violation in refused.json()["violations"]] == ["vehicle.in_service"]


async def test_a_driver_who_stands_before_her_locked_car_has_it_unlocked_and_her_trip_goes_on(
    shared_city: City,
) -> None:
    city, ada, car = shared_city, await shared_city.member(), await shared_city.car(3)
    trip, id = await city.start(car, ada), UUID(str(car.vehicle_id))
    for number, told in enumerate(("lock", "unlock"), 2):
        path = f"/v1/vehicles/{id}/{told}"
        (await city.post(path, WHY, city.token(Role.OPERATOR))).raise_for_status()
        await until(partial(confirmed, city, id, number))
    await city.settled()

    state = (await city.get(trip, ada))["state"]

    assert (car.locked, state) == (False, "running")


@pytest.mark.parametrize("role", [role for role in Role if "vehicles:write" not in SCOPES[role]])
async def test_nobody_else_tells_a_car_anything(shared_city: City, role: Role) -> None:
    car = await shared_city.car(4)
    before = await shared_city.running.store.end()

    answers = [
        (
            await shared_city.post(f"/v1/vehicles/{car.vehicle_id}/{told}", WHY, shared_city.token(role, str(uuid4())))
        ).status_code
        for told in TOLD
    ]

    assert answers == [403] * len(TOLD)
    assert await shared_city.running.store.end() == before


async def test_an_order_without_a_reason_is_refused(shared_city: City) -> None:
    car = await shared_city.car(5)

    answer = await shared_city.post(f"/v1/vehicles/{car.vehicle_id}/lock", {}, shared_city.token(Role.OPERATOR))

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/body/reason")
