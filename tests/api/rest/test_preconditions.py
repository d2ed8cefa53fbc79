"""ETag and If-Match: nobody changes what they have not seen."""

import asyncio
from uuid import uuid4

from domain.kernel.messages import Role
from tests.support.city import City
from tests.support.waiting import until

REASON = {"reason": "needs new tyres"}


async def test_a_change_by_the_version_seen_is_made_and_by_an_older_one_refused(city: City) -> None:
    car, operator = await city.car(), city.token(Role.OPERATOR)
    path = f"/v1/vehicles/{car.vehicle_id}"
    seen = {"If-Match": (await city.api.get(path, headers=operator)).headers["ETag"]}

    made = await city.post(f"{path}/out-of-service", REASON, {**operator, **seen})
    refused = await city.post(f"{path}/in-service", None, {**operator, **seen})

    assert (made.status_code, refused.status_code) == (200, 412)
    assert refused.json()["type"] == "urn:csbe:problem:precondition-failed"
    assert (await city.get(path, operator))["service_state"] == "out_of_service"


async def test_a_repeated_request_gets_its_answer_though_the_version_has_moved_on(city: City) -> None:
    car, operator = await city.car(), city.token(Role.OPERATOR)
    path = f"/v1/vehicles/{car.vehicle_id}"
    seen = {"If-Match": (await city.api.get(path, headers=operator)).headers["ETag"]}
    headers = {**operator, **seen, "Idempotency-Key": str(uuid4())}

    first = await city.api.post(f"{path}/out-of-service", json=REASON, headers=headers)
    again = await city.api.post(f"{path}/out-of-service", json=REASON, headers=headers)

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == {**first.json(), "repeated": True}


async def test_of_two_who_saw_the_same_version_one_changes_it(city: City) -> None:
    member = await city.member()
    agent, path = city.token(Role.AGENT), f"/v1/members/{member['X-Member']}"
    seen = {"If-Match": (await city.api.get(path, headers=agent)).headers["ETag"]}
    card = {"token": "tok_amex", "brand": "amex", "expires_on": "2039-12-31"}

    answers = await asyncio.gather(
        city.post(f"{path}/payment-methods", card, {**agent, **seen}),
        city.post(f"{path}/block", {"reason": "papers forged"}, {**agent, **seen}),
    )

    assert sorted(answer.status_code for answer in answers) in ([200, 412], [201, 412])


async def test_any_version_will_do_for_a_star_and_a_foreign_tag_is_explained(city: City) -> None:
    car, operator = await city.car(), city.token(Role.OPERATOR)
    path = f"/v1/vehicles/{car.vehicle_id}/out-of-service"

    foreign = await city.post(path, REASON, {**operator, "If-Match": 'W/"abc"'})
    star = await city.post(path, REASON, {**operator, "If-Match": "*"})

    assert (foreign.status_code, star.status_code) == (400, 200)
    assert "ETag" in foreign.json()["detail"]


async def test_what_the_reader_has_already_is_not_sent_again_until_it_differs(city: City) -> None:
    agent, member, car = city.token(Role.AGENT), await city.member(), await city.car()
    placed = await city.post("/v1/reservations", {"vehicle_id": str(car.vehicle_id)}, member)
    paths = [placed.headers["Location"], "/v1/reservations", "/v1/zones", f"/v1/members/{member['X-Member']}"]
    await city.settled()

    for path in paths:
        first = await city.api.get(path, headers=agent)
        again = await city.api.get(path, headers={**agent, "If-None-Match": f'"other", W/{first.headers["ETag"]}'})
        other = await city.api.get(path, headers={**agent, "If-None-Match": '"other"'})

        assert (first.status_code, again.status_code, other.status_code) == (200, 304, 200), path
        assert (again.content, again.headers["ETag"]) == (b"", first.headers["ETag"])

    (await city.post(f"{paths[0]}/cancel", None, member)).raise_for_status()
    changed = await city.api.get(paths[0], headers={**agent, "If-None-Match": first.headers["ETag"]})
    assert (changed.status_code, changed.json()["state"]) == (200, "cancelled")


async def test_new_readings_of_a_car_are_shown_though_nothing_was_decided_about_it(city: City) -> None:
    operator, car = city.token(Role.OPERATOR), await city.car()
    path = f"/v1/vehicles/{car.vehicle_id}"
    await until(city.knows_its_cars)
    seen = (await city.api.get(path, headers=operator)).headers["ETag"]

    await city.drive(car, 25, operator)
    now = await city.api.get(path, headers={**operator, "If-None-Match": seen})

    assert now.status_code == 200
