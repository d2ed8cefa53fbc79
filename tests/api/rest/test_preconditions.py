"""ETag and If-Match: nobody changes what they have not seen."""

import asyncio
from uuid import uuid4

from domain.kernel.messages import Role
from tests.support.city import City

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

    assert sorted(answer.status_code for answer in answers) == [200, 412]


async def test_any_version_will_do_for_a_star_and_a_foreign_tag_is_explained(city: City) -> None:
    car, operator = await city.car(), city.token(Role.OPERATOR)
    path = f"/v1/vehicles/{car.vehicle_id}/out-of-service"

    foreign = await city.post(path, REASON, {**operator, "If-Match": 'W/"abc"'})
    star = await city.post(path, REASON, {**operator, "If-Match": "*"})

    assert (foreign.status_code, star.status_code) == (400, 200)
    assert "ETag" in foreign.json()["detail"]
