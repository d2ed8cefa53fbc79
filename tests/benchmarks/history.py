"""A made-up log of any size: what really happens to one member and one car, told again with other ids.

The story comes from the real domain: eight trips with all that follows them in rental, fleet, members and billing, a
parked one among them, an expired and a cancelled reservation, a credit note.
"""

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4, uuid5

import asyncpg

from adapters.postgres.mapper import StoredState, subject_of, to_event, to_stored
from adapters.postgres.store import PostgresEventStore
from api.composition import prepare
from domain.kernel.aggregate import DomainEvent
from domain.rental.commands import CancelReservation, EndTrip, ParkTrip, ResumeTrip
from tests.domain.people_and_cars import area, car, member, reserved, says, started
from tests.domain.world import World
from tests.projections.following import credit

TRIPS = 8

_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_COLUMNS = ("originator_id", "originator_version", "topic", "state", "notification_id", "recorded_at", "metadata")
_RECORDED_AT = datetime(2026, 3, 1, tzinfo=UTC)


class Told(NamedTuple):
    """An event of the story as JSON, nothing in it encrypted."""

    originator_id: UUID
    originator_version: int
    topic: str
    state: bytes
    metadata: str


async def story() -> list[Told]:
    """About 260 events; their ids are to be replaced before each use."""
    world = World()
    await area(world)
    begins = len(world.store.log)
    ada, mini = await member(world), await car(world)
    for number in range(TRIPS):
        trip = await started(world, ada, mini, await reserved(world, ada, mini))
        await world.advance(timedelta(minutes=20))
        if number == 0:
            await world.do(ParkTrip(trip_id=trip))
            await world.advance(timedelta(minutes=5))
            await world.do(ResumeTrip(trip_id=trip))
        await says(world, mini, odometer_m=1_009_000 + number * 9_000, energy_percent=80.0 - number)
        await world.do(EndTrip(trip_id=trip))
        await world.advance(timedelta(hours=1))
    await world.do(credit(trip, "1.00"))
    await reserved(world, ada, mini)
    await world.advance(timedelta(hours=2))
    await world.do(CancelReservation(reservation_id=await reserved(world, ada, mini)))
    return [_told(recorded.event, recorded.metadata.model_dump_json()) for recorded in world.store.log[begins:]]


def again(told: Sequence[Told], number: int) -> Iterator[Told]:
    """The story of another member, with another car."""
    space = UUID(int=number)

    def other(found: re.Match[bytes]) -> bytes:
        return str(uuid5(space, found[0].decode())).encode()

    for event in told:
        id, metadata = (_UUID.sub(other, text) for text in (str(event.originator_id).encode(), event.metadata.encode()))
        state = _UUID.sub(other, event.state)
        yield Told(UUID(id.decode()), event.originator_version, event.topic, state, metadata.decode())


async def write(store: PostgresEventStore, told: Sequence[Told], copies: int) -> int:
    """Fill an empty log with the stories of so many members, encrypted as ever; returns how many events it has."""
    position = 0
    for number in range(copies):
        rows = [(event, to_event(StoredState(*event[:4]), {})) for event in again(told, number)]
        subjects = {subject for _, event in rows if (subject := subject_of(event))}
        keys = await store.vault.keys_for_writing(subjects)
        records = []
        for event, real in rows:
            position += 1
            moment = _RECORDED_AT + timedelta(seconds=position)
            records.append((*to_stored(real, keys), position, moment, event.metadata))
        await _copy(store.pool, records)
    await store.pool.execute("select setval('csbe.events_notification_id_seq', $1)", position)
    await store.pool.execute("analyze csbe.events")
    return position


@asynccontextmanager
async def database(server_dsn: str, label: str) -> AsyncIterator[str]:
    """The DSN of a database of its own, ready for events; dropped afterwards."""
    name = f"csbe_bench_{label}_{uuid4().hex[:8]}"
    admin = await asyncpg.connect(server_dsn)
    await admin.execute(f"create database {name}")
    dsn = urlunsplit(urlsplit(server_dsn)._replace(path=f"/{name}"))
    try:
        await prepare(dsn)
        yield dsn
    finally:
        await admin.execute(f"drop database {name} with (force)")
        await admin.close()


async def _copy(pool: asyncpg.Pool, records: Sequence[tuple[object, ...]]) -> None:
    async with pool.acquire() as connection:
        await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=_as_jsonb, decoder=bytes, format="binary")
        await connection.copy_records_to_table("events", schema_name="csbe", columns=_COLUMNS, records=records)


def _as_jsonb(text: str) -> bytes:
    return b"\x01" + text.encode()


def _told(event: DomainEvent, metadata: str) -> Told:
    state = event.__pydantic_serializer__.to_json(event, exclude={"originator_id", "originator_version"})
    return Told(event.originator_id, event.originator_version, event.TOPIC, state, metadata)
