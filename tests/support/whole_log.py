"""A log in which everything happened that a law looks at."""

from datetime import timedelta

import pytest

from domain.rental.commands import EndTrip, ExtendReservation
from tests.projections.following import credit
from tests.support.people_and_cars import area, car, member, reserved, says, started
from tests.support.planting import Log
from tests.support.world import World


@pytest.fixture
async def log() -> Log:
    """Ada reserves, drives, pays, and gets a part back; later she reserves for long and does not drive."""
    world = World()
    await area(world)
    ada, mini = await member(world), await car(world)
    trip = await started(world, ada, mini, await reserved(world, ada, mini))
    await world.advance(timedelta(minutes=20))
    await says(world, mini, odometer_m=1_009_000)
    await world.do(EndTrip(trip_id=trip))
    await world.do(credit(trip, "1.00"))
    held = await reserved(world, ada, mini)
    await world.do(ExtendReservation(reservation_id=held, until=world.now() + timedelta(hours=1)))
    await world.advance(timedelta(hours=2))
    return world.store.log
