"""A made-up log of any size: what really happens to one member and one car, told again with other ids.

The story comes from the real domain: eight trips with all that follows them in rental, fleet, members and billing, a
parked one among them, an expired and a cancelled reservation, a credit note; then one that is made ahead of time, and a
trip that is to be paid by direct debit.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid5

import asyncpg

from adapters.postgres.event_store.mapper import StoredState, subject_of, to_event, to_stored
from adapters.postgres.event_store.store import PostgresEventStore
from domain.kernel.aggregate import DomainEvent
from domain.kernel.calendar import Period
from domain.rental.commands import CancelReservation, EndTrip, ParkTrip, ResumeTrip
from tests.projections.following import credit
from tests.support.debits import signed
from tests.support.people_and_cars import area, car, member, reserved, says, scheduled, started
from tests.support.world import World

TRIPS = 8

_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_COLUMNS = ("originator_id", "originator_version", "topic", "state", "notification_id", "recorded_at", "metadata")
_RECORDED_AT = datetime(2026, 3, 1, tzinfo=UTC)


_MARK = b"cccccccc"
COPIES_AT_ONCE = 1000
_STORY = """
create table story (
    place int, originator_id text, originator_version bigint, topic text, state text, metadata text
)
"""
_WITHOUT_KEYS = """
alter table csbe.events drop constraint events_pkey; drop index csbe.events_notification_id_idx;
alter table csbe.commands drop constraint commands_pkey
"""
_MULTIPLY = """
with copies as (
    select n, lpad(to_hex(n * 2654435761 % 4294967296), 8, '0') as digits from generate_series($1::bigint, $2::bigint) n
), events as (
    insert into csbe.events (originator_id, originator_version, topic, state, notification_id, recorded_at, metadata)
    select replace(originator_id, 'cccccccc', digits)::uuid, originator_version, topic,
        convert_to(replace(state, 'cccccccc', digits), 'UTF8'), n * $3 + place,
        timestamptz '2026-03-01' + (n * $3 + place) * interval '1 second', replace(metadata, 'cccccccc', digits)::jsonb
    from copies cross join story order by n, place
)
insert into csbe.commands (command_id, append_id, fingerprint, position)
select replace(metadata::jsonb ->> 'command_id', 'cccccccc', digits)::uuid, gen_random_uuid(), md5(digits),
    n * $3 + max(place)
from copies cross join story group by n, digits, metadata::jsonb ->> 'command_id'
"""
_FINISH = (
    "alter table csbe.events add primary key (originator_id, originator_version)",
    "create unique index events_notification_id_idx on csbe.events (notification_id)",
    "alter table csbe.commands add primary key (command_id)",
    "select setval('csbe.events_notification_id_seq', (select max(notification_id) from csbe.events))",
    "drop table story",
    "vacuum analyze csbe.events",
    "vacuum analyze csbe.commands",
)


class Told(NamedTuple):
    """An event of the story as JSON, nothing in it encrypted."""

    originator_id: UUID
    originator_version: int
    topic: str
    state: bytes
    metadata: str


async def story() -> list[Told]:
    """About 320 events; their ids are to be replaced before each use."""
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
    await world.do(signed(ada, world))
    trip = await started(world, ada, mini)
    await world.advance(timedelta(minutes=20))
    await says(world, mini, odometer_m=1_009_000 + TRIPS * 9_000)
    await world.do(EndTrip(trip_id=trip))
    begins_on = world.now() + timedelta(days=3)
    await scheduled(world, ada, Period(begins=begins_on, ends=begins_on + timedelta(days=1)), mini)
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


async def write(store: PostgresEventStore, told: Sequence[Told], copies: int, owner: asyncpg.Connection) -> int:
    """Fill an empty log, as its owner, with the stories of so many members, encrypted as ever; returns its length."""
    position = 0
    for number in range(copies):
        rows = [(event, to_event(StoredState(*event[:4]), {})) for event in again(told, number)]
        subjects = {subject for _, event in rows if (subject := subject_of(event))}
        keys = await store.keys.keys_for_writing(subjects)
        records = []
        for event, real in rows:
            position += 1
            moment = _RECORDED_AT + timedelta(seconds=position)
            records.append((*to_stored(real, keys), position, moment, event.metadata))
        await _copy(owner, records)
    await owner.execute("select setval('csbe.events_notification_id_seq', $1)", position)
    await owner.execute("analyze csbe.events")
    return position


async def multiply(owner: asyncpg.Connection, told: Sequence[Told], events: int) -> int:
    """Fill an empty log, as its owner, with at least so many events, by SQL alone; returns how many.

    Values about persons are in clear here: they are bound to ids, and each would have to be encrypted again.
    """
    await owner.execute(_STORY)
    records = [(place, *(_marked(value) for value in event)) for place, event in enumerate(told, 1)]
    await owner.copy_records_to_table("story", records=records)
    await owner.execute(_WITHOUT_KEYS)
    copies = -(-events // len(told))
    for first in range(0, copies, COPIES_AT_ONCE):
        await owner.execute(_MULTIPLY, first, min(first + COPIES_AT_ONCE, copies) - 1, len(told), timeout=600)
    for statement in _FINISH:
        await owner.execute(statement, timeout=1200)
    return copies * len(told)


def _marked(value: UUID | int | str | bytes) -> str | int:
    """Each id with a mark in the place of its first digits, where every copy has digits of its own."""
    if isinstance(value, int):
        return value
    text = value if isinstance(value, bytes) else str(value).encode()
    return _UUID.sub(lambda found: _MARK + found[0][8:], text).decode()


async def _copy(owner: asyncpg.Connection, records: Sequence[tuple[object, ...]]) -> None:
    await owner.set_type_codec("jsonb", schema="pg_catalog", encoder=_as_jsonb, decoder=bytes, format="binary")
    await owner.copy_records_to_table("events", schema_name="csbe", columns=_COLUMNS, records=records)


def _as_jsonb(text: str) -> bytes:
    return b"\x01" + text.encode()


def _told(event: DomainEvent, metadata: str) -> Told:
    state = event.__pydantic_serializer__.to_json(event, exclude={"originator_id", "originator_version"})
    return Told(event.originator_id, event.originator_version, event.TOPIC, state, metadata)
