"""Lists page by page, one's own writes, things of others, the past, and the event stream."""

import asyncio
import csv
import json
from datetime import date
from io import BytesIO
from time import time
from unittest.mock import AsyncMock, Mock
from uuid import uuid4

import httpx2
import pytest
from arro3.io import read_parquet

from adapters.embedded.broker import free_port
from adapters.postgres.event_store.appender import AppendEntry
from adapters.postgres.event_store.group_commit import GroupCommit
from adapters.postgres.event_store.mapper import StoredState
from api import auth
from api.problems import Problem
from api.rest import live
from api.rest.application import create_app
from api.rest.pagination import caught_up
from api.server import served_app
from api.system import System
from domain.kernel.messages import RecordedEvent, Role
from domain.members.member import Member
from tests.api.cli.terminal import METADATA, registered
from tests.support.city import City


async def ended_trip(city: City, member: dict[str, str], number: int = 1) -> str:
    car = await city.car(number)
    started = (await city.post("/v1/trips", {"vehicle_id": str(car.vehicle_id)}, member)).json()["id"]
    await city.until(f"/v1/trips/{started}", member, "running")
    await city.drive(car, 25, member)
    (await city.post(f"/v1/trips/{started}/end", None, member)).raise_for_status()
    await city.until(f"/v1/trips/{started}", member, "ended")
    return str(started)


async def test_a_list_is_read_page_by_page_though_its_rows_are_of_one_time(city: City) -> None:
    agent, members = city.token(Role.AGENT), [await city.member() for _ in range(3)]
    for number, member in enumerate(members, 1):
        vehicle = {"vehicle_id": str((await city.car(number)).vehicle_id)}
        (await city.post("/v1/reservations", vehicle, member)).raise_for_status()
    await city.settled()
    await city.running.pool.execute("update read_v1.reservations set placed_at = now()")
    whole = (await city.api.get("/v1/reservations", headers=agent)).json()

    pages: list[list[dict[str, object]]] = []
    cursor = None
    while not pages or cursor:
        query = {"limit": "1", **({"cursor": cursor} if cursor else {})}
        answer = (await city.api.get("/v1/reservations", params=query, headers=agent)).json()
        pages.append(answer["reservations"])
        cursor = answer["next"]

    assert [row for page in pages for row in page] == whole["reservations"]
    assert [len(page) for page in pages] == [1, 1, 1]


async def test_a_cursor_that_is_not_ours_is_explained(city: City) -> None:
    for cursor in ("yesterday", f"2027-01-05~{'x' * 36}", "~"):
        answer = await city.api.get("/v1/trips", params={"cursor": cursor}, headers=city.token(Role.AGENT))

        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/query/cursor")


async def test_a_reader_who_names_a_position_reads_their_own_write(city: City) -> None:
    member, car = await city.member(), await city.car()

    placed = await city.post("/v1/reservations", {"vehicle_id": str(car.vehicle_id)}, member)
    position = placed.headers["X-CSBE-Position"]
    listed = await city.api.get("/v1/reservations", params={"at_least": position}, headers=member)

    assert [row["reservation_id"] for row in listed.json()["reservations"]] == [placed.json()["id"]]


async def test_a_position_that_the_log_does_not_have_is_not_waited_for(city: City) -> None:
    answer = await city.api.get("/v1/trips", params={"at_least": 10**9}, headers=city.token(Role.AGENT))

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/query/at_least")


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_time_that_no_utc_calendar_has_is_input_that_does_not_fit(city: City, time: str) -> None:
    auditor = city.token(Role.AUDITOR)

    answer = await city.api.get("/v1/history", params={"since": time}, headers=auditor)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/query/since")


async def test_a_read_that_cannot_catch_up_in_time_says_so() -> None:
    slow = Mock(spec=System, end=AsyncMock(return_value=5), wait_until=AsyncMock(return_value=False))

    with pytest.raises(Problem) as late:
        await caught_up(slow, 5)

    assert (late.value.document.status, late.value.document.type) == (503, "urn:csbe:problem:read-models-behind")


async def test_another_members_trip_reservation_and_invoice_are_not_there(city: City) -> None:
    ada, other = await city.member(), await city.member()
    trip = await ended_trip(city, ada)
    car = await city.car(2)
    reservation = (await city.post("/v1/reservations", {"vehicle_id": str(car.vehicle_id)}, ada)).json()["id"]
    await city.settled()
    [invoice] = (await city.api.get("/v1/invoices", headers=ada)).json()["invoices"]
    paths = [f"/v1/trips/{trip}", f"/v1/reservations/{reservation}", f"/v1/invoices/{invoice['invoice_id']}"]

    for path in paths:
        assert (await city.api.get(path, headers=ada)).status_code == 200
        assert (await city.api.get(path, headers=other)).status_code == 404
    for action in ("park", "resume", "end"):
        assert (await city.post(f"/v1/trips/{trip}/{action}", None, other)).status_code == 404
    for listed in ("trips", "reservations", "invoices"):
        assert (await city.api.get(f"/v1/{listed}", headers=other)).json()[listed] == []


async def test_a_price_is_told_before_anything_is_reserved(city: City) -> None:
    member, car = await city.member(), await city.car()
    before = await city.running.store.end()
    asked = {"vehicle_id": str(car.vehicle_id), "driving_min": 10, "parked_min": 4}

    told = await city.api.post("/v1/quotes", json=asked, headers=member)
    unknown = await city.api.post("/v1/quotes", json={**asked, "package": "a-week"}, headers=member)

    cost = told.json()["estimate"]
    assert sum(line["amount"]["amount_minor"] for line in cost["lines"]) == cost["gross"]["amount_minor"]
    assert cost["gross"]["amount_minor"] == 10 * 34 + 4 * 15
    assert cost["net"]["amount_minor"] + cost["tax"]["amount_minor"] == cost["gross"]["amount_minor"]
    assert [v["code"] for v in unknown.json()["violations"]] == ["trip.unknown_package"]
    later = [recorded async for recorded in city.running.store.read(after=before)]
    assert not [recorded for recorded in later if recorded.metadata.actor.role is Role.MEMBER]


async def test_an_auditor_sees_an_aggregate_as_it_was(city: City) -> None:
    member, car = await city.member(), await city.car()
    placed = (await city.post("/v1/reservations", {"vehicle_id": str(car.vehicle_id)}, member)).json()
    (await city.post(f"/v1/reservations/{placed['id']}/cancel", None, member)).raise_for_status()
    auditor, state = city.token(Role.AUDITOR), f"/v1/history/{placed['id']}/state"

    then = (await city.api.get(state, params={"position": placed["position"]}, headers=auditor)).json()
    now = (await city.api.get(state, headers=auditor)).json()
    never = await city.api.get(state, params={"position": 0}, headers=auditor)

    assert (then["version"], then["state"]["closed_as"]) == (1, None)
    assert (now["version"], now["state"]["closed_as"]) == (2, "cancelled")
    assert never.status_code == 404


async def test_the_event_log_is_read_forwards_and_backwards_page_by_page(city: City) -> None:
    auditor = city.token(Role.AUDITOR)

    async def positions(**query: str) -> list[int]:
        found: list[int] = []
        cursor: dict[str, str] = {}
        while not found or cursor:
            page = await city.get("/v1/history", auditor, limit="7", **query, **cursor)
            found += [event["position"] for event in page["events"]]
            cursor = {} if page["next"] is None else {"cursor": str(page["next"])}
        return found

    forwards = await positions()

    assert forwards == sorted(set(forwards))
    assert await positions(newest_first="true") == forwards[::-1]


async def test_whoever_watches_the_stream_reads_the_log_too(city: City) -> None:
    statuses = {
        role: (await city.api.get("/v1/history", headers=city.token(role))).status_code
        for role in (Role.OPERATOR, Role.AUDITOR, Role.ANALYST, Role.PARTNER)
    }

    assert statuses == {Role.OPERATOR: 200, Role.AUDITOR: 200, Role.ANALYST: 403, Role.PARTNER: 403}


async def test_an_event_stream_goes_on_after_the_last_event_seen(city: City) -> None:
    auditor, car = city.token(Role.AUDITOR), await city.car()
    operator, path = city.token(Role.OPERATOR), f"/v1/vehicles/{car.vehicle_id}"
    before = await city.running.store.end()
    (await city.post(f"{path}/out-of-service", {"reason": "needs new tyres"}, operator)).raise_for_status()
    (await city.post(f"{path}/in-service", None, operator)).raise_for_status()

    first = await lines_of(city, {**auditor, "Last-Event-ID": str(before)}, 1)
    rest = await lines_of(city, {**auditor, "Last-Event-ID": first[0]["id"]}, 1)

    assert [event["event"] for event in first + rest] == [
        "csbe.fleet.vehicle.taken_out_of_service",
        "csbe.fleet.vehicle.put_into_service",
    ]
    assert '"needs new tyres"' in first[0]["data"]


async def test_an_event_stream_carries_the_types_and_the_aggregate_asked_for(city: City) -> None:
    auditor, car, other = city.token(Role.AUDITOR), await city.car(1), await city.car(2)
    before = {**auditor, "Last-Event-ID": str(await city.running.store.end())}
    for one in (other, car):
        path, operator = f"/v1/vehicles/{one.vehicle_id}", city.token(Role.OPERATOR)
        (await city.post(f"{path}/out-of-service", {"reason": "needs new tyres"}, operator)).raise_for_status()
        (await city.post(f"{path}/in-service", None, operator)).raise_for_status()

    typed = await lines_of(city, before, 2, query="?type=csbe.fleet.vehicle.put_into_service&type=csbe.rental.")
    about = await lines_of(city, before, 1, query=f"?subject={car.vehicle_id}")
    wrong = await city.api.get("/v1/events?type=csbe.fleet.vehicle.levitated", headers=auditor)

    assert [event["event"] for event in typed] == ["csbe.fleet.vehicle.put_into_service"] * 2
    shown = json.loads(about[0]["data"])
    assert (shown["subject"], int(shown["sequence"])) == (str(car.vehicle_id), int(about[0]["id"]))
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "#/query/type")


async def test_an_event_stream_tells_about_persons_only_whoever_asks_and_may(city: City) -> None:
    auditor, operator = city.token(Role.AUDITOR), city.token(Role.OPERATOR)
    before = {"Last-Event-ID": str(await city.running.store.end())}
    await city.member()
    query = "?type=csbe.members.member.registered"

    [without] = await lines_of(city, {**operator, **before}, 1, query=query)
    [granted] = await lines_of(city, {**operator, **before}, 1, query=f"{query}&personal_data=true")
    refused = await city.api.get(f"/v1/events{query}&personal_data=true", headers=auditor)

    assert "@example.org" not in without["data"]
    assert "@example.org" in granted["data"]
    assert refused.status_code == 403


async def test_an_event_stream_that_is_cut_again_and_again_carries_each_event_once(city: City) -> None:
    auditor, member = city.token(Role.AUDITOR), await city.member()
    after = before = await city.running.store.end()
    seen: list[int] = []
    for number in range(1, 5):
        await city.reserve(await city.car(number), await city.member() if number > 1 else member)
    await city.settled()
    end = await city.running.store.end()
    expected = [e.position async for e in city.running.store.read(after=before, until=end, service=city.place.service)]

    while len(seen) < len(expected):
        part = await lines_of(city, {**auditor, "Last-Event-ID": str(after)}, min(3, len(expected) - len(seen)))
        seen += [int(event["id"]) for event in part]
        after = seen[-1]

    assert seen == expected


async def test_an_event_stream_begins_anew_where_the_log_ends_before_what_was_seen_and_says_so(city: City) -> None:
    await city.settled()
    end = await city.running.store.end()
    restored = {**city.token(Role.AUDITOR), "Last-Event-ID": str(10**9)}

    [restarted] = await lines_of(city, restored, 1)
    car = await city.car()
    reason = {"reason": "needs new tyres"}
    (await city.post(f"/v1/vehicles/{car.vehicle_id}/out-of-service", reason, city.token(Role.OPERATOR)))
    [following] = await lines_of(city, {**city.token(Role.AUDITOR), "Last-Event-ID": restarted["id"]}, 1)

    assert (restarted["event"], json.loads(restarted["data"])) == ("restarted", {"log_end": end})
    assert following["event"] == "csbe.fleet.vehicle.taken_out_of_service"


async def test_a_quiet_event_stream_is_kept_alive(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "KEEP_ALIVE_S", 0.0)

    async with asyncio.timeout(10), city.api.stream("GET", "/v1/events", headers=city.token(Role.AUDITOR)) as answer:
        async for line in answer.aiter_lines():
            if line == ": keep-alive":
                break


async def test_an_event_stream_ends_with_its_token_and_goes_on_with_another(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator, seen_until = city.token(Role.OPERATOR), await city.running.store.end()
    async with asyncio.timeout(10), city.api.stream("GET", "/v1/events", headers=operator) as answer:
        lines = answer.aiter_lines()
        assert await anext(lines) == ": open"
        with monkeypatch.context() as patched:
            patched.setattr(auth, "time", a_day_later)
            assert not [line async for line in lines if line.startswith("data")]

    await city.member()
    [event] = await lines_of(city, {**city.token(Role.OPERATOR), "Last-Event-ID": str(seen_until)}, 1)
    assert event["event"] == "csbe.members.member.registered"


async def test_an_event_stream_ends_with_its_token_though_much_is_left_to_tell(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown(watched: live.Watched, recorded: RecordedEvent) -> bytes:
        monkeypatch.setattr(auth, "time", a_day_later)
        return as_ever(watched, recorded)

    as_ever = live.Watched.shown
    monkeypatch.setattr(live.Watched, "shown", shown)
    from_the_start = {**city.token(Role.AUDITOR), "Last-Event-ID": "0"}

    async with asyncio.timeout(10), city.api.stream("GET", "/v1/events", headers=from_the_start) as answer:
        told = [line async for line in answer.aiter_lines() if line.startswith("data")]

    assert len(told) == 1
    assert await city.running.store.end() > 1


async def test_an_event_stream_says_which_event_cannot_be_read_and_goes_on(city: City) -> None:
    await city.member()
    before = await city.running.store.end()
    damaged = StoredState(uuid4(), 1, Member.Registered.TOPIC, b'{"damaged": true}')
    written = await GroupCommit(city.running.pool).write(
        AppendEntry(uuid4(), "f", None, METADATA.model_dump_json(), [damaged])
    )
    await registered(city.running.store)
    auditor = {**city.token(Role.AUDITOR), "Last-Event-ID": str(before - 1)}

    last_good, unreadable, next_good = await lines_of(city, auditor, 3)

    assert int(last_good["id"]) == before
    assert (int(unreadable["id"]), unreadable["event"]) == (written.position, "unreadable")
    assert json.loads(unreadable["data"]) == {
        "type": "csbe.members.member.registered", "subject": str(damaged.originator_id), "version": 1
    }  # fmt: skip
    assert int(next_good["id"]) > written.position


async def test_an_event_stream_comes_to_an_orderly_end_when_the_server_does(city: City) -> None:
    system, port, opened = city.running.system, free_port(), asyncio.Event()

    async def follow() -> list[str]:
        url, auditor = f"http://{system.settings.host}:{port}/v1/events", city.token(Role.AUDITOR)
        async with httpx2.AsyncClient() as client, client.stream("GET", url, headers=auditor) as answer:
            lines = answer.aiter_lines()
            assert await anext(lines) == ": open"
            opened.set()
            return [line async for line in lines if line]

    async with served_app(create_app(system), system.settings.host, port):
        following = asyncio.create_task(follow())
        await opened.wait()

    assert await following == []


def a_day_later() -> float:
    return time() + 24 * 60 * 60


async def lines_of(city: City, headers: dict[str, str], count: int, query: str = "") -> list[dict[str, str]]:
    """The first events of a stream, each as its fields."""
    events: list[dict[str, str]] = [{}]
    async with asyncio.timeout(10), city.api.stream("GET", f"/v1/events{query}", headers=headers) as answer:
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            if name:
                events[-1][name] = value
            elif events[-1]:
                events.append({})
            if len(events) > count and "data" in events[count - 1]:
                break
    return [event for event in events if "data" in event][:count]


async def test_a_payment_method_is_removed_but_not_while_it_may_be_charged(city: City) -> None:
    member, car = await city.member(), await city.car()
    me = f"/v1/members/{member['X-Member']}"
    [card] = (await city.api.get(me, headers=member)).json()["payment_methods"]
    removal = f"{me}/payment-methods/{card['method_id']}/remove"
    placed = (await city.post("/v1/reservations", {"vehicle_id": str(car.vehicle_id)}, member)).json()["id"]

    refused = await city.post(removal, None, member)
    (await city.post(f"/v1/reservations/{placed}/cancel", None, member)).raise_for_status()
    removed = await city.post(removal, None, member)

    assert [v["code"] for v in refused.json()["violations"]] == ["member.in_reservation"]
    assert removed.status_code == 200
    assert (await city.api.get(me, headers=member)).json()["payment_methods"] == []


async def test_a_member_sees_the_free_cars_and_nobody_elses(city: City) -> None:
    ada, driver, other = await city.member(), await city.member(), await city.member()
    await city.start(await city.car(1), driver)
    await city.reserve(await city.car(2), other)
    await city.settled()

    seen = (await city.get("/v1/vehicles", ada))["vehicles"]
    whole = (await city.get("/v1/vehicles", city.token(Role.OPERATOR)))["vehicles"]

    assert {car["state"] for car in seen} == {"available"}
    assert sorted(car["state"] for car in whole) == ["available"] * 3 + ["in_trip", "reserved"]


async def test_cars_are_listed_by_model_and_energy_without_a_place_too(city: City) -> None:
    operator = city.token(Role.OPERATOR)

    async def count(query: str) -> int:
        return len((await city.api.get(f"/v1/vehicles?{query}", headers=operator)).json()["vehicles"])

    assert [await count(q) for q in ("model=BMW i3", "model=MINI", "min_energy=80", "min_energy=81")] == [5, 0, 5, 0]


async def test_a_report_is_read_as_json_as_csv_and_as_parquet(city: City) -> None:
    member, analyst = await city.member(), city.token(Role.ANALYST)
    await ended_trip(city, member)
    await city.settled()

    async def report(**query: str) -> httpx2.Response:
        return await city.api.get("/v1/reports/fleet_days", params=query, headers=analyst)

    [day] = (await report()).json()["rows"]
    table = list(csv.DictReader((await report(format="csv")).text.splitlines()))
    parquet = read_parquet(BytesIO((await report(format="parquet")).content)).read_all()

    assert table == [{name: str(value) for name, value in day.items()}]
    assert {name: parquet.column(name).to_pylist() for name in ("day", "city_id", "trips")} == {
        "day": [date.fromisoformat(day["day"])],
        "city_id": ["berlin"],
        "trips": [1],
    }
    assert (await report(since="2999-01-01")).json()["rows"] == []
    assert (await report(until=day["day"], city_id="berlin")).json()["rows"] == [day]
    assert (await report(period="week")).status_code == 422
    assert (await report(format="xlsx")).status_code == 422


async def test_key_figures_tell_the_cars_now_and_what_has_come_since_a_moment(city: City) -> None:
    analyst = city.token(Role.ANALYST)
    await ended_trip(city, await city.member())
    await city.settled()

    whole = await city.get("/v1/reports/key-figures", analyst)
    nothing_yet = await city.get("/v1/reports/key-figures", analyst, since="2099-01-01T00:00:00Z")

    assert (whole["trips"], whole["members"], whole["invoices"]) == (1, 1, 1)
    assert whole["gross_minor"]["EUR"] > 0
    came = {"trips": 0, "members": 0, "invoices": 0, "gross_minor": {}}
    assert nothing_yet == whole | came


@pytest.mark.parametrize("format", ["json", "csv", "parquet"])
async def test_every_report_is_sent_in_every_format_with_the_columns_that_its_description_names(
    city: City, format: str
) -> None:
    analyst = city.token(Role.ANALYST)
    described = (await city.api.get("/v1/reports", headers=analyst)).json()["reports"]

    for report in described:
        answer = await city.api.get(f"/v1/reports/{report['name']}", params={"format": format}, headers=analyst)
        assert answer.status_code == 200, answer.text
        assert len(answer.content) == int(answer.headers["Content-Length"])
        if format == "parquet":
            names = read_parquet(BytesIO(answer.content)).read_all().schema.names
            assert sorted(names) == sorted(column["name"] for column in report["columns"])
    assert {"retention", "cell_flows", "vehicle_periods"} <= {report["name"] for report in described}
