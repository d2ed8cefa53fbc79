"""A world whose events also stand in the real store, with all read models beside it."""

from collections.abc import Sequence
from copy import deepcopy
from datetime import timedelta

import asyncpg
import pytest

import projections
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.read_models.projection import Projection
from domain.contexts import HANDLERS
from domain.dispatcher import Dispatcher
from domain.kernel.aggregate import Aggregate
from domain.kernel.ids import MemberId, TripId, VehicleId
from domain.kernel.messages import Metadata
from domain.rental.commands import EndTrip
from tests.projections.following import Followers, catch_up, prepared
from tests.support.memory_store import MemoryStore
from tests.support.people_and_cars import area, car, member, reserved, says, started
from tests.support.whole_log import log
from tests.support.world import World

__all__ = ["log"]


class RecordedTwice(MemoryStore):
    """Decides from memory; what was decided is appended to the real store first."""

    def __init__(self, real: PostgresEventStore) -> None:
        super().__init__()
        self._real = real

    async def append(
        self,
        aggregates: Sequence[Aggregate],
        metadata: Metadata,
        *,
        result: str | None,
        fingerprint: str,
        publication: int | None = None,
    ) -> int:
        await self._real.append(deepcopy(aggregates), metadata, result=result, fingerprint=fingerprint)
        return await super().append(
            aggregates, metadata, result=result, fingerprint=fingerprint, publication=publication
        )


@pytest.fixture
async def followers(pool: asyncpg.Pool, store: PostgresEventStore) -> Followers:
    """One follower per projector, on empty tables."""
    await prepared(pool)
    all_of_them = [Projection(pool, store, projector) for projector in projections.PROJECTORS]
    return {p.name: p.follower(await p.live(), batch=7) for p in all_of_them}


@pytest.fixture
def world(store: PostgresEventStore) -> World:
    """The whole domain, its cars and its payment provider, recorded in PostgreSQL."""
    world = World()
    world.store = RecordedTwice(store)
    world._dispatcher = Dispatcher(world.store, world, world.rulebooks, HANDLERS)
    return world


@pytest.fixture
async def story(world: World, followers: Followers) -> tuple[MemberId, VehicleId, TripId]:
    """Ada drove; the read models followed every few events."""
    await area(world)
    ada, mini = await member(world), await car(world)
    await catch_up(followers)
    trip = await started(world, ada, mini, await reserved(world, ada, mini))
    await catch_up(followers)
    await world.advance(timedelta(minutes=20))
    await says(world, mini, odometer_m=1_009_000)
    await world.do(EndTrip(trip_id=trip))
    await catch_up(followers)
    return ada, mini, trip
