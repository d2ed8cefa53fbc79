"""The end of a trip whose car is slow to say what it did, over HTTP and MQTT."""

from datetime import timedelta

from domain.invariants import audit
from domain.kernel.messages import Role
from tests.journeys.hand_driven import HandDriven, hand_driven
from tests.support.city import City
from tests.support.installation import Installation
from tests.support.waiting import until

MINUTE = timedelta(minutes=1)


async def known_to_stand(hand: HandDriven, *, ignition_on: bool) -> None:
    """Wait until the backend knows how the car's ignition is."""
    operator = hand.city.token(Role.OPERATOR)

    async def known() -> bool:
        shown = await hand.city.get(f"/v1/vehicles/{hand.car.vehicle_id}", operator)
        return bool(shown["readings"].get("ignition_on", {}).get("value") is ignition_on)

    await until(known)


async def minutes_paid(city: City, trip: str, member: dict[str, str]) -> float:
    """What its invoice charges, in minutes of driving."""
    await city.until(trip, member, "ended")
    await city.settled()
    [invoice] = (await city.get("/v1/invoices", member, subject_id=trip.rpartition("/")[2]))["invoices"]
    assert not any(result.broken for result in (await audit(city.running.store.read())).values())
    return float(invoice["gross_minor"]) / 34


async def test_a_factory_auto_lock_at_25_km_h_takes_the_wish_back_instead_of_ending_the_trip(
    installation: Installation, city: City
) -> None:
    member, other, clock = await city.member(), await city.member(), installation.clock
    async with hand_driven(city) as hand:
        trip = await hand.start(member)
        await hand.tells(clock.now(), ignition_on=True)
        await known_to_stand(hand, ignition_on=True)
        await hand.tells(clock.now(), ignition_on=False)
        await known_to_stand(hand, ignition_on=False)
        wished = await city.post(f"{trip}/end", None, member)
        clock.let_pass(MINUTE)

        await hand.tells(clock.now(), ignition_on=True, speed_kmh=25.0, locked=True, odometer_m=1_000_400)
        await city.until(trip, member, "running")
        await city.settled()

        taken = await city.post("/v1/reservations", {"vehicle_id": str(hand.car.vehicle_id)}, other)
        assert [awaited["code"] for awaited in wished.json()["awaits"]] == ["vehicle.unlocked"]
        assert [violation["code"] for violation in taken.json()["violations"]] == ["vehicle.in_trip"]
        assert len(city.mails("trip_end_taken_back")) == 1
        assert await city.told("rental.trip.ended") == []


async def test_a_wish_while_the_car_is_offline_stops_the_bill_once_the_car_is_back(
    installation: Installation, city: City
) -> None:
    member, clock = await city.member(), installation.clock
    async with hand_driven(city) as hand:
        trip = await hand.start(member)
        await hand.tells(clock.now(), ignition_on=True)
        await known_to_stand(hand, ignition_on=True)
        await hand.says_it_is("offline", online=False)
        clock.let_pass(10 * MINUTE)
        wished = await city.post(f"{trip}/end", None, member)
        kept = await city.until(trip, member, "ending")
        clock.let_pass(60 * MINUTE)

        await hand.says_it_is("online", online=True)
        await hand.tells(clock.now(), ignition_on=False, locked=True, odometer_m=1_006_000)

        assert await minutes_paid(city, trip, member) in {10, 11}  # started minutes; the journey itself takes seconds
        assert [awaited["code"] for awaited in wished.json()["awaits"]] == ["vehicle.contact_lost"]
        assert [missing["code"] for missing in kept["end_request"]["missing"]] == ["vehicle.contact_lost"]


async def test_who_presses_end_on_two_phones_is_told_of_one_wish_and_the_car_is_asked_once(
    installation: Installation, city: City
) -> None:
    member, clock = await city.member(), installation.clock
    async with hand_driven(city) as hand:
        trip = await hand.start(member)
        await hand.tells(clock.now(), ignition_on=False, odometer_m=1_004_000)
        await known_to_stand(hand, ignition_on=False)

        first, again = [await city.post(f"{trip}/end", None, member) for _ in range(2)]
        other_step = await city.post(f"{trip}/park", None, member)
        await hand.obeys("lock", clock.now(), locked=True)
        await city.until(trip, member, "ended")
        at_last = await city.post(f"{trip}/end", None, member)

    assert (first.status_code, again.status_code, at_last.status_code) == (202, 202, 202)
    assert [awaited["code"] for awaited in first.json()["awaits"]] == ["vehicle.unlocked"]
    assert (again.json()["awaits"], at_last.json()["awaits"]) == (first.json()["awaits"], [])
    assert "trip.step_pending" in {violation["code"] for violation in other_step.json()["violations"]}
    assert len(await city.told("rental.trip.end_requested")) == 1
    assert len(await city.told("rental.trip.lock_requested")) == 1


async def test_a_lock_that_is_told_three_hours_later_counts_by_the_time_of_the_car(
    installation: Installation, city: City
) -> None:
    member, clock = await city.member(), installation.clock
    async with hand_driven(city) as hand:
        trip = await hand.start(member)
        await hand.tells(clock.now(), ignition_on=True)
        await known_to_stand(hand, ignition_on=True)
        clock.let_pass(10 * MINUTE)
        await hand.tells(clock.now(), ignition_on=False, odometer_m=1_004_000)
        await known_to_stand(hand, ignition_on=False)
        (await city.post(f"{trip}/end", None, member)).raise_for_status()
        clock.let_pass(8 * MINUTE)
        locked_at = clock.now()
        clock.let_pass(180 * MINUTE)

        await hand.tells(locked_at, locked=True)

        assert await minutes_paid(city, trip, member) in {18, 19}
        shown = await city.get(trip, member)
        assert shown["ended_at"].startswith(locked_at.strftime("%Y-%m-%dT%H:%M:%S"))
