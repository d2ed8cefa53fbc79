"""Whoever may see cars or members, but not both, joins all that they get: no place comes out with a person."""

import asyncio
import csv
import json
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import chain, product
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from fastapi.routing import APIRoute

import projections
from api.auth import SCOPES
from api.rest.application import ROUTERS
from api.visibility import SEES, Kind
from domain.kernel.messages import Role
from tests.support.city import City
from tests.support.databases import login
from tests.support.receiver import Receiver
from tests.support.waiting import until

OF_A_CITY = ("/v1/fees", "/v1/products")
"""Addresses that must be told a city."""

NEAR = 0.01
"""In degrees: the cars of the story stand in the middle of the city, or close to it. Corners of zones do not."""
_ID = re.compile(r"^(?=.*\d).{5,}$")
_READABLE = """
select format('%I.%I', nspname, relname) from pg_class join pg_namespace n on n.oid = relnamespace
where relkind in ('r', 'v', 'm', 'p') and nspname !~ '^pg_|^information_schema$'
    and has_schema_privilege(n.oid, 'usage') and has_table_privilege(pg_class.oid, 'select')
"""
_CELLS = "select start_cell from read_v1.trip_cells union select end_cell from read_v1.trip_cells"


@pytest.fixture(autouse=True)
def _allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSBE_WEBHOOK_PRIVATE_RECEIVERS", "true")


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver().listening() as receiver:
        yield receiver


@dataclass(frozen=True)
class Record:
    """What one door tells in one piece: a row, an object, an event."""

    door: str
    leaves: frozenset[Any]

    @cached_property
    def ids(self) -> frozenset[str]:
        """What it can be joined by: ids, plates, numbers of invoices, and times to the second."""
        return frozenset(_joined_by(leaf) for leaf in self.leaves if isinstance(leaf, str) and _ID.match(leaf))


def _joined_by(text: str) -> str:
    try:
        return str(datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0))
    except ValueError:
        return text


def records(door: str, value: Any, around: frozenset[Any] = frozenset()) -> Iterator[Record]:
    """Every object in a JSON value, with what stands around it."""
    if isinstance(value, dict):
        here = around | frozenset(_plain_leaves(value))
        yield Record(door, here)
        for inner in value.values():
            yield from records(door, inner, here)
    elif isinstance(value, list):
        for inner in value:
            yield from records(door, inner, around)


def _plain_leaves(value: Any) -> Iterator[Any]:
    """The values in an object, but for those in lists of objects."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None:
        yield value
        return
    if not (isinstance(value, list) and any(isinstance(one, dict) for one in value)):
        for one in inner:
            yield from _plain_leaves(one)


@dataclass
class Story:
    """A member who reserved, drove and paid, and what others may get to know."""

    city: City
    receiver: Receiver
    analyst_dsn: str
    member: str = ""
    webhooks: list[str] = field(default_factory=list)
    ids: dict[str, list[str]] = field(default_factory=dict)
    cells: set[str] = field(default_factory=set)
    few: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(4))
    """Who asks for all at once is told to come again."""

    async def play(self) -> None:
        headers, car = await self.city.member(), await self.city.car()
        reservation = await self.city.reserve(car, headers)
        wanted = {"vehicle_id": str(car.vehicle_id), "reservation_id": reservation.rpartition("/")[2]}
        trip = f"/v1/trips/{(await self.city.post('/v1/trips', wanted, headers)).json()['id']}"
        await self.city.until(trip, headers, "running")
        found = await self.city.post(f"{trip}/damages", {"kind": "scratch", "place": "left"}, headers)
        self.ids["damage_id"] = [found.json()["id"]]
        await self.city.drive(car, 25, headers)
        await self.city.end(trip, headers)
        self.member = headers["X-Member"]
        self.ids["vehicle_id"] = [str(car.vehicle_id)]
        self.ids["trip_id"], self.ids["reservation_id"] = [trip.rpartition("/")[2]], [reservation.rpartition("/")[2]]
        tomorrow = self.city.running.system.clock.now() + timedelta(days=1)
        period = {"booked_from": tomorrow.isoformat(), "booked_until": (tomorrow + timedelta(hours=2)).isoformat()}
        wanted = {"vehicle_id": str(car.vehicle_id), **period}
        promised = await self.city.post("/v1/scheduled-reservations", wanted, headers)
        self.ids["scheduled_reservation_id"] = [promised.json()["id"]]
        agent = self.city.token(Role.AGENT)
        credit = {"city_id": self.city.place.city_id, "product": "refuelled", "reason": "she refuelled it"}
        given = await self.city.post(f"/v1/members/{headers['X-Member']}/gifts", credit, agent)
        self.ids["entry_id"] = [given.json()["id"]]
        await self.city.settled()
        for kind in ("charge", "payment", "invoice", "credit_note"):
            listed = (await self.city.get(f"/v1/{kind.replace('_', '-')}s", agent))[f"{kind}s"]
            self.ids[f"{kind}_id"] = [one[f"{kind}_id"] for one in listed]
        self.ids["aggregate_id"] = [self.member, *chain.from_iterable(self.ids.values())]
        self.ids["number"] = [one["number"] for one in (await self.city.get("/v1/invoices", headers))["invoices"]]
        self.ids["member_id"], self.ids["name"] = [self.member], [*projections.reports()]
        self.ids["zone_id"], self.ids["webhook_id"] = [str(UUID(int=1))], self.webhooks
        self.cells = {row[0] for row in await self.city.running.pool.fetch(_CELLS)} - {None}

    async def subscribe(self) -> str:
        """Acme is sent all that is open to partners."""
        wanted = {"url": self.receiver.url, "types": ["csbe.fleet.", "csbe.rental."]}
        made = await self.city.post("/v1/webhooks", wanted, self.city.token(Role.PARTNER, "acme"))
        self.webhooks = [made.json()["id"]]
        return f"/v1/webhooks/{made.json()['id']}"

    async def told(self, role: Role) -> list[Record]:
        """All that a role gets by REST, and an analyst by SQL."""
        answered = await asyncio.gather(*(self.asked(path, role) for path in self.paths(role)))
        found = [*chain.from_iterable(answered)]
        if role is Role.ANALYST:
            connection = await asyncpg.connect(self.analyst_dsn)
            for [name] in await connection.fetch(_READABLE):
                rows = await connection.fetch(f"select to_jsonb(one) from {name} one")  # noqa: S608 (names of the database)
                found += [record for [row] in rows for record in records(name, json.loads(row))]
            await connection.close()
        return found

    def paths(self, role: Role) -> Iterator[str]:
        """Every address that it may read, with every id of the story."""
        for route in (route for part in ROUTERS for route in part.routes if isinstance(route, APIRoute)):
            scopes = {scope for needed in route.dependant.dependencies for scope in getattr(needed.call, "scopes", ())}
            if "GET" in (route.methods or ()) and scopes & SCOPES[role] and route.path != "/v1/events":
                names = route.param_convertors
                known = [self.ids[name] for name in names]
                for values in product(*known):
                    yield route.path.format(**dict(zip(names, values, strict=True)))

    async def asked(self, path: str, role: Role) -> list[Record]:
        headers = self.city.token(role, "acme" if role is Role.PARTNER else "")
        middle = self.city.place.middle
        queries: list[dict[str, str]] = [{"city_id": self.city.place.city_id} if path in OF_A_CITY else {}]
        queries += [{"near": f"{middle.latitude},{middle.longitude}"}] if path == "/v1/vehicles" else []
        queries += [{"format": "csv"}] if path.startswith("/v1/reports/") and "key" not in path else []
        found: list[Record] = []
        for query in queries:
            async with self.few:
                answer = await self.city.api.get(path, params=query, headers=headers)
            assert answer.status_code in {200, 404}, answer.text
            rows = [*csv.DictReader(answer.text.splitlines())] if "format" in query else answer.json()
            found += records(f"{path} {query or ''}", rows)
        return found

    def is_placed(self, record: Record) -> bool:
        """Whether it tells a place in the middle of the city."""
        middle = self.city.place.middle
        numbers = {float(one) for one in record.leaves if re.fullmatch(r"-?\d+\.\d+", str(one))}
        return bool(self.cells & record.leaves) or all(
            any(abs(number - degrees) < NEAR for number in numbers) for degrees in (middle.latitude, middle.longitude)
        )

    def joined(self, told: list[Record]) -> list[tuple[str, str]]:
        """The doors that lead, over any number of others, from the member to a place."""
        by_id: dict[str, list[Record]] = defaultdict(list)
        for record in told:
            for one in record.ids:
                by_id[one].append(record)
        reached = [record for record in told if self.member in record.leaves]
        for record in reached:
            for one in record.ids:
                reached += by_id.pop(one, [])
        first = reached[0].door if reached else ""
        return [(first, record.door) for record in reached if self.is_placed(record)]


@pytest.fixture
async def story(city: City, receiver: Receiver, owner_dsn: str) -> Story:
    return Story(city, receiver, await login(owner_dsn, "analyst"))


async def test_a_partner_joins_all_that_it_gets_and_no_member_comes_out(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = await story.subscribe()
    acme, first = story.city.token(Role.PARTNER, "acme"), await story.city.running.store.end() + 1
    await story.play()
    sent = await _all_sent(story)

    told = sent + await story.told(Role.PARTNER)

    assert any(story.is_placed(record) for record in told)
    assert any("csbe.rental.trip.ended" in record.leaves for record in sent)
    assert [record for record in told if story.member in record.leaves] == []

    monkeypatch.setitem(SEES, Role.PARTNER, SEES[Role.PARTNER] | {Kind.PERSON})  # the mending is taken out
    story.receiver.taken.clear()
    (await story.city.post(f"{webhook}/replay", {"from_position": first}, acme)).raise_for_status()

    assert story.joined(await _all_sent(story) + await story.told(Role.PARTNER))


async def test_analysts_and_auditors_join_all_that_they_read_and_no_place_comes_out(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    await story.play()

    for role in (Role.AUDITOR, Role.ANALYST):
        told = await story.told(role)

        assert any({story.member, *story.ids["trip_id"]} <= record.leaves for record in told)
        assert story.joined(told) == []

    monkeypatch.setitem(SCOPES, Role.ANALYST, SCOPES[Role.ANALYST] | {"vehicles:read"})  # the mending is taken out

    assert story.joined(await story.told(Role.ANALYST))


async def _all_sent(story: Story) -> list[Record]:
    """What acme was sent, once its webhook has come to the end of the log."""
    acme = story.city.token(Role.PARTNER, "acme")

    async def so() -> bool:
        [webhook] = (await story.city.get("/v1/webhooks", acme))["webhooks"]
        return bool(webhook["lag"] == 0)

    await until(so)
    return [record for received in story.receiver.taken for record in records("webhook", received.event)]
