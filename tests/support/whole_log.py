"""A log in which everything happened that a law looks at."""

from datetime import datetime, timedelta

import pytest

from domain.billing.invoice import Invoice
from domain.billing.product_commands import BuyProduct
from domain.billing.transfers import RecordTransferPaidBack
from domain.fleet.damage import Photo
from domain.fleet.damage_handlers import ReportDamage, ShowIntact
from domain.kernel.ids import TripId, VehicleId, derived_id
from domain.rental.commands import EndTrip, ExtendReservation
from domain.rental.damages import ChargeDamage
from domain.rental.trip import Trip
from tests.domain.billing.desk import euros
from tests.projections.following import credit
from tests.support.debits import batched, booked, debited
from tests.support.people_and_cars import area, car, member, reserved, says, started
from tests.support.planting import Log
from tests.support.transfers import transferred
from tests.support.world import World


@pytest.fixture
async def log() -> Log:
    """Ada reserves, drives, pays twice, and gets a part back; later she reserves for long and does not drive.

    At last she buys minutes, and drives with them. The car has a scratch that it did not have before her trip.
    Another one pays by direct debit.
    """
    world = World()
    await area(world)
    ada, mini, before = await member(world), await car(world), world.now()
    trip = await started(world, ada, mini, await reserved(world, ada, mini))
    await world.advance(timedelta(minutes=20))
    await says(world, mini, odometer_m=1_009_000)
    await world.do(EndTrip(trip_id=trip))
    await scratched(world, mini, trip, before)
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
    _, _, debit_id = await debited(world)
    await batched(world, debit_id)
    await world.do(booked(debit_id))
    return world.store.log


async def scratched(world: World, which: VehicleId, trip: TripId, before: datetime) -> None:
    """Somebody finds a scratch, has a picture of the time before, and charges it."""
    damage_id, found = derived_id("damage", which), {"kind": "scratch", "place": "left", "found_at": world.now()}
    cost = {"amount": euros("180.00"), "evidence": [{"kind": "receipt", "reference": "4711"}], "reason": "a scratch"}
    charge = {"fee_id": derived_id("fee", which), "damage_id": damage_id, "trip_id": trip, **cost}
    await world.do(ReportDamage.model_validate({"damage_id": damage_id, "vehicle_id": which, **found}))
    await world.do(ShowIntact(damage_id=damage_id, intact=Photo(sha256="ab" * 32, taken_at=before)))
    await world.do(ChargeDamage.model_validate(charge))
