"""Every list: filtered, page by page, by one kind of cursor; and no parameter of any route is passed over."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from api.auth import SCOPES
from domain.kernel.messages import Role
from tests.api.rest.test_failed_jobs import given_up
from tests.api.rest.test_openapi import DOCUMENT, OPERATIONS, ROUTES, parameters, scopes_of
from tests.support.city import City

Rows = list[dict[str, Any]]
NOBODY = "8d1191a4-9167-4e4d-bdf6-315c9c17a282"


def shape(operation: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of what a route answers with."""
    content = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
    named = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = DOCUMENT["components"]["schemas"].get(named, {}).get("properties", {})
    return found


LISTS = {
    name.removeprefix("GET "): next(key for key, value in shape(operation).items() if value.get("type") == "array")
    for name, operation in OPERATIONS.items()
    if "next" in shape(operation)
}
OF_EVERYBODY = {path: what for path, what in LISTS.items() if "{" not in path}


def staff(city: City, name: str) -> dict[str, str]:
    """Headers of somebody who may ask for it, and sees all that there is of it."""
    asked = set(scopes_of(ROUTES[name]))
    for role in (Role.OPERATOR, Role.AGENT, Role.AUDITOR, Role.ANALYST):
        if SCOPES[role] & asked - {"own:read"}:
            return city.token(role)
    return {}


async def lived_in(city: City) -> dict[str, str]:
    """There is something in every list."""
    operator = city.token(Role.OPERATOR)
    members = [await city.member() for _ in range(2)]
    for number, member in enumerate(members, 1):
        car = await city.car(number)
        trip = await city.start(car, member)
        await city.drive(car, 25, operator)
        await city.end(trip, member)
        [invoice] = (await city.get("/v1/invoices", member))["invoices"]
        await city.get(f"/v1/members/{member['X-Member']}", city.token(Role.AGENT))  # on record
        credit = f"/v1/invoices/{invoice['invoice_id']}/credit-notes"
        (await city.post(credit, {"reason": "car was dirty"}, city.token(Role.AGENT))).raise_for_status()
        await city.reserve(await city.car(number + 2), member)
        begins = city.running.system.clock.now() + timedelta(days=1)
        period = {"booked_from": begins.isoformat(), "booked_until": (begins + timedelta(hours=3)).isoformat()}
        ahead = {"vehicle_id": str((await city.car(number)).vehicle_id), **period}
        (await city.post("/v1/scheduled-reservations", ahead, member)).raise_for_status()
        # Paused, and of what does not happen here: a receiver that is tried meanwhile changes what is shown of it.
        hook = {"url": f"https://acme.example/{number}", "types": ["csbe.members.member.erased"]}
        webhook = (await city.post("/v1/webhooks", hook, operator)).raise_for_status().json()["id"]
        (await city.post(f"/v1/webhooks/{webhook}/pause", {}, operator)).raise_for_status()
        await given_up(city, "some.kind", {"vehicle_id": str(car.vehicle_id)})
        stopped = {"reason": "needs new tyres"}
        (
            await city.post(f"/v1/vehicles/{(await city.car(5)).vehicle_id}/out-of-service", stopped, operator)
        ).raise_for_status()
    await city.settled()
    await city.running.reads.flush()
    return members[0]


async def walked(city: City, path: str, what: str, headers: dict[str, str], limit: int, query: str = "") -> list[Rows]:
    """All pages; each `next` is put into the next address as it is."""
    pages: list[Rows] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await city.api.get(f"{path}?limit={limit}{query}{cursor and f'&cursor={cursor}'}", headers=headers)
        assert answer.status_code == 200, answer.text
        pages.append(answer.json()[what])
        cursor = answer.json()["next"]
        assert cursor is None or re.fullmatch(r"[A-Za-z0-9_-]+", cursor)
    return pages


async def all_of(city: City, path: str, what: str, headers: dict[str, str]) -> Rows:
    """On one page. Whoever reads what is on record of reads is on record too, once: that comes first."""
    await walked(city, path, what, headers, 1000)
    await city.running.reads.flush()
    [whole] = await walked(city, path, what, headers, 1000)
    return whole


WHOLE = {
    "GET /v1/members/me",
    "GET /v1/reports",
    "GET /v1/fees",
    "GET /v1/products",
    "GET /v1/members/{member_id}/balance",
    "GET /v1/login/sessions",
    "GET /v1/vehicles/{vehicle_id}/availability",
}
"""What is never long."""


def test_every_answer_that_is_a_list_has_pages() -> None:
    several = {
        name
        for name, operation in OPERATIONS.items()
        if name.startswith("GET")
        and any("$ref" in value.get("items", {}) for value in shape(operation).values())
        and not name.endswith("}")
        and name not in WHOLE
    }

    assert {f"GET {path}" for path in LISTS} >= several
    for path in LISTS:
        assert {"cursor", "limit"} <= parameters(OPERATIONS[f"GET {path}"]).keys()


async def test_every_list_is_walked_page_by_page_whatever_the_size_of_its_pages(city: City) -> None:
    await lived_in(city)

    for path, what in OF_EVERYBODY.items():
        headers = staff(city, f"GET {path}")
        whole = await all_of(city, path, what, headers)
        for limit in (1, 2, len(whole)) if whole else ():
            pages = await walked(city, path, what, headers, limit)

            assert [row for page in pages for row in page] == whole, path
            assert all(len(page) == limit for page in pages[:-1])
            assert pages[-1] != [], f"{path}: a last page that is full has no next one"


async def test_every_filter_by_what_a_row_shows_finds_all_such_rows_and_no_others(city: City) -> None:
    await lived_in(city)

    for path, what in OF_EVERYBODY.items():
        name = f"GET {path}"
        headers = staff(city, name)
        whole = await all_of(city, path, what, headers)
        for filter in parameters(OPERATIONS[name]).keys() & {key for row in whole for key in row}:
            for value in {row[filter] for row in whole} - {None}:
                [found] = await walked(
                    city,
                    path,
                    what,
                    headers,
                    1000,
                    f"&{filter}={str(value).lower() if value in (True, False) else value}",
                )

                assert found == [row for row in whole if row[filter] == value], (path, filter)


@pytest.mark.parametrize(
    "filter", ["member_id", "vehicle_id", "payer_id", "subject_id", "correlation_id", "aggregate_id"]
)
async def test_a_filter_by_what_is_not_there_finds_nothing(city: City, filter: str) -> None:
    lists = [path for path in OF_EVERYBODY if filter in parameters(OPERATIONS[f"GET {path}"])]

    for path in lists:
        assert (await city.get(path, staff(city, f"GET {path}"), **{filter: NOBODY}))[LISTS[path]] == []
    assert lists


async def test_a_member_who_filters_by_another_finds_nothing(city: City) -> None:
    first = await lived_in(city)
    other = await city.member()
    asked = [
        p
        for p in OF_EVERYBODY
        if "member_id" in parameters(OPERATIONS[f"GET {p}"]) and "own:read" in {*scopes_of(ROUTES[f"GET {p}"])}
    ]

    for path in asked:
        found = await city.get(path, other, member_id=first["X-Member"])
        mine = await city.get(path, first, member_id=first["X-Member"])

        assert (found[LISTS[path]], mine[LISTS[path]]) != ([], [])
        assert found[LISTS[path]] == []


async def test_a_cursor_of_one_list_is_none_of_another(city: City) -> None:
    await lived_in(city)
    cursors = {path: (await city.get(path, staff(city, f"GET {path}"), limit="1"))["next"] for path in OF_EVERYBODY}

    for path in OF_EVERYBODY:
        for cursor in {cursor for other, cursor in cursors.items() if other != path and cursor}:
            answer = await city.api.get(f"{path}?cursor={cursor}", headers=staff(city, f"GET {path}"))

            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/query/cursor")
    assert len([cursor for cursor in cursors.values() if cursor]) > 5


async def test_a_parameter_that_a_route_does_not_know_is_refused_and_named_with_those_it_knows(city: City) -> None:
    for name, operation in OPERATIONS.items():
        method, path = name.split(" ")
        if method == "GET":
            known = [key for key, value in parameters(operation).items() if value["in"] == "query"]
            address = re.sub(r"\{\w+\}", NOBODY, path)

            answer = await city.api.get(address, params={"surprise": "1"}, headers=staff(city, name))

            assert answer.status_code == 422, name
            [error] = answer.json()["errors"]
            assert error["pointer"] == "#/query/surprise"
            assert all(parameter in error["detail"] for parameter in known)


async def test_commands_pass_over_no_parameter_either(city: City) -> None:
    member, car = await city.member(), await city.car()
    before = await city.running.store.end()

    answer = await city.post("/v1/reservations?dry_run=true", {"vehicle_id": str(car.vehicle_id)}, member)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/query/dry_run")
    assert await city.running.store.end() == before


async def test_a_parameter_that_has_one_value_is_given_once_and_a_list_as_often_as_one_likes(city: City) -> None:
    agent, auditor = city.token(Role.AGENT), city.token(Role.AUDITOR)

    twice = await city.api.get("/v1/trips?state=ended&state=running", headers=agent)
    async with city.api.stream("GET", "/v1/events?type=csbe.fleet.&type=csbe.rental.", headers=auditor) as listed:
        status = listed.status_code

    assert (twice.status_code, twice.json()["errors"][0]["detail"]) == (422, "Give it once.")
    assert status == 200


async def test_cars_are_found_by_the_zone_that_they_stand_in(city: City) -> None:
    operator, agent = city.token(Role.OPERATOR), city.token(Role.AGENT)
    everything = (await city.get("/v1/vehicles", operator))["vehicles"]
    here = next(car for car in everything if car["latitude"] is not None)
    x, y, d = here["longitude"], here["latitude"], 1e-5

    def ring(size: float) -> list[list[float]]:
        return [
            [x - size, y - size],
            [x + size, y - size],
            [x + size, y + size],
            [x - size, y + size],
            [x - size, y - size],
        ]

    async def zone(name: str, *rings: list[list[float]]) -> str:
        body = {"city_id": "berlin", "kind": "no_parking", "name": name, "polygons": [list(rings)]}
        return str((await city.post("/v1/zones", body, operator)).json()["id"])

    around, hollow = await zone("around", ring(d)), await zone("hollow", ring(d), ring(d / 2))
    await city.settled()

    found = [(await city.get("/v1/vehicles", agent, zone_id=z))["vehicles"] for z in (around, hollow, NOBODY)]

    assert here["vehicle_id"] in {car["vehicle_id"] for car in found[0]}
    assert here["vehicle_id"] not in {car["vehicle_id"] for car in found[1]}
    assert found[2] == []
