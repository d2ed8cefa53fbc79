"""What a car claims counts as far as the rest of what it says bears it out."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from adapters.simulator.car import Car, offset
from domain.fleet.commands import DefineZone
from domain.fleet.zones import ZoneKind
from domain.kernel.ids import ZoneId, derived_id
from tests.support.places import BERLIN
from tests.support.street import Street, counted
from tests.support.waiting import until

RESULTS = "csbe_ingest_messages_total"


async def trips(street: Street, cars: Sequence[Car], metres: float) -> list[dict[str, Any]]:
    """Each car is opened, driven so far, locked and paid for; the trips as agents see them."""
    members = [await street.city.member() for _ in cars]
    begun = [await street.city.start(car, member) for car, member in zip(cars, members, strict=True)]
    await street.settled()
    await street.drive(cars, metres)
    for trip, member in zip(begun, members, strict=True):
        await street.city.end(trip, member)
    return [await street.summary(trip) for trip in begun]


async def test_cars_that_send_their_signals_in_pieces_are_known_as_they_are(street: Street) -> None:
    pieces = ("signals-one-by-one", "signals-in-groups", "only-changes")
    cars = [street.car(fault, number=number) for number, fault in enumerate(pieces, 1)]

    ended = await trips(street, cars, 2_000)
    await street.passes(20)

    assert [(trip["state"], trip["distance_m"]) for trip in ended] == [("ended", pytest.approx(2_000, abs=20))] * 3
    for car in cars:
        values = {name: await street.reading(car, name) for name in ("locked", "doors_closed", "ignition_on")}
        assert values == {"locked": True, "doors_closed": True, "ignition_on": False}
        assert await street.reading(car, "odometer_m") == car.odometer_m
    assert await street.is_well()


async def test_a_passenger_door_that_stands_open_is_not_closed_by_the_drivers_door(street: Street) -> None:
    member, car = await street.city.member(), street.car("signals-one-by-one")
    trip = await street.city.start(car, member)
    passenger, driver = "Vehicle.Cabin.Door.Row1.PassengerSide.IsOpen", "Vehicle.Cabin.Door.Row1.DriverSide.IsOpen"

    for signal in (f'{{"{passenger}": true}}', f'{{"{driver}": true}}', f'{{"{driver}": false}}'):
        car.seq += 1
        body = f'{{"ts": "{street.clock.now().isoformat()}", "seq": {car.seq}, "signals": {signal}}}'
        await street.publish(car, "telemetry", body.encode())

    refused = await street.city.post(f"{trip}/end", None, member)
    assert await street.reading(car, "doors_closed") is False
    assert [violation["code"] for violation in refused.json()["violations"]] == ["vehicle.doors_open"]


async def test_an_odometer_in_messages_of_its_own_counts_230_km(street: Street) -> None:
    car = street.car("odometer-apart")
    member = await street.city.member()
    trip = await street.city.start(car, member)
    await street.passes(10)
    begin = car.position
    for leg in range(4):  # twice there and back, 230 km in four hours
        street.clock.let_pass(timedelta(hours=1))
        car.position = offset(begin, 57_500, 0.0) if leg % 2 == 0 else begin
        car.odometer_m += 57_500
        await street.passes(10)

    await street.city.end(trip, member)

    ended = await street.summary(trip)
    assert ended["distance_m"] == 230_000
    [invoice] = (await street.city.get("/v1/invoices", member))["invoices"]
    lines = (await street.city.get(f"/v1/invoices/{invoice['invoice_id']}", member))["lines"]
    assert "Beyond the included km" in {line["description"] for line in lines}
    assert sum(line["amount"]["amount_minor"] for line in lines if line["description"].startswith("Beyond")) == 870


async def test_a_message_that_comes_again_from_a_fast_clock_is_a_repetition(street: Street) -> None:
    member, car = await street.city.member(), street.car("clock-ahead", "sent-again")
    trip = await street.city.start(car, member)
    await street.passes(20)
    car.locked = True
    await street.passes(40)

    events = await street.events(car)
    assert (events.count("unlocked"), events.count("locked"), await street.reading(car, "locked")) == (1, 2, True)
    assert "duplicate" in await street.oddities(car)
    assert (await street.city.get(trip, member))["state"] == "running"


async def test_a_clock_that_is_set_back_neither_silences_a_car_nor_keeps_its_trip_from_ending(street: Street) -> None:
    wrong = ("weeks-rolled-over", "clock-set-back", "battery-lost", "counts-anew")
    cars = [street.car(fault, number=number) for number, fault in enumerate(wrong, 1)]

    ended = await trips(street, cars, 1_500)

    assert {trip["state"] for trip in ended} == {"ended"}
    for car in cars:
        driven = [event for event in await street.events(car) if event.startswith("ignition")]
        assert driven == ["ignition_off", "ignition_on", "ignition_off"]
        assert await street.reading(car, "odometer_m") == car.odometer_m
    assert [car for car in cars[:3] if "clock_skew" not in await street.oddities(car)] == []
    assert await street.is_well()


async def test_no_fix_is_no_place_and_raises_no_task(street: Street) -> None:
    car = street.car("no-fix")
    before = counted(RESULTS, channel="telemetry", result="no_fix")

    await street.passes(200)

    assert counted(RESULTS, channel="telemetry", result="no_fix") - before == 8
    assert "moved_while_parked" not in await street.events(car)
    assert (await street.tasks(car), await street.reading(car, "position")) == (
        [],
        {"latitude": 52.5219, "longitude": 13.4132},
    )


async def test_a_place_that_is_not_sure_moves_no_parked_car(street: Street) -> None:
    car = street.car("inaccurate-fix")

    await street.passes(200)

    assert "inaccurate" in await street.oddities(car)
    assert "moved_while_parked" not in await street.events(car)
    assert await street.tasks(car) == []


async def test_of_an_odometer_that_stands_at_zero_and_good_fixes_the_odometer_is_doubted(street: Street) -> None:
    car = street.car("odometer-at-zero")
    before = counted(RESULTS, channel="telemetry", result="jump")

    await trips(street, [car], 3_000)

    readings = (await street.shows(car))["readings"]
    assert readings["odometer_m"]["doubt"] == "contradicted"
    assert counted(RESULTS, channel="telemetry", result="jump") == before
    assert readings["position"]["value"]["latitude"] == pytest.approx(car.position.latitude, abs=1e-6)
    assert "contradicted" in await street.oddities(car)


async def test_one_wrong_value_or_a_lost_fix_does_not_keep_a_trip_from_ending(street: Street) -> None:
    wrong = ("tank-103-percent", "dtc-list-null", "no-fix")
    cars = [street.car(fault, number=number) for number, fault in enumerate(wrong, 1)]

    ended = await trips(street, cars, 500)

    assert [trip["state"] for trip in ended] == ["ended"] * 3
    assert await street.reasons() == []


async def test_a_car_that_fell_from_14_to_3_percent_cannot_be_reserved(street: Street) -> None:
    car, member = street.car("energy-falls"), await street.city.member()
    await street.passes(60)

    refused = await street.city.post("/v1/reservations", {"vehicle_id": str(car.vehicle_id)}, member)

    assert [violation["values"]["level"] for violation in refused.json()["violations"]] == [3.0]
    assert await street.reading(car, "energy_percent") == 3.0


async def test_who_speaks_after_a_late_last_will_is_online_and_can_be_reserved(street: Street) -> None:
    car, member = street.car("late-last-will"), await street.city.member()

    await street.passes(80)
    await street.settled()

    events = await street.events(car)
    assert "contact_lost" in events
    assert events.index("contact_restored") > events.index("contact_lost")
    assert (await street.shows(car))["online"] is True
    await street.city.reserve(car, member)


async def test_a_receiver_that_wavers_at_the_edge_of_a_zone_leads_to_few_events(street: Street) -> None:
    car = street.car("wavering-fix")
    edge, east = car.position, offset(car.position, 5_000, 1.5708).longitude
    ring = ((edge.longitude, 52.4), (east, 52.4), (east, 52.6), (edge.longitude, 52.6), (edge.longitude, 52.4))
    await street.city.give(
        DefineZone(
            zone_id=ZoneId(derived_id("edge")), city_id=BERLIN.city_id, kind=ZoneKind.NO_PARKING, name="Edge",
            polygons=((ring,),),
        )
    )  # fmt: skip
    await street.settled()
    await street.city.running.refresh_zones()
    before = await street.events(car)

    await street.passes(400)

    news = (await street.events(car))[len(before) :]
    assert len([event for event in news if event.startswith("zone")]) <= 4


async def test_the_newest_report_of_its_locks_beats_what_a_car_claimed(street: Street) -> None:
    member, car = await street.city.member(), street.car("door-left-open")
    trip = await street.city.start(car, member)
    await street.drive([car], 500)
    await street.city.post(f"{trip}/park", None, member)
    await street.passes(30)

    assert await street.reading(car, "locked") is False
    assert await street.reading(car, "doors_closed") is False


async def test_a_car_that_opens_after_the_start_was_given_up_is_locked_and_offered_only_then(street: Street) -> None:
    city, car, member = street.city, street.car("late-answers"), await street.city.member()

    started = await city.post("/v1/trips", {"vehicle_id": str(car.vehicle_id)}, member)
    await street.opened(car)
    await street.passes(60)
    await city.until(f"/v1/trips/{started.json()['id']}", member, "start_failed")
    await street.passes(60)
    await street.settled()
    told_open = await street.reading(car, "locked")
    await street.passes(120)
    await street.settled()

    assert told_open is True
    assert (car.locked, await street.reading(car, "locked")) == (True, True)
    assert (await city.get("/v1/invoices", member))["invoices"] == []
    await city.reserve(car, await city.member())
    assert await street.is_well()


async def test_cars_that_are_gone_for_long_are_offline_and_back_when_they_speak(
    street: Street,
) -> None:
    cars, member = street.city.cars, await street.city.member()
    await street.passes(30)

    async def all_are_lost() -> bool:
        await street.passes(600, every=600, silent=cars)
        return not any([(await street.shows(car))["online"] for car in cars])

    await until(all_are_lost, street.city.patience_s)
    refused = await street.city.post("/v1/trips", {"vehicle_id": str(cars[0].vehicle_id)}, member)
    await street.passes(30)

    assert [violation["code"] for violation in refused.json()["violations"]] == ["vehicle.contact_lost"]
    assert [(await street.shows(car))["online"] for car in cars] == [True] * len(cars)
    await street.city.start(cars[0], member)
