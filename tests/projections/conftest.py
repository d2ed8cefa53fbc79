"""A world whose events also stand in the real store, with all read models beside it."""

from datetime import timedelta

import asyncpg
import pytest

import projections
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.read_models.projection import Projection
from domain.kernel.ids import MemberId, TripId, VehicleId
from domain.rental.commands import EndTrip
from tests.projections.following import Followers, catch_up, prepared
from tests.support.people_and_cars import area, car, member, reserved, says, started
from tests.support.recorded_world import recorded_world
from tests.support.whole_log import log
from tests.support.world import World

__all__ = ["log"]


@pytest.fixture
async def followers(pool: asyncpg.Pool, store: PostgresEventStore) -> Followers:
    """One follower per projector, on empty tables."""
    await prepared(pool)
    all_of_them = [Projection(pool, store, projector) for projector in projections.PROJECTORS]
    return {p.name: p.follower(await p.live(), batch=7) for p in all_of_them}


@pytest.fixture
def world(store: PostgresEventStore) -> World:
    """The whole domain, its cars and its payment provider, recorded in PostgreSQL."""
    return recorded_world(store)


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
