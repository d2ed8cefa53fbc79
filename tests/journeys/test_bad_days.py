"""What must hold when things go wrong."""

import asyncio
from collections import Counter
from uuid import uuid4

import asyncpg
import pytest

from adapters.simulator.vehicles import Faults
from domain.invariants import audit
from domain.kernel.messages import Role
from tests.journeys.stubborn import StubbornClient
from tests.support.city import City
from tests.support.rules import with_limit
from tests.support.waiting import until

RACES = 100
CUTS_IN_MID_APPEND = 3

CUT_ALL_OTHERS = """
with others as materialized (
    select pid, state = 'active' and query like '%csbe.append%' as in_mid_append from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
)
select count(*) filter (where in_mid_append) from others where pg_terminate_backend(pid)
"""
ADA = {"city_id": "berlin", "name": "Ada", "email": "ada@example.org", "birth_date": "1990-05-17"}


@pytest.mark.parametrize("texts", [with_limit("reservation", "cooldown", '"PT0S"')], ids=["without cooldown rule"])
async def test_of_two_members_who_want_one_car_at_the_same_instant_one_gets_it_a_hundred_times(city: City) -> None:
    car, agent = await city.car(), city.token(Role.AGENT)
    rivals = [await city.member(), await city.member()]
    winners: Counter[int] = Counter()
    for _ in range(RACES):
        asked = [city.post("/v1/reservations", {"vehicle_id": str(car.vehicle_id)}, rival) for rival in rivals]
        answers = await asyncio.gather(*asked)

        won = [number for number, answer in enumerate(answers) if answer.status_code == 201]
        lost = [answer for answer in answers if answer.status_code == 409]
        assert (len(won), len(lost)) == (1, 1)
        assert [violation["code"] for violation in lost[0].json()["violations"]] == ["vehicle.reserved"]
        winners.update(won)
        cancelled = await city.post(f"/v1/reservations/{answers[won[0]].json()['id']}/cancel", None, agent)
        cancelled.raise_for_status()
    assert winners.total() == len(await city.told("rental.reservation.placed")) == RACES


async def test_the_same_command_sent_ten_times_at_once_has_one_effect(city: City) -> None:
    member, car = await city.member(), await city.car()
    headers = {"Idempotency-Key": str(uuid4()), **member}
    before = await city.running.store.end()

    body = {"vehicle_id": str(car.vehicle_id)}
    answers = await asyncio.gather(*(city.api.post("/v1/reservations", json=body, headers=headers) for _ in range(10)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({(answer.json()["id"], answer.json()["position"]) for answer in answers}) == 1
    assert sum(not answer.json()["repeated"] for answer in answers) == 1
    topics = [recorded.topic async for recorded in city.running.store.read(after=before)]
    assert topics == ["members.member.reservation_opened", "fleet.vehicle.reserved", "rental.reservation.placed"]


@pytest.mark.parametrize("faults", [Faults(unlock_timeout=1.0)], ids=["silent cars"])
@pytest.mark.parametrize("texts", [with_limit("trip", "unlock_timeout", '"PT1S"')], ids=["hasty"])
async def test_a_car_that_never_answers_gives_the_reservation_back(city: City) -> None:
    member, car = await city.member(), await city.car()
    reservation = await city.reserve(car, member)
    reservation_id = reservation.rpartition("/")[2]

    body = {"vehicle_id": str(car.vehicle_id), "reservation_id": reservation_id}
    started = (await city.post("/v1/trips", body, member)).json()
    await city.until(f"/v1/trips/{started['id']}", member, "start_failed")
    await city.settled()

    assert (await city.get(reservation, member))["state"] == "open"
    account = await city.get("/v1/members/me", member)
    assert (account["state"], account["reservation_id"]) == ("in_reservation", reservation_id)
    [told] = city.mails("trip_start_failed")
    assert "Nothing is charged" in told
    operations = await city.running.pool.fetch("select operation from csbe.provider_operations order by performed_at")
    assert [row["operation"] for row in operations] == ["hold", "release"]
    assert (await city.get("/v1/invoices", member))["invoices"] == []


async def test_connections_cut_in_mid_append_lose_nothing_that_was_acknowledged(
    city: City, owner: asyncpg.Connection
) -> None:
    client, enough = StubbornClient(city.api), asyncio.Event()

    async def register_until_it_is_enough() -> None:
        while not enough.is_set():
            await client.post("/v1/members", ADA | {"email": f"{uuid4().hex}@example.org"}, {})

    async def more_than(acknowledged: int) -> bool:
        return len(client.acknowledged) > acknowledged

    async with asyncio.TaskGroup() as clients:
        for _ in range(6):
            clients.create_task(register_until_it_is_enough())
        cut_in_mid_append = 0
        while cut_in_mid_append < CUTS_IN_MID_APPEND:
            so_far = len(client.acknowledged)
            await until(lambda: more_than(so_far))  # noqa: B023 (awaited before the next turn)
            cut_in_mid_append += await owner.fetchval(CUT_ALL_OTHERS)
        enough.set()
    await city.settled()

    events = city.running.store.read(topics=["members.member.registered"])
    log = {recorded.position: str(recorded.event.originator_id) async for recorded in events}
    assert client.acknowledged
    assert [done for done in client.acknowledged if log.get(done.position) != done.id] == []
    assert Counter(log.values()).most_common(1)[0][1] == 1
    await city.reserve(await city.car(), await city.member())
    assert not any(result.broken for result in (await audit(city.running.store.read())).values())
