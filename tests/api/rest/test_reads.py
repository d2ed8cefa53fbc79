"""It is on record who read what is known of a member, whose it was, by which door, and why they could."""

from typing import Any
from uuid import UUID

from domain.kernel.messages import Role
from tests.api.rest.test_reading import ended_trip
from tests.support.city import City
from tests.support.waiting import until


async def on_record(city: City, by: dict[str, str], **query: str) -> list[tuple[Any, ...]]:
    """Who read by which door, and why they could, as it is shown; the oldest first."""
    await city.running.reads.flush()
    reads = (await city.get("/v1/reads", by, **query))["reads"]
    return [(read["member_id"], read["reader"], read["door"], read["by_right"]) for read in reversed(reads)]


async def test_what_staff_read_of_a_member_is_on_record_and_shown_to_auditors_and_to_her(city: City) -> None:
    ada, other = await city.member(), await city.member()
    trip = await ended_trip(city, ada)
    await city.settled()
    me, agent, auditor = ada["X-Member"], city.token(Role.AGENT, "olga"), city.token(Role.AUDITOR, "otto")
    paths = (f"/v1/members/{me}", f"/v1/trips/{trip}", "/v1/trips", "/v1/members/me")

    for path in (*paths[:3], *paths[:1]):
        await city.get(path, agent)
    for path in paths:
        await city.get(path, ada)
    await city.get(f"/v1/history/{trip}/state", auditor)
    await city.get(f"/v1/history/{me}", auditor)

    seen = [
        (me, "olga", "GET /v1/members/{member_id}", "members:read"),
        (me, "olga", "GET /v1/trips/{trip_id}", "rentals:read"),
        (me, "olga", "GET /v1/trips", "rentals:read"),
        (me, "otto", "GET /v1/history/{aggregate_id}/state", "history:read"),
        (me, "otto", "GET /v1/history/{aggregate_id}", "history:read"),
    ]
    assert await on_record(city, auditor, member_id=me) == seen
    told = [*seen, (me, "otto", "GET /v1/reads", "history:read")]
    assert await on_record(city, ada) == [(whose, None, door, right) for whose, _, door, right in told]
    assert await on_record(city, other) == []
    refused = await city.api.get("/v1/reads", headers=agent)
    assert refused.status_code == 403


async def test_a_report_of_members_and_a_stream_about_them_are_on_record(city: City) -> None:
    anna, olga, otto = city.token(Role.ANALYST, "anna"), city.token(Role.OPERATOR, "olga"), city.token(Role.AUDITOR)
    ada = await city.member()
    await city.settled()

    await city.get("/v1/reports/members", anna)
    await city.get("/v1/reports/fleet_days", anna)
    query = {"type": "csbe.members.", "personal_data": "true"}
    async with city.api.stream("GET", "/v1/events", params=query, headers={**olga, "Last-Event-ID": "0"}) as stream:
        async for line in stream.aiter_lines():
            if ada["X-Member"] in line:
                break

    reads = await on_record(city, otto)
    assert (None, "anna", "GET /v1/reports/members", "reports:read") in reads
    assert (ada["X-Member"], "olga", "GET /v1/events", "personal:read") in reads
    assert not [read for read in reads if "fleet_days" in read[2]]


async def test_once_she_is_erased_it_stays_on_record_who_read_but_not_of_whom(city: City) -> None:
    ada, agent, otto = await city.member(), city.token(Role.AGENT, "olga"), city.token(Role.AUDITOR)
    path = f"/v1/members/{ada['X-Member']}"
    await city.get(path, agent)
    await city.running.reads.flush()

    (await city.post(f"{path}/erase", {"reason": "asked by letter"}, agent)).raise_for_status()

    async def forgotten() -> bool:
        return (None, "olga", "GET /v1/members/{member_id}", "members:read") in await on_record(city, otto)

    await until(forgotten)
    await city.running.pool.execute(
        "select csbe.note_reads(array[now()], '{s}', '{agent}', '{late}', '{door}', '{right}', array[$1::uuid])",
        UUID(ada["X-Member"]),
    )
    assert await on_record(city, otto, member_id=ada["X-Member"]) == []
    assert (None, "olga", "GET /v1/members/{member_id}", "members:read") in await on_record(city, otto)
