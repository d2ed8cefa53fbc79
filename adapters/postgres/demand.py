"""What people look for, counted in PostgreSQL a few seconds after they asked."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from adapters.postgres.database import TRANSIENT_ERRORS
from adapters.waiting import is_set_within
from domain.fleet.zones import named
from domain.kernel.cells import cell_of
from domain.kernel.demand import Ask
from domain.kernel.units import Position

log = logging.getLogger(__name__)

MOST_WAITING = 20_000
"""Asks that have not been counted yet; more are lost."""
MOST_ASKERS = 200_000
"""People of one day that are told apart; more count as if they had asked before."""
FLUSH_SECONDS = 2.0

_CARS = """
select vehicle_id, city_id, latitude, longitude, trip_id is not null as in_trip
from read_v1.vehicles where vehicle_id = any($1)
"""
_CLOCKS = "select service, city_id, timezone from read_v1.cities"
_COUNT_DEMAND = """
insert into csbe.{table} as known select * from unnest(
    $1::text[], $2::text[], $3::date[], $4::int[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[])
on conflict (service, day, city_id, hour, {place}, kind) do update set
    asks = known.asks + excluded.asks, met = known.met + excluded.met, askers = known.askers + excluded.askers
"""
_COUNT_REFUSALS = """
insert into csbe.{table} as known select * from unnest(
    $1::text[], $2::text[], $3::date[], $4::int[], $5::text[], $6::text[], $7::text[], $8::bigint[])
on conflict (service, day, city_id, hour, {place}, kind, code) do update set asks = known.asks + excluded.asks
"""

NamesOfZones = Callable[[str, Position], Collection[str]]
"""The names of a service's zones that contain a position."""


class Bucket(NamedTuple):
    """What is counted together, in the order of the tables' columns."""

    service: str
    city_id: str
    day: date
    hour: int
    place: str
    """A cell or a zone; empty while unknown."""
    kind: str


class _Placed(NamedTuple):
    """An ask, when it was in the city, and where as exactly as it is known, which is nowhere kept."""

    ask: Ask
    city_id: str
    local: datetime
    place: Position | None

    def bucket(self, place: str) -> Bucket:
        return Bucket(self.ask.service, self.city_id, self.local.date(), self.local.hour, place, self.ask.kind)


class DemandMetrics(Protocol):
    """Hears of asks that were not counted."""

    def lost(self, asks: int, /) -> None: ...


class _Around(NamedTuple):
    """What the read models know of the cars and cities that were asked for."""

    cars: Mapping[UUID, asyncpg.Record]
    clocks: Mapping[tuple[str, str], ZoneInfo]


class PostgresDemand:
    """Implements `DemandLog`: a request leaves its ask in memory, `run` counts what is there every few seconds."""

    def __init__(self, pool: asyncpg.Pool, metrics: DemandMetrics, zones: NamesOfZones) -> None:
        self._pool = pool
        self._metrics = metrics
        self._zones = zones
        self._waiting: deque[Ask] = deque()
        self._counting = asyncio.Lock()
        self._by_cell = _Count("demand", "refusals", place="cell")
        self._by_zone = _Count("zone_demand", "zone_refusals", place="zone")

    def note(self, ask: Ask) -> None:
        """Leave it to be counted; it is lost when too many wait."""
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(ask)
        else:
            self._metrics.lost(1)

    async def run(self, stop: asyncio.Event) -> None:
        """Count until told to stop, and then what is left."""
        while not await is_set_within(stop, FLUSH_SECONDS):
            await self._try_flush()
        await self._try_flush()

    async def flush(self) -> None:
        """Count all that waits, in one transaction; what cannot be counted now waits on."""
        async with self._counting:
            if asks := [*self._waiting]:
                await self._count(asks)
                for _ in asks:
                    self._waiting.popleft()

    async def _count(self, asks: list[Ask]) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            around = await self._around(connection, asks)
            placed = [_placed(ask, around) for ask in asks]
            await self._by_cell.add(connection, [(found.ask, found.bucket(_cell(found))) for found in placed])
            await self._by_zone.add(connection, [(found.ask, found.bucket(self._zone(found))) for found in placed])

    def _zone(self, found: _Placed) -> str:
        return named(self._zones(found.ask.service, found.place)) if found.place else ""

    async def _try_flush(self) -> None:
        try:
            await self.flush()
        except TRANSIENT_ERRORS:
            log.warning("%d asks for cars could not be counted yet", len(self._waiting), exc_info=True)

    async def _around(self, connection: asyncpg.pool.PoolConnectionProxy, asks: Iterable[Ask]) -> _Around:
        wanted = {ask.vehicle_id for ask in asks if ask.vehicle_id}
        cars = await connection.fetch(_CARS, list(wanted)) if wanted else []
        clocks = await connection.fetch(_CLOCKS)
        return _Around(
            {row["vehicle_id"]: row for row in cars},
            {(row["service"], row["city_id"]): ZoneInfo(row["timezone"]) for row in clocks},
        )


class _Count:
    """Asks by one kind of place. Cells and zones stand in tables of their own: together they would tell more."""

    def __init__(self, demand: str, refusals: str, *, place: str) -> None:
        self._count_demand = _COUNT_DEMAND.format(table=demand, place=place)
        self._count_refusals = _COUNT_REFUSALS.format(table=refusals, place=place)
        self._day: date | None = None
        self._askers: set[tuple[str, str, str, int]] = set()

    async def add(self, connection: asyncpg.pool.PoolConnectionProxy, asks: list[tuple[Ask, Bucket]]) -> None:
        """Count these too."""
        await connection.execute(self._count_demand, *_columns(_demand(asks, self._first_times(asks))))
        if refused := _refusals(asks):
            await connection.execute(self._count_refusals, *_columns(refused))

    def _first_times(self, asks: list[tuple[Ask, Bucket]]) -> Counter[Bucket]:
        """How many ask for the first time that day."""
        fresh: Counter[Bucket] = Counter()
        for ask, bucket in asks:
            if self._day is None or bucket.day > self._day:
                self._day, self._askers = bucket.day, set()
            who = (ask.service, ask.kind, bucket.place, hash(ask.asker))
            if who not in self._askers and len(self._askers) < MOST_ASKERS:
                self._askers.add(who)
                fresh[bucket] += 1
        return fresh


def _placed(ask: Ask, around: _Around) -> _Placed:
    car = around.cars.get(ask.vehicle_id) if ask.vehicle_id else None
    city_id = ask.city_id or (car["city_id"] if car else "")
    local = ask.at.astimezone(around.clocks.get((ask.service, city_id), ZoneInfo("UTC")))
    return _Placed(ask, city_id, local, ask.place or (_stands(car, ask) if car else None))


def _cell(found: _Placed) -> str:
    return cell_of(found.place) if found.place else ""


def _stands(car: asyncpg.Record, ask: Ask) -> Position | None:
    """Where a car can be taken. Where somebody drives it is theirs, unless it is this trip that begins there."""
    if car["latitude"] is None or (car["in_trip"] and (ask.codes or ask.kind != "trip")):
        return None
    return Position(latitude=car["latitude"], longitude=car["longitude"])


def _demand(asks: list[tuple[Ask, Bucket]], fresh: Counter[Bucket]) -> list[tuple[object, ...]]:
    counted = Counter(bucket for _, bucket in asks)
    met = Counter(bucket for ask, bucket in asks if not ask.codes)
    return [(*bucket, count, met[bucket], fresh[bucket]) for bucket, count in sorted(counted.items())]


def _refusals(asks: list[tuple[Ask, Bucket]]) -> list[tuple[object, ...]]:
    why = Counter((*bucket, code) for ask, bucket in asks for code in sorted(set(ask.codes)))
    return [(*key, count) for key, count in sorted(why.items())]


def _columns(rows: list[tuple[object, ...]]) -> list[list[object]]:
    """Arrays, in the order of the keys: two processes that count at once wait for each other, and never in a ring."""
    return [list(column) for column in zip(*rows, strict=True)]
