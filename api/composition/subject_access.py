"""All that is stored of a person, for whoever asks what it is: article 15 of the GDPR."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from adapters.postgres.drives import Drive, drives_of
from adapters.postgres.person import Rows, rows_about
from api.composition.runtime import Running
from domain.fleet.vehicle import Vehicle
from domain.identity.sessions import Subject
from domain.kernel.messages import RecordedEvent, Role
from domain.members.member import Member

_STREAMS = ("trip_id", "reservation_id", "charge_id", "invoice_id", "payment_id", "credit_note_id")
"""Columns of read models that name an aggregate which is the person's alone."""


class Person(NamedTuple):
    """What is stored of a person: events in the order of the log, rows of the database by their tables."""

    events: Sequence[RecordedEvent]
    rows: Mapping[str, Rows]


async def all_about(running: Running, member_id: UUID) -> Person:
    """Read it all, as it is now. Of whoever is erased it is what stays. Raises `NotFoundError`."""
    pool, store = running.store.pool, running.store
    member = await store.load(Member, member_id)
    drives = await drives_of(pool, member_id)
    schemas = [(await model.live()).schema for model in running.followers]
    rows = await rows_about(pool, member_id, schemas, drives)
    logins = Subject(member.service, Role.MEMBER, str(member_id)).sessions_id
    streams = {member_id, logins, *_streams(rows), *(drive.trip_id for drive in drives)}
    events = [event for id in streams async for event in store.read(aggregate_id=id)]
    for vehicle_id in {drive.vehicle_id for drive in drives}:
        own = [drive for drive in drives if drive.vehicle_id == vehicle_id]
        told = store.read(aggregate_id=vehicle_id)
        events += [event async for event in told if any(_is_within(event, drive) for drive in own)]
    return Person(sorted(events, key=attrgetter("position")), rows)


def _streams(rows: Mapping[str, Rows]) -> set[UUID]:
    return {UUID(row[name]) for found in rows.values() for row in found for name in _STREAMS if row.get(name)}


def _is_within(recorded: RecordedEvent, drive: Drive) -> bool:
    since, until = drive.since, drive.until
    at: Any = recorded.event.timestamp
    return recorded.topic.startswith(f"{Vehicle.TOPIC}.") and since <= at and (until is None or at < until)
