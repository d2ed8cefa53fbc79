"""Stories of the end of a trip: the wish, what the car shows of it, and the end, each with its time."""

from datetime import datetime, timedelta

import pytest

from domain.billing.invoice import Invoice
from domain.fleet.commands import ConfirmVehicleCommand, NoteContact
from domain.fleet.state import Observation
from domain.fleet.vehicle import Vehicle
from domain.kernel.errors import RefusedError
from domain.kernel.ids import TripId, VehicleId
from domain.rental.commands import EndTrip, ForceEndTrip, ParkTrip
from domain.rental.steps import TripState
from domain.rental.trip import Trip
from tests.support.people_and_cars import car, member, started
from tests.support.telling import DRIVING, LOCKED, STOPPED, sends, tells
from tests.support.world import START, World, codes

MINUTE = timedelta(minutes=1)
TOLD_AT_12_18 = START + 198 * MINUTE
LOCKED_AT_09_18 = START + 18 * MINUTE
FURTHER: dict[str, object] = {"odometer_m": 1_010_000}
THERE: dict[str, object] = {"odometer_m": 1_005_000}


async def state(world: World, trip_id: TripId) -> TripState:
    return (await world.store.load(Trip, trip_id)).state


async def driving(world: World) -> tuple[TripId, VehicleId]:
    """A trip that began at 09:00, and a car that does not answer any more."""
    ada, x1 = await member(world), await car(world)
    trip_id = await started(world, ada, x1)
    await tells(world, x1, DRIVING, {"odometer_m": 1_000_000})
    world.cars[x1] = "silent"
    return trip_id, x1


async def driven(world: World, minutes: int = 10) -> tuple[TripId, VehicleId]:
    """A trip that was driven for a while, whose car has stopped; it does not answer any more."""
    trip_id, x1 = await driving(world)
    await world.advance(minutes * MINUTE)
    await tells(world, x1, STOPPED, THERE)
    return trip_id, x1


async def until(world: World, at: datetime) -> None:
    await world.advance(at - world.now())


async def contact(world: World, x1: VehicleId, *, online: bool) -> None:
    await world.do(NoteContact(vehicle_id=x1, online=online, at=world.now()))


def ended(world: World) -> Trip.Ended:
    (told,) = world.events(Trip.Ended)
    assert isinstance(told, Trip.Ended)
    return told


def awaited(answer: str | None) -> set[str]:
    """What the answer to a wish says that the car has yet to show."""
    return {code for code in WAITS if answer is not None and f'"{code}"' in answer}


WAITS = {
    "vehicle.contact_lost",
    "vehicle.position_too_old",
    "vehicle.position_unknown",
    "vehicle.unlocked",
}


async def test_a_factory_auto_lock_at_25_km_h_with_ignition_on_ends_no_trip(world: World) -> None:
    trip_id, x1 = await driven(world)
    await world.do(EndTrip(trip_id=trip_id))
    await world.advance(timedelta(seconds=30))

    await tells(world, x1, DRIVING, {"locked": True, "speed_kmh": 25.0}, THERE)

    assert (await state(world, trip_id), world.events(Trip.Ended)) == (TripState.RUNNING, [])
    assert (await world.store.load(Vehicle, x1)).trip_id == trip_id
    assert len(world.events(Trip.EndTakenBack)) == 1
    assert world.told()[-1] == "trip_end_taken_back"


async def test_an_answer_done_with_a_rear_door_open_or_unlocked_in_the_same_message_confirms_nothing(
    world: World,
) -> None:
    trip_id, x1 = await driven(world)
    await world.do(EndTrip(trip_id=trip_id))
    (request,) = world.unanswered

    seen = Observation(observed_at=world.now(), locked=False, doors_closed=False, ignition_on=False)
    answer = ConfirmVehicleCommand(vehicle_id=x1, request_id=request.request_id, observation=seen)
    await world.do(answer)

    vehicle, trip = await world.store.load(Vehicle, x1), await world.store.load(Trip, trip_id)
    assert (vehicle.readings.value("locked"), vehicle.readings.value("doors_closed")) == (False, False)
    assert [event.reason for event in world.events(Vehicle.CommandFailed)] == ["car_shows_otherwise"]
    assert (trip.state, trip.pending) == (TripState.ENDING, None)
    assert vehicle.trip_id == trip_id
    assert world.told()[-1] == "trip_end_unconfirmed"


async def test_a_wish_of_a_member_whose_car_is_offline_counts_once_it_is_confirmed(world: World) -> None:
    trip_id, x1 = await driving(world)
    await contact(world, x1, online=False)
    await world.advance(10 * MINUTE)
    wished = await world.do(EndTrip(trip_id=trip_id))
    await world.advance(60 * MINUTE)

    await contact(world, x1, online=True)
    kept = await state(world, trip_id)
    await tells(world, x1, LOCKED, THERE)

    assert awaited(wished.value) == {"vehicle.contact_lost"}
    assert kept is TripState.ENDING
    assert (ended(world).driving_s, ended(world).timestamp) == (10 * 60, START + 70 * MINUTE)


async def test_a_car_that_comes_back_unlocked_is_locked_and_its_member_pays_no_longer_for_that(world: World) -> None:
    trip_id, x1 = await driving(world)
    await contact(world, x1, online=False)
    await world.advance(10 * MINUTE)
    await world.do(EndTrip(trip_id=trip_id))
    await world.advance(60 * MINUTE)
    world.cars[x1] = "obedient"

    await tells(world, x1, STOPPED, THERE, at=world.now() - timedelta(seconds=2))

    assert ended(world).driving_s == 10 * 60
    assert (await world.store.load(Vehicle, x1)).readings.value("locked") is True


async def test_what_a_car_said_before_it_could_not_be_reached_confirms_no_later_wish(world: World) -> None:
    trip_id, x1 = await driven(world)
    world.cars[x1] = "obedient"
    await world.do(ParkTrip(trip_id=trip_id))
    world.cars[x1] = "silent"
    await contact(world, x1, online=False)
    await world.advance(30 * MINUTE)

    await world.do(EndTrip(trip_id=trip_id))
    await world.advance(MINUTE)
    await contact(world, x1, online=True)

    assert (await state(world, trip_id), world.events(Trip.Ended)) == (TripState.ENDING, [])


async def test_locked_at_09_18_and_told_at_12_18_is_18_minutes(world: World) -> None:
    trip_id, x1 = await driven(world, minutes=4)
    await world.do(EndTrip(trip_id=trip_id))
    await until(world, TOLD_AT_12_18)

    await tells(world, x1, LOCKED, FURTHER, at=LOCKED_AT_09_18)

    told = ended(world)
    assert (told.driving_s, told.ended_at, told.timestamp) == (18 * 60, LOCKED_AT_09_18, TOLD_AT_12_18)
    assert (told.requested_at, told.evidence.held_since) == (START + 4 * MINUTE, LOCKED_AT_09_18)
    (invoice,) = world.events(Invoice.Issued)
    assert str(invoice.gross) == "6.12 EUR"  # 18 minutes at 0.34


async def test_a_late_lock_told_one_signal_at_a_time_ends_the_trip_with_the_last_of_them(world: World) -> None:
    trip_id, x1 = await driving(world)
    await contact(world, x1, online=False)
    await world.advance(10 * MINUTE)
    await world.do(EndTrip(trip_id=trip_id))
    await until(world, TOLD_AT_12_18)

    for signal in ({"ignition_on": False}, {"doors_closed": True}, {"locked": True}):
        await sends(world, x1, Observation.model_validate({"observed_at": LOCKED_AT_09_18, **signal}))
        still = await state(world, trip_id)

    assert still is TripState.ENDING  # nobody knows where it stopped
    await tells(world, x1, LOCKED, THERE)
    assert ended(world).ended_at == LOCKED_AT_09_18


async def test_a_trip_whose_car_is_locked_at_the_wish_ends_at_once_and_asks_the_car_for_nothing(world: World) -> None:
    trip_id, x1 = await driven(world)
    await tells(world, x1, LOCKED, THERE)
    before = len(world.unanswered)

    answer = await world.do(EndTrip(trip_id=trip_id))

    assert (answer.value, len(world.unanswered)) == ("[]", before)
    assert ended(world).driving_s == 600


async def test_a_car_that_would_not_lock_with_a_door_ajar_is_asked_again_once_that_is_closed(world: World) -> None:
    trip_id, x1 = await driven(world)
    world.cars[x1] = "refusing"
    await world.do(EndTrip(trip_id=trip_id))
    await tells(world, x1, STOPPED, {"doors_closed": False}, THERE)
    await world.advance(MINUTE)
    world.cars[x1] = "obedient"

    await tells(world, x1, STOPPED, THERE, at=world.now() - timedelta(seconds=2))

    assert (ended(world).driving_s, await state(world, trip_id)) == (600, TripState.ENDED)


async def test_what_the_member_can_mend_is_refused_and_what_only_the_car_can_tell_is_waited_for(world: World) -> None:
    trip_id, x1 = await driving(world)
    await tells(world, x1, DRIVING, {"doors_closed": False, "zones": ()})
    with pytest.raises(RefusedError) as refused:
        await world.do(EndTrip(trip_id=trip_id))
    await world.advance(10 * MINUTE)
    silent_on_its_place = Observation(
        observed_at=world.now(), locked=False, ignition_on=False, doors_closed=True, speed_kmh=0.0
    )
    await sends(world, x1, silent_on_its_place)

    wished = await world.do(EndTrip(trip_id=trip_id))
    await tells(world, x1, LOCKED, {"position": None, "zones": None})
    without_place = await state(world, trip_id)
    await world.advance(2 * MINUTE)
    await tells(world, x1, LOCKED)

    assert codes(refused) == {
        "vehicle.doors_open",
        "vehicle.ignition_on",
        "vehicle.moving",
        "trip.end_outside_home_area",
    }
    assert awaited(wished.value) == {"vehicle.position_too_old", "vehicle.unlocked"}
    assert without_place is TripState.ENDING
    assert ended(world).driving_s == 600


async def test_who_drives_on_takes_the_wish_back_is_told_so_and_pays_for_the_way(world: World) -> None:
    trip_id, x1 = await driven(world)
    await world.do(EndTrip(trip_id=trip_id))
    await world.advance(5 * MINUTE)
    await tells(world, x1, STOPPED, FURTHER)
    await world.do(EndTrip(trip_id=trip_id))
    await world.advance(3 * MINUTE)

    await tells(world, x1, LOCKED, FURTHER)

    assert len(world.events(Trip.EndRequested)) == 2
    assert "trip_end_taken_back" in world.told()
    assert (ended(world).driving_s, ended(world).distance_m) == (15 * 60, 10_000)


async def test_a_door_that_is_opened_after_the_wish_and_closed_again_costs_nothing(world: World) -> None:
    trip_id, x1 = await driven(world)
    await world.do(EndTrip(trip_id=trip_id))
    await world.advance(2 * MINUTE)

    await tells(world, x1, STOPPED, {"doors_closed": False}, THERE)
    await world.advance(MINUTE)
    await tells(world, x1, LOCKED, THERE)

    assert ended(world).driving_s == 600


async def test_an_ignition_that_is_on_after_the_wish_is_told_and_paid_until_it_is_off(world: World) -> None:
    trip_id, x1 = await driven(world)
    await world.do(EndTrip(trip_id=trip_id))
    await world.advance(2 * MINUTE)

    await tells(world, x1, STOPPED, {"ignition_on": True}, THERE)
    told = world.messages[-1]
    await world.advance(5 * MINUTE)
    await tells(world, x1, LOCKED, THERE)

    assert (told.template, told.values["missing"]) == (
        "trip_end_unconfirmed",
        "switch the ignition off; the car has yet to be locked",
    )
    assert ended(world).driving_s == 17 * 60


async def test_driving_that_is_told_hours_later_ends_when_the_car_was_locked_after_it(world: World) -> None:
    trip_id, x1 = await driven(world, minutes=4)
    await world.do(EndTrip(trip_id=trip_id))
    await until(world, TOLD_AT_12_18)

    await tells(world, x1, DRIVING, at=START + 6 * MINUTE)
    await tells(world, x1, STOPPED, FURTHER, at=START + 17 * MINUTE)
    await tells(world, x1, LOCKED, FURTHER, at=LOCKED_AT_09_18)

    assert world.events(Trip.EndTakenBack) == []
    assert ended(world).ended_at == LOCKED_AT_09_18


async def test_a_forced_end_without_evidence_is_doubted_and_not_told_like_a_bill(world: World) -> None:
    trip_id, x1 = await driving(world)
    await contact(world, x1, online=False)
    await world.advance(40 * MINUTE)

    told = len(world.told())

    await world.do(ForceEndTrip(trip_id=trip_id, ended_at=START + 25 * MINUTE, reason="no network in the garage"))

    (doubt,) = ended(world).doubts
    assert doubt.code == "trip.end_without_evidence"
    assert set(doubt.values["missing"]) >= {"vehicle.ignition_on", "vehicle.unlocked", "vehicle.contact_lost"}
    assert world.events(Invoice.Issued) == []
    assert world.told()[told:] == ["trip_ended_in_review"]


async def test_a_forced_end_that_the_car_contradicts_is_doubted(world: World) -> None:
    trip_id, x1 = await driven(world, minutes=30)
    await tells(world, x1, LOCKED, THERE)

    await world.do(ForceEndTrip(trip_id=trip_id, ended_at=START + 10 * MINUTE, reason="the member says so"))

    (doubt,) = ended(world).doubts
    assert (doubt.code, doubt.values["driven_at"]) == ("trip.end_contradicted", (START + 30 * MINUTE).isoformat())


async def test_a_trip_that_was_stuck_for_days_ends_at_its_true_time_and_is_looked_at(world: World) -> None:
    trip_id, x1 = await driven(world)
    await tells(world, x1, LOCKED, THERE)
    await world.advance(timedelta(days=3))

    await world.do(ForceEndTrip(trip_id=trip_id, ended_at=START + 10 * MINUTE, reason="it was parked then"))

    assert ended(world).driving_s == 600
    assert [doubt.code for doubt in ended(world).doubts] == ["trip.end_dated_far_back"]
    assert world.events(Invoice.Issued) == []


async def test_a_forced_end_that_the_car_bears_out_is_billed_at_once(world: World) -> None:
    trip_id, x1 = await driven(world)
    await tells(world, x1, LOCKED, THERE)

    await world.do(ForceEndTrip(trip_id=trip_id, ended_at=START + 10 * MINUTE, reason="the app had crashed"))

    assert ended(world).doubts == ()
    assert len(world.events(Invoice.Issued)) == 1


async def test_a_trip_in_which_the_car_was_never_driven_is_asked_about_and_goes_on(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    trip_id = await started(world, ada, x1)

    await world.advance(world.rulebook.trip.unused_after)

    assert (await state(world, trip_id), world.told()[-1]) == (TripState.RUNNING, "trip_unused")


async def test_nobody_is_asked_about_a_car_that_was_driven(world: World) -> None:
    _, _ = await driven(world)

    await world.advance(world.rulebook.trip.unused_after)

    assert "trip_unused" not in world.told()


async def test_a_car_that_locks_within_the_second_of_its_last_message_ends_its_trip(world: World) -> None:
    trip_id, x1 = await driven(world)
    await world.do(EndTrip(trip_id=trip_id))
    [request] = world.unanswered

    claimed = Observation(observed_at=world.now())
    await world.do(ConfirmVehicleCommand(vehicle_id=x1, request_id=request.request_id, observation=claimed))

    assert await state(world, trip_id) is TripState.ENDED
