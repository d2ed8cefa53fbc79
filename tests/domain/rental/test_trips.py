"""Stories of trips."""

from datetime import timedelta

import pytest

from domain.billing.invoice import Invoice
from domain.billing.payment import Payment
from domain.fleet.commands import NoteContact
from domain.fleet.vehicle import Vehicle
from domain.kernel.errors import RefusedError
from domain.kernel.ids import TripId, VehicleId, derived_id
from domain.members.commands import BlockMember
from domain.members.facts import MemberState
from domain.members.member import Member
from domain.rental.commands import EndTrip, ExtendReservation, ForceEndTrip, ParkTrip, ResumeTrip, StartTrip
from domain.rental.reservation import Reservation
from domain.rental.steps import TripState
from domain.rental.trip import Trip
from tests.support.people_and_cars import HOME, NO_PARKING, car, member, reserved, says, started
from tests.support.world import World

MINUTE = timedelta(minutes=1)


async def state(world: World, trip_id: TripId) -> TripState:
    return (await world.store.load(Trip, trip_id)).state


async def running(world: World) -> tuple[TripId, VehicleId]:
    ada, x1 = await member(world), await car(world)
    return await started(world, ada, x1, await reserved(world, ada, x1)), x1


async def drive(world: World, x1: VehicleId, minutes: int, odometer_m: int) -> None:
    await says(world, x1, locked=False, ignition_on=True, odometer_m=1_000_000, zones=(HOME,))
    await world.advance(minutes * MINUTE)
    await says(world, x1, locked=False, odometer_m=odometer_m)


def codes(refused: pytest.ExceptionInfo[RefusedError]) -> set[str]:
    return {violation.code for violation in refused.value.violations}


async def test_a_trip_is_driven_parked_resumed_ended_and_paid_to_the_cent(world: World) -> None:
    trip_id, x1 = await running(world)
    await drive(world, x1, 10, 1_005_000)
    await world.do(ParkTrip(trip_id=trip_id))
    parked = await state(world, trip_id)
    await world.advance(5 * MINUTE)
    await world.do(ResumeTrip(trip_id=trip_id))
    await drive(world, x1, 2, 1_006_200)

    await world.do(EndTrip(trip_id=trip_id))

    assert parked is TripState.PARKED
    (ended,) = world.events(Trip.Ended)
    assert (ended.driving_s, ended.parked_s, ended.distance_m) == (720, 300, 6_200)
    assert ended.distance_source == "odometer"
    assert ended.facts.end_zones == ("Berlin", "home_area")
    (captured,) = world.events(Payment.Captured)
    assert str(captured.amount) == "4.83 EUR"  # 12 minutes at 0.34, 5 at 0.15
    assert world.told()[-2:] == ["trip_ended", "invoice_issued"]
    assert world.refused_reactions == []


async def test_a_free_car_can_be_taken_without_a_reservation(world: World) -> None:
    ada, x1 = await member(world), await car(world)

    trip_id = await started(world, ada, x1)

    trip = await world.store.load(Trip, trip_id)
    assert (trip.state, trip.reserved_at) == (TripState.RUNNING, None)
    assert (await world.store.load(Member, ada)).state is MemberState.IN_TRIP


async def test_a_declined_card_gives_the_reservation_back_and_opens_nothing(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    reservation_id = await reserved(world, ada, x1)
    world.provider = "declining"

    trip_id = await started(world, ada, x1, reservation_id)

    assert await state(world, trip_id) is TripState.START_FAILED
    assert (await world.store.load(Reservation, reservation_id)).is_open
    assert (await world.store.load(Member, ada)).state is MemberState.IN_RESERVATION
    assert world.events(Vehicle.CommandRequested) == []
    [told] = [message for message in world.messages if message.template == "trip_start_unpaid"]
    assert told.values["reason"] == (await world.store.load(Trip, trip_id)).reason == "payment_declined"
    assert "trip_start_failed" not in world.told()


async def test_a_silent_payment_provider_does_not_keep_the_car(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    world.provider = "silent"
    trip_id = await started(world, ada, x1)

    await world.advance(2 * MINUTE)

    assert await state(world, trip_id) is TripState.START_FAILED
    assert (await world.store.load(Vehicle, x1)).trip_id is None
    assert (await world.store.load(Member, ada)).state is MemberState.IDLE


async def test_a_car_that_never_answers_gives_the_reservation_back_and_costs_nothing(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    reservation_id = await reserved(world, ada, x1)
    world.cars[x1] = "silent"

    trip_id = await started(world, ada, x1, reservation_id)
    await world.advance(MINUTE)

    assert await state(world, trip_id) is TripState.START_FAILED
    given_back = await world.store.load(Reservation, reservation_id)
    assert given_back.is_open
    assert given_back.expires_at == given_back.free_until
    assert (await world.store.load(Vehicle, x1)).reservation_id == reservation_id
    assert len(world.events(Payment.Released)) == 1
    assert world.events(Invoice.Issued) == []
    assert "trip_start_failed" in world.told()


async def test_a_reservation_that_ran_out_meanwhile_is_released(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    reservation_id = await reserved(world, ada, x1)
    world.cars[x1] = "silent"
    await world.advance(15 * MINUTE - timedelta(seconds=10))

    await started(world, ada, x1, reservation_id)
    await world.advance(MINUTE)

    assert (await world.store.load(Reservation, reservation_id)).closed_as == "expired"
    assert (await world.store.load(Member, ada)).state is MemberState.IDLE
    assert (await world.store.load(Vehicle, x1)).reservation_id is None


async def test_a_start_just_before_the_end_of_a_hold_loses_neither_its_price_nor_the_cooldown_rule(
    world: World,
) -> None:
    ada, x1 = await member(world), await car(world)
    reservation_id = await reserved(world, ada, x1)
    await world.do(ExtendReservation(reservation_id=reservation_id, until=world.now() + 120 * MINUTE))
    await world.advance(120 * MINUTE - timedelta(seconds=10))
    world.provider = "silent"

    await started(world, ada, x1, reservation_id)
    await world.advance(2 * MINUTE)
    with pytest.raises(RefusedError) as refused:
        await reserved(world, ada, x1)

    (invoice,) = world.events(Invoice.Issued)
    assert (invoice.subject_id, str(invoice.gross)) == (reservation_id, "10.50 EUR")  # 105 minutes at 0.10
    assert codes(refused) == {"reservation.cooldown"}
    assert (await world.store.load(Member, ada)).state is MemberState.IDLE
    assert (await world.store.load(Vehicle, x1)).reservation_id is None


async def test_the_free_time_ends_when_the_start_is_asked_for_and_not_when_the_car_opens(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    reservation_id = await reserved(world, ada, x1)
    await world.advance(15 * MINUTE - timedelta(seconds=10))
    world.cars[x1] = "silent"

    trip_id = await started(world, ada, x1, reservation_id)
    await world.advance(timedelta(seconds=20))
    world.cars[x1] = "obedient"
    await world.answer_late()
    await drive(world, x1, 10, 1_005_000)
    await world.do(EndTrip(trip_id=trip_id))

    (invoice,) = world.events(Invoice.Issued)
    assert str(invoice.gross) == "3.40 EUR"  # 10 minutes at 0.34, and nothing for the hold


async def test_a_given_back_reservation_still_expires_at_its_time(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    reservation_id = await reserved(world, ada, x1)
    world.cars[x1] = "refusing"
    await started(world, ada, x1, reservation_id)

    await world.advance(15 * MINUTE)

    assert (await world.store.load(Reservation, reservation_id)).closed_as == "expired"


async def test_all_end_criteria_that_are_not_met_are_told_together(world: World) -> None:
    trip_id, x1 = await running(world)
    await says(world, x1, locked=False, doors_closed=False, ignition_on=True, zones=(NO_PARKING,))

    with pytest.raises(RefusedError) as refused:
        await world.do(EndTrip(trip_id=trip_id))

    assert codes(refused) >= {"trip.end_outside_home_area", "trip.end_in_no_parking_zone"}
    assert len(codes(refused)) == 4  # and the door and the ignition


async def test_the_meter_stops_when_the_member_asked_even_if_the_car_confirms_late(world: World) -> None:
    trip_id, x1 = await running(world)
    await drive(world, x1, 10, 1_005_000)
    world.cars[x1] = "silent"
    await world.do(EndTrip(trip_id=trip_id))
    await world.advance(20 * timedelta(seconds=1))

    await world.answer_late()

    (ended,) = world.events(Trip.Ended)
    assert ended.driving_s == 600
    assert await state(world, trip_id) is TripState.ENDED


async def test_a_car_found_locked_after_the_time_out_ends_the_trip_when_the_member_asked(world: World) -> None:
    trip_id, x1 = await running(world)
    await drive(world, x1, 10, 1_005_000)
    world.cars[x1] = "silent"
    await world.do(EndTrip(trip_id=trip_id))
    await world.advance(10 * MINUTE)

    await says(world, x1, locked=True, odometer_m=1_005_000)

    (ended,) = world.events(Trip.Ended)
    assert ended.driving_s == 600


async def test_an_end_that_was_never_confirmed_can_be_asked_for_again_without_paying_for_the_wait(world: World) -> None:
    trip_id, x1 = await running(world)
    await drive(world, x1, 10, 1_005_000)
    world.cars[x1] = "silent"
    await world.do(EndTrip(trip_id=trip_id))
    await world.advance(5 * MINUTE)
    told = world.told()
    world.cars[x1] = "obedient"
    await says(world, x1, locked=False, odometer_m=1_005_000)

    await world.do(EndTrip(trip_id=trip_id))

    assert told[-1] == "trip_end_unconfirmed"
    (ended,) = world.events(Trip.Ended)
    assert ended.driving_s == 600


async def test_driving_on_after_an_unconfirmed_end_is_paid(world: World) -> None:
    trip_id, x1 = await running(world)
    await drive(world, x1, 10, 1_005_000)
    world.cars[x1] = "refusing"
    await world.do(EndTrip(trip_id=trip_id))
    world.cars[x1] = "obedient"
    await world.advance(5 * MINUTE)
    await says(world, x1, locked=False, odometer_m=1_008_000)

    await world.do(EndTrip(trip_id=trip_id))

    (ended,) = world.events(Trip.Ended)
    assert ended.driving_s == 900


async def test_an_agent_ends_a_trip_back_dated_and_the_parking_after_that_is_not_paid(world: World) -> None:
    trip_id, x1 = await running(world)
    await drive(world, x1, 10, 1_005_000)
    await world.do(ParkTrip(trip_id=trip_id))
    await world.advance(timedelta(hours=3))

    wanted = world.now() - timedelta(hours=2, minutes=50)
    await world.do(ForceEndTrip(trip_id=trip_id, ended_at=wanted, reason="no network in the garage"))

    (ended,) = world.events(Trip.Ended)
    assert (ended.driving_s, ended.parked_s, ended.forced) == (600, 600, True)
    assert len(world.events(Invoice.Issued)) == 1


async def test_a_forced_end_keeps_to_its_limits(world: World) -> None:
    trip_id, _ = await running(world)
    before_start = world.now() - timedelta(hours=1)
    await world.advance(timedelta(hours=30))

    with pytest.raises(RefusedError) as too_early:
        await world.do(ForceEndTrip(trip_id=trip_id, ended_at=before_start, reason=" "))
    with pytest.raises(RefusedError) as too_late:
        await world.do(ForceEndTrip(trip_id=trip_id, ended_at=world.now() + MINUTE, reason="?"))

    assert codes(too_early) == {"trip.end_before_start", "trip.end_without_reason"}
    assert codes(too_late) == {"trip.end_in_future"}


async def test_a_car_that_will_not_lock_for_parking_leaves_the_trip_running(world: World) -> None:
    trip_id, x1 = await running(world)
    world.cars[x1] = "refusing"

    await world.do(ParkTrip(trip_id=trip_id))

    assert await state(world, trip_id) is TripState.RUNNING
    assert world.told()[-1] == "trip_park_failed"


async def test_a_member_blocked_after_reserving_cannot_start(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    reservation_id = await reserved(world, ada, x1)
    await world.do(BlockMember(member_id=ada, reason="unpaid"))

    with pytest.raises(RefusedError) as refused:
        await started(world, ada, x1, reservation_id)

    assert codes(refused) == {"member.blocked"}


async def test_a_car_withdrawn_after_it_was_reserved_cannot_be_started(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    kept = await reserved(world, ada, x1)
    await says(world, x1, crashed=True)
    await world.do(NoteContact(vehicle_id=x1, online=False, at=world.now()))

    with pytest.raises(RefusedError) as refused:
        await started(world, ada, x1, kept)

    assert codes(refused) == {"vehicle.out_of_service", "vehicle.contact_lost"}


async def test_the_place_where_a_trip_ended_is_under_the_key_of_the_trip(world: World) -> None:
    trip_id, x1 = await running(world)
    await drive(world, x1, 10, 1_005_000)

    await world.do(EndTrip(trip_id=trip_id))

    told = world.events(Vehicle.Located)[-1]
    assert (told.holder_id, told.position) == (trip_id, (await world.store.load(Vehicle, x1)).readings.place)


async def test_a_reservation_is_for_its_own_member_and_car_only(world: World) -> None:
    ada, bob = await member(world), await member(world, "Bob")
    x1, x2 = await car(world), await car(world)
    reservation_id = await reserved(world, ada, x1)

    with pytest.raises(RefusedError) as refused:
        await started(world, bob, x2, reservation_id)

    assert codes(refused) == {"reservation.of_another_member", "reservation.of_another_car"}


async def test_the_same_command_twice_has_one_effect(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    command = StartTrip(trip_id=TripId(derived_id("a trip")), member_id=ada, vehicle_id=x1)

    first = await world.do(command, command_id=derived_id("once"))
    again = await world.do(command, command_id=derived_id("once"))

    assert (first.value, first.repeated, again.value, again.repeated) == (again.value, False, first.value, True)
    assert len(world.events(Trip.Requested)) == 1
