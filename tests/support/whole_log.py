"""A log in which everything happened that a law looks at."""

from datetime import timedelta

import pytest

from domain.billing.invoice import Invoice
from domain.billing.product_commands import BuyProduct
from domain.billing.transfers import RecordTransferPaidBack
from domain.kernel.ids import derived_id
from domain.rental.commands import EndTrip, ExtendReservation
from domain.rental.trip import Trip
from tests.domain.billing.desk import euros
from tests.projections.following import credit
from tests.support.people_and_cars import area, car, member, reserved, says, started
from tests.support.planting import Log
from tests.support.transfers import transferred
from tests.support.world import World


@pytest.fixture
async def log() -> Log:
    """Ada reserves, drives, pays twice, and gets a part back; later she reserves for long and does not drive.

    At last she buys minutes, and drives with them."""
    world = World()
    await area(world)
    ada, mini = await member(world), await car(world)
    trip = await started(world, ada, mini, await reserved(world, ada, mini))
    await world.advance(timedelta(minutes=20))
    await says(world, mini, odometer_m=1_009_000)
    await world.do(EndTrip(trip_id=trip))
    await world.do(credit(trip, "1.00"))
    paid_twice = transferred(await world.store.load(Invoice, Invoice.id_of(Trip.TOPIC, trip)), euros("2.00"))
    await world.do(paid_twice)
    back = {"reference": "SEPA 1", "reason": "it was paid by card"}
    await world.do(RecordTransferPaidBack(transfer_id=paid_twice.transfer_id, **back))
    held = await reserved(world, ada, mini)
    await world.do(ExtendReservation(reservation_id=held, until=world.now() + timedelta(hours=1)))
    await world.advance(timedelta(hours=2))
    buy = BuyProduct(entry_id=derived_id("entry"), member_id=ada, city_id="berlin", product="minutes_500")
    await world.do(buy)
    paid_before = await started(world, ada, mini)
    await world.advance(timedelta(minutes=5))
    await says(world, mini, odometer_m=1_010_000)
    await world.do(EndTrip(trip_id=paid_before))
    return world.store.log
