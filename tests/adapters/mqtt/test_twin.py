"""A car that tells its state in pieces, twice, late or partly is known as well as one that tells all at once."""

import random
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mqtt.anomalies import DEFAULT_LIMITS, Anomaly
from adapters.mqtt.clock import Stamp
from adapters.mqtt.memory import RememberedVehicle
from adapters.mqtt.signals import told_by
from adapters.mqtt.twin import Heard, Twin
from domain.fleet.state import VehicleReadings
from domain.kernel.ids import ZoneId, derived_id
from domain.kernel.units import Position

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATITUDE, LONGITUDE = "Vehicle.CurrentLocation.Latitude", "Vehicle.CurrentLocation.Longitude"
FIX, ACCURACY = "Vehicle.CurrentLocation.GNSSReceiver.FixType", "Vehicle.CurrentLocation.HorizontalAccuracy"
DRIVER, PASSENGER = "Vehicle.Cabin.Door.Row1.DriverSide", "Vehicle.Cabin.Door.Row1.PassengerSide"
SPEED, ODOMETER = "Vehicle.Speed", "Vehicle.TraveledDistance"
IGNITION = "Vehicle.LowVoltageSystemState"
FUEL = "Vehicle.Powertrain.FuelSystem.RelativeLevel"
CHARGE = "Vehicle.Powertrain.TractionBattery.StateOfCharge"
AIRBAG = "Vehicle.Cabin.Seat.Row1.DriverSide.Airbag.IsDeployed"
PORT = "Vehicle.Powertrain.TractionBattery.Charging.ChargingPort"
HOME = ZoneId(derived_id("home"))
HERE = Position(latitude=52.52, longitude=13.405)


class Driven:
    """A car whose messages are heard one after the other, ten seconds apart unless said otherwise."""

    def __init__(self) -> None:
        self.twin = Twin()
        self.seq = 0
        self.seconds = 0.0

    def says(
        self, signals: dict[str, Any], spoiled: Collection[str] = (), *, after: float = 10.0, seq: int | None = None
    ) -> Heard:
        self.seq = self.seq + 1 if seq is None else seq
        self.seconds += after
        at = START + timedelta(seconds=self.seconds)
        moment = self.twin.clock.judge(Stamp(at.timestamp(), at.timestamp() + 1, self.seq), DEFAULT_LIMITS)
        return self.twin.hear(told_by(signals, spoiled), moment)

    @property
    def now(self) -> VehicleReadings:
        return self.twin.readings()

    def value(self, name: str) -> object:
        return self.now.value(name)


def place(metres_north: float, **more: object) -> dict[str, Any]:
    return {LATITUDE: HERE.latitude + metres_north / 111_195, LONGITUDE: HERE.longitude, **more}


def test_one_closed_door_does_not_close_the_others() -> None:
    car = Driven()
    car.says({f"{PASSENGER}.IsOpen": True})
    car.says({f"{DRIVER}.IsOpen": True})

    heard = car.says({f"{DRIVER}.IsOpen": False})

    assert heard.news == {"doors_closed": False}
    assert car.value("doors_closed") is False
    assert car.says({f"{PASSENGER}.IsOpen": False}).news == {"doors_closed": True}


@pytest.mark.parametrize(
    ("one", "other", "reading"),
    [
        ({f"{PASSENGER}.IsLocked": False}, {f"{DRIVER}.IsLocked": True}, ("locked", False)),
        ({f"{PORT}.AnyPosition.IsChargingCableConnected": True},
         {f"{PORT}.FrontLeft.IsChargingCableConnected": False}, ("plugged_in", True)),
        ({AIRBAG: True}, {AIRBAG.replace("Driver", "Passenger"): False}, ("crashed", True)),
    ],
)  # fmt: skip
def test_parts_told_one_by_one_make_one_reading(
    one: dict[str, bool], other: dict[str, bool], reading: tuple[str, bool]
) -> None:
    for first, second in ((one, other), (other, one)):
        car = Driven()
        car.says(first)
        car.says(second)
        assert car.value(reading[0]) is reading[1]


def test_signals_that_come_alone_are_all_known() -> None:
    car = Driven()
    for signal in ({LATITUDE: 52.52}, {LONGITUDE: 13.405}, {SPEED: 0.0}, {ODOMETER: 230_000}, {IGNITION: "OFF"}):
        car.says(signal)

    known = [car.value(name) for name in ("position", "speed_kmh", "odometer_m", "ignition_on")]
    assert known == [Position(latitude=52.52, longitude=13.405), 0.0, 230_000, False]


def test_a_car_that_sends_only_what_changes_of_its_place_moves() -> None:
    car = Driven()
    car.says(place(0))
    for metres in range(100, 1000, 100):
        car.says({LATITUDE: HERE.latitude + metres / 111_195})

    assert car.twin.track.distance_m == pytest.approx(900, abs=5)


def test_an_overtaken_message_tells_what_nothing_has_told_since() -> None:
    car = Driven()
    car.says({IGNITION: "ON"}, seq=1)
    car.says({f"{DRIVER}.IsLocked": True}, seq=3, after=20)

    late = car.says({IGNITION: "OFF", f"{DRIVER}.IsLocked": False}, seq=2, after=-10)

    assert late.news == {"ignition_on": False}
    assert (car.value("ignition_on"), car.value("locked")) == (False, True)


def test_a_repetition_tells_nothing() -> None:
    car = Driven()
    car.says({f"{DRIVER}.IsLocked": False})
    assert car.says({f"{DRIVER}.IsLocked": False}, seq=car.seq, after=0).news == {}


def test_messages_that_have_not_come_are_shown_per_car() -> None:
    car = Driven()
    for seq in (1, 2, 6):
        car.says({SPEED: 0.0}, seq=seq)

    assert car.now.missing_messages == 3


def test_the_charge_of_an_electric_car_counts_before_a_fuel_level_in_whatever_message() -> None:
    car = Driven()
    car.says({FUEL: 10})
    assert car.value("energy_percent") == 10
    car.says({f"{CHARGE}.Displayed": 78.0, f"{CHARGE}.Current": 80.0})
    assert car.value("energy_percent") == 78.0
    assert car.says({FUEL: 9}).news == {"energy_percent": 78.0}


@pytest.mark.parametrize(
    ("lost", "odd"),
    [
        ({LATITUDE: 0.0, LONGITUDE: 0.0}, Anomaly.NO_FIX),
        ({LATITUDE: 1e-7, LONGITUDE: -2e-7}, Anomaly.NO_FIX),
        ({LATITUDE: 0.0, LONGITUDE: 0.0, FIX: "NONE"}, Anomaly.NO_FIX),
        (place(30, **{FIX: "NONE"}), Anomaly.NO_FIX),
        (place(30, **{ACCURACY: 1500.0}), Anomaly.INACCURATE),
        (place(30, **{ACCURACY: 1e300}), Anomaly.INACCURATE),
    ],
)
def test_no_fix_is_no_place_however_often_it_is_told(lost: dict[str, Any], odd: Anomaly) -> None:
    car = Driven()
    car.says(place(0, **{FIX: "THREE_D", SPEED: 0.0}))

    heard = [car.says(lost) for _ in range(10)]

    assert all(each.anomalies == {odd} for each in heard)
    assert not any("position" in each.news for each in heard)
    assert car.value("position") == HERE


def test_a_receiver_that_has_lost_its_fix_says_so_in_a_message_of_its_own() -> None:
    car = Driven()
    car.says(place(0, **{FIX: "THREE_D"}))
    car.says({FIX: "NONE"})
    assert car.says(place(3000)).anomalies == {Anomaly.NO_FIX}

    car.says({FIX: "SIX_D"})
    assert car.says(place(3000)).anomalies == {Anomaly.NO_FIX}

    car.says({FIX: "TWO_D"})
    assert "position" in car.says(place(20)).news


@pytest.mark.parametrize("word", ["SIX_D", "", 3, None])
def test_a_fix_that_nobody_knows_is_none_from_the_first_on_unless_the_receiver_is_sure_of_its_place(word: Any) -> None:
    car = Driven()

    spoiled = {FIX} if word is None else ()
    unknown = {} if word is None else {FIX: word}
    heard = [car.says(place(metres, **unknown), spoiled) for metres in (0, 20)]

    assert all(each.anomalies == {Anomaly.NO_FIX} for each in heard)
    assert car.value("position") is None
    assert "position" in car.says(place(0, **unknown, **{ACCURACY: 4.0}), spoiled).news


def test_a_receiver_says_how_sure_it_is_in_a_message_of_its_own() -> None:
    car = Driven()
    car.says(place(0))
    car.says({ACCURACY: 1500.0})

    assert car.says(place(30)).anomalies == {Anomaly.INACCURATE}
    car.says({ACCURACY: 3.0})
    assert "position" in car.says(place(30)).news


@pytest.mark.parametrize("half", [LATITUDE, LONGITUDE])
@pytest.mark.parametrize("wrong", [1000.0, "north", None])
def test_half_a_place_is_none_when_the_other_half_is_spoiled(half: str, wrong: Any) -> None:
    car = Driven()
    car.says(place(0))
    said = {**place(30), LONGITUDE: HERE.longitude + 0.001, half: wrong}

    spoiled = {path for path, value in said.items() if value is None}
    heard = car.says({path: value for path, value in said.items() if value is not None}, spoiled)

    assert "position" not in heard.news
    assert car.value("position") == HERE


@pytest.mark.parametrize(("further_m", "believed"), [(0, True), (140, True), (5_000, False)])
def test_a_car_that_seemed_frozen_stands_where_it_is_when_its_odometer_has_not_gone_on(
    further_m: int, believed: bool
) -> None:
    car = Driven()
    car.says(place(0, **{SPEED: 20.0, ODOMETER: 230_000}))
    frozen = car.says(place(0, **{SPEED: 20.0, ODOMETER: 230_000}))
    for metres in range(0, further_m, 140):
        car.says(place(0, **{SPEED: 50.0, ODOMETER: 230_000 + metres}))

    stands = car.says(place(0, **{SPEED: 0.0, ODOMETER: 230_000 + further_m}))

    assert frozen.anomalies == {Anomaly.FROZEN}
    assert ("position" in stands.news) is believed


def drive(car: Driven, *, odometer: Any, speed: float | None, steps: int = 16) -> list[Heard]:
    """At 60 km/h, a place each ten seconds; `odometer` is what it shows after so many metres."""
    told = []
    for step in range(steps):
        metres = step * 167
        signals = place(metres) | ({} if odometer is None else {ODOMETER: odometer(metres)})
        told.append(car.says(signals if speed is None else signals | {SPEED: speed}))
    return told


@pytest.mark.parametrize(("speed", "lost"), [(60.0, 0), (None, 1)])
def test_an_odometer_that_stands_is_doubted_and_not_the_places(speed: float | None, lost: int) -> None:
    car = Driven()

    heard = drive(car, odometer=lambda _metres: 0, speed=speed)

    assert sum("position" not in each.news for each in heard) == lost
    assert any(Anomaly.CONTRADICTED in each.anomalies for each in heard)
    reading = car.now.odometer_m
    assert reading is not None
    assert reading.doubt == "contradicted"
    assert car.twin.track.distance_m == pytest.approx(15 * 167, rel=0.01)


@pytest.mark.parametrize("unit", [1000.0, 0.1, 1609.0], ids=["kilometres", "decimetres", "miles"])
def test_an_odometer_of_another_unit_is_doubted(unit: float) -> None:
    car = Driven()
    drive(car, odometer=lambda metres: int(5_000_000 + metres / unit), speed=60.0, steps=60)
    reading = car.now.odometer_m
    assert reading is not None
    assert reading.doubt == "contradicted"


@pytest.mark.parametrize("coarse", [1, 100, 1000, 10_000])
def test_an_odometer_that_counts_in_large_steps_is_believed(coarse: int) -> None:
    car = Driven()

    heard = drive(car, odometer=lambda metres: (5_000_000 + metres) // coarse * coarse, speed=60.0, steps=400)

    reading = car.now.odometer_m
    assert reading is not None
    assert reading.doubt == ("coarse" if coarse > 1000 else None)
    assert sum("position" in each.news for each in heard) == 400


@pytest.mark.parametrize("miles", [1, 2, 5])
def test_an_odometer_that_counts_whole_miles_is_known_only_roughly(miles: int) -> None:
    car, mile_m = Driven(), miles * 1609.344

    drive(car, odometer=lambda metres: round((5_000_000 + metres) // mile_m * mile_m), speed=60.0, steps=400)

    reading = car.now.odometer_m
    assert reading is not None
    assert reading.doubt == "coarse"


@given(steps=st.lists(st.integers(1, 9_000), min_size=30, max_size=30))
def test_an_odometer_that_counts_metres_is_not_taken_for_one_that_counts_in_large_steps(steps: list[int]) -> None:
    car, shown = Driven(), 5_000_000
    for step in [*steps, 211, 977]:
        shown += step
        car.says({ODOMETER: shown}, after=600)

    reading = car.now.odometer_m
    assert reading is not None
    assert reading.doubt is None


@pytest.mark.parametrize("wrong", [0, 3_000_000_000, 1_400_000])
def test_an_odometer_that_no_car_can_have_driven_is_left_out_until_it_agrees_with_itself(wrong: int) -> None:
    car = Driven()
    car.says({ODOMETER: 5_000_000})

    first, second = car.says({ODOMETER: wrong}), car.says({ODOMETER: 5_000_100})

    assert first.anomalies == {Anomaly.ODOMETER}
    assert (dict(first.news), dict(second.news)) == ({}, {"odometer_m": 5_000_100})
    car.says({ODOMETER: wrong})
    assert car.says({ODOMETER: wrong + 50}).news == {"odometer_m": wrong + 50}
    reading = car.now.odometer_m
    assert reading is not None
    assert reading.doubt == "contradicted"


def test_a_receiver_that_wavers_at_the_edge_of_a_zone_crosses_it_once() -> None:
    home = (HOME,)
    watch = Twin().zones
    at, noise = START.timestamp(), random.Random(1)

    seen = [watch.look(home if metres < 0 else (), *north(metres), at, None) for metres in (-300, -200, -100)]
    seen += [
        watch.look(home if metres < 0 else (), *north(metres), at, None)
        for metres in (noise.choice((-15, 15)) for _ in range(40))
    ]

    assert len({tuple(a) for a in seen}) <= 2
    assert sum(before != after for before, after in pairwise(seen)) <= 2


def test_a_car_that_stays_on_the_other_side_of_an_edge_is_believed() -> None:
    home = (HOME,)
    watch = Twin().zones
    for metres in (-200, 10, -10):
        watch.look(home if metres < 0 else (), *north(metres), START.timestamp(), None)

    inside = [watch.look(home, *north(-10), START.timestamp(), None) for _ in range(6)]

    assert inside[-1] == home


def north(metres: float) -> tuple[float, float]:
    return HERE.latitude + metres / 111_195, HERE.longitude


STATES = {
    f"{DRIVER}.IsOpen": st.booleans(),
    f"{PASSENGER}.IsOpen": st.booleans(),
    f"{DRIVER}.IsLocked": st.booleans(),
    f"{PASSENGER}.IsLocked": st.booleans(),
    IGNITION: st.sampled_from(["ON", "OFF"]),
    SPEED: st.integers(0, 50),
    FUEL: st.integers(0, 100),
    "Vehicle.Diagnostics.DTCList": st.sampled_from([[], ["P0301"]]),
}
KNOWN = ("doors_closed", "locked", "ignition_on", "speed_kmh", "energy_percent", "fault_codes")


@given(
    states=st.lists(st.fixed_dictionaries(STATES), min_size=1, max_size=6),
    how=st.sampled_from(["at once", "one by one", "changes", "in groups"]),
    mixed=st.randoms(use_true_random=False),
    repeats=st.integers(0, 2),
)
def test_however_a_car_cuts_its_state_into_messages_it_is_known_as_it_is(
    states: list[dict[str, Any]], how: str, mixed: random.Random, repeats: int
) -> None:
    """Also when messages come in another order, and twice."""
    messages = [
        (seq * 1.0, seq, part)
        for seq, part in enumerate(part for n, state in enumerate(states) for part in _cut(states[:n], state, how))
    ]
    arriving = messages[:-1] * (1 + repeats)
    mixed.shuffle(arriving)
    twin = Twin()
    for seconds, seq, part in [*arriving, messages[-1]]:
        stamp = Stamp(START.timestamp() + seconds, START.timestamp() + 3600, seq)
        twin.hear(told_by(part), twin.clock.judge(stamp, DEFAULT_LIMITS))

    whole = Driven()
    whole.says(states[-1])

    assert [twin.readings().value(name) for name in KNOWN] == [whole.value(name) for name in KNOWN]
    assert RememberedVehicle.read(RememberedVehicle(twin).written(START)).twin.readings() == twin.readings()


def _cut(before: list[dict[str, Any]], state: dict[str, Any], how: str) -> list[dict[str, Any]]:
    match how:
        case "one by one":
            return [{name: value} for name, value in state.items()]
        case "in groups":
            items = list(state.items())
            return [dict(items[::2]), dict(items[1::2])]
        case "changes" if before:
            return [{name: value for name, value in state.items() if before[-1][name] != value}]
        case _:
            return [state]
