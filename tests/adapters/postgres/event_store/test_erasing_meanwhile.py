"""A member is erased and takes a car at the same time: one of the two comes first, and the other one is refused."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg
import pytest

from adapters.postgres.event_store.store import PostgresEventStore
from domain.contexts import HANDLERS
from domain.dispatcher import Dispatcher
from domain.kernel.aggregate import Aggregate
from domain.kernel.errors import RefusedError
from domain.kernel.ids import MemberId, ReservationId, VehicleId, derived_id
from domain.kernel.messages import Command, Metadata
from domain.members.commands import EraseMember
from domain.members.member import Member
from domain.rental.commands import PlaceReservation
from tests.support.keys import KEYS
from tests.support.people_and_cars import car, member
from tests.support.recorded_world import RecordedTwice
from tests.support.world import AGENT, World, codes


class Overtaken(PostgresEventStore):
    """Something else is carried out between the first decision and its append."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def append(self, aggregates: Sequence[Aggregate], metadata: Metadata, **rest: Any) -> int:
        if self.meanwhile is not None:
            others, self.meanwhile = self.meanwhile, None
            await others()
        return await super().append(aggregates, metadata, **rest)


@pytest.fixture
async def world(store: PostgresEventStore) -> World:
    """A member who may drive and a free car are made in it."""
    world = World()
    world.store = RecordedTwice(store)
    world._dispatcher = Dispatcher(world.store, world, world.rulebooks, HANDLERS)
    return world


def asked(world: World, store: PostgresEventStore, command: Command) -> Awaitable[object]:
    """A command that another process gets."""
    metadata = Metadata.of(command, id=derived_id(command.NAME), actor=AGENT, service=world.service)
    return Dispatcher(store, world, world.rulebooks, HANDLERS).dispatch(command, metadata)


def erasing(who: MemberId) -> EraseMember:
    return EraseMember(member_id=who, reason="asked by letter")


def reserving(who: MemberId, which: VehicleId) -> PlaceReservation:
    return PlaceReservation(reservation_id=ReservationId(derived_id("race")), member_id=who, vehicle_id=which)


async def test_whoever_is_erased_while_a_reservation_is_decided_gets_no_car(
    world: World, store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    ada, mini = await member(world), await car(world)
    overtaken = Overtaken(pool, master_keys=KEYS)
    overtaken.meanwhile = lambda: asked(world, store, erasing(ada))

    with pytest.raises(RefusedError) as refused:
        await asked(world, overtaken, reserving(ada, mini))

    found = await store.load(Member, ada)
    assert codes(refused) == {"member.erased"}
    assert (found.erased, found.reservation_id) == (True, None)
    await overtaken.close()


async def test_whoever_takes_a_car_while_an_erasure_is_decided_is_not_erased(
    world: World, store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    ada, mini = await member(world), await car(world)
    overtaken = Overtaken(pool, master_keys=KEYS)
    overtaken.meanwhile = lambda: asked(world, store, reserving(ada, mini))

    with pytest.raises(RefusedError) as refused:
        await asked(world, overtaken, erasing(ada))

    found = await store.load(Member, ada)
    assert codes(refused) == {"member.in_reservation"}
    assert (found.erased, found.reservation_id) == (False, derived_id("race"))
    await overtaken.close()


async def test_of_both_at_once_exactly_one_is_done(world: World, store: PostgresEventStore, pool: asyncpg.Pool) -> None:
    ada, mini = await member(world), await car(world)
    other = PostgresEventStore(pool, master_keys=KEYS)

    ended = await asyncio.gather(
        asked(world, store, erasing(ada)), asked(world, other, reserving(ada, mini)), return_exceptions=True
    )

    found = await store.load(Member, ada)
    assert [isinstance(one, RefusedError) for one in ended].count(True) == 1
    assert found.erased is (found.reservation_id is None)
    await other.close()
