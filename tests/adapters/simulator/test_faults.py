"""What can be wrong with a simulated car: each fault is seen in what the car sends or does, and faults combine."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.simulator.car import Car, Message, offset
from adapters.simulator.faults import FAULTS, composed
from adapters.simulator.faults.behaviour import AnswersForAnother
from domain.kernel.units import Position

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ALEX = Position(latitude=52.5219, longitude=13.4132)


def car(number: int = 1) -> Car:
    return Car(
        vehicle_id=UUID(int=number), vin=f"WBAZZZ{number:011d}", model="BMW i3", fuel_type="E", position=ALEX,
        energy_percent=80, odometer_m=1_000_600, random=Random(number),
    )  # fmt: skip


def life(of: Car) -> Iterator[tuple[datetime, list[Message]]]:
    """What a car sends in a trip of some hours: opened, driven, locked, and left to stand."""
    at = NOON
    for minute in range(240):
        at += timedelta(minutes=1)
        command = {5: "unlock", 30: "lock"}.get(minute)
        if minute == 6:
            of.destination, of.ignition_on = offset(of.position, 9_000, 1.0), True
        said = list(of.telemetry(at))
        if command is not None and of.obeys(command):
            of.locked = command == "lock"
            said.append(Message("responses", {"id": command, "ts": at.isoformat(), "signals": of.signals()}))
        of.advance(60)
        yield at, list(of.through_faults(said, at))


def sent(of: Car) -> list[tuple[datetime, list[Message]]]:
    return list(life(of))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_seen_in_what_a_car_sends(name: str) -> None:
    faulty = car()
    faulty.faults = composed([name], Random(1))
    for fault in faulty.faults:
        if isinstance(fault, AnswersForAnother):
            fault.other = car(2)
            fault.other.asked = "unlock"

    assert sent(faulty) != sent(car())


@given(names=st.sets(st.sampled_from(sorted(FAULTS)), max_size=4), seed=st.integers(0, 99))
def test_the_same_faults_with_the_same_seed_send_the_same(names: set[str], seed: int) -> None:
    one, other = car(), car()
    one.faults, other.faults = composed(names, Random(seed)), composed(names, Random(seed))

    assert sent(one) == sent(other)


def test_faults_combine() -> None:
    faulty = car()
    faulty.faults = composed(["sent-twice", "signals-one-by-one", "odometer-at-zero"], Random(1))

    messages = faulty.through_faults(faulty.telemetry(NOON), NOON)

    whole = car()
    assert len(messages) == 2 * len(whole.signals())
    assert {message.parts["seq"] for message in messages} == set(range(1, len(whole.signals()) + 1))
    together = {name: value for message in messages for name, value in message.signals.items()}
    assert together == {**whole.signals(), "Vehicle.TraveledDistance": 0}


def test_a_fault_that_there_is_not_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match="no fault goes by the name 'rust': factory-lock, "):
        composed(["rust"], Random(1))
