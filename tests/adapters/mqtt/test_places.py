"""Which places of a car are believed, and how far it has driven."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mqtt.anomalies import DEFAULT_LIMITS, Anomaly
from adapters.mqtt.clock import Stamp
from adapters.mqtt.memory import RememberedVehicle
from adapters.mqtt.signals import Told
from adapters.mqtt.twin import Heard, Twin
from domain.kernel.units import Position

DRIVE = Path(__file__).parents[2] / "data" / "munich_drive"
START = datetime(2014, 9, 10, 4, 54, tzinfo=UTC)
HERE = Position(latitude=52.52, longitude=13.405)


class Message(NamedTuple):
    """What a car sent, and when."""

    stamp: Stamp
    told: Told


STATED_ERROR = 0.015
"""Of the distance driven, with fixes every 1 to 15 s."""


def sample(
    seq: int, seconds: float, position: Position | None = None, *, delay: float = 1.0, speed: float | None = None,
    odometer: int | None = None, **more: object,
) -> Message:  # fmt: skip
    ts = START + timedelta(seconds=seconds)
    place = {"latitude": position.latitude, "longitude": position.longitude} if position else {}
    others = {"speed_kmh": speed, "odometer_m": odometer}
    singles = {**place, **{name: value for name, value in others.items() if value is not None}, **more}
    return Message(Stamp(ts.timestamp(), ts.timestamp() + delay, seq), Told(singles, {}))


def north(metres: float) -> Position:
    return Position(latitude=HERE.latitude + metres / 111_195, longitude=HERE.longitude)


def judge(*messages: Message) -> tuple[Twin, list[Heard]]:
    twin = Twin()
    return twin, [twin.hear(each.told, twin.clock.judge(each.stamp, DEFAULT_LIMITS)) for each in messages]


def clock_of(message: Message) -> str:
    return datetime.fromtimestamp(message.stamp.ts, UTC).strftime("%H:%M:%S")


def believed(heard: list[Heard]) -> list[bool]:
    return ["position" in each.news for each in heard]


def munich(name: str) -> list[Message]:
    with (DRIVE / name).open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        sample(
            number,
            (datetime.fromisoformat(row["ts_utc"]) - START).total_seconds(),
            Position(latitude=float(row["lat"]), longitude=float(row["lon"])),
        )
        for number, row in enumerate(rows)
    ]


def test_a_single_impossible_fix_is_rejected() -> None:
    twin, heard = judge(sample(1, 0, HERE), sample(2, 1, north(5000)), sample(3, 2, north(20)))
    assert believed(heard) == [True, False, True]
    assert heard[1].anomalies == {Anomaly.JUMP}
    assert twin.track.distance_m == pytest.approx(20, abs=1)


def test_a_jump_that_the_next_fix_confirms_is_believed_but_was_not_driven() -> None:
    twin, heard = judge(sample(1, 0, HERE), sample(2, 1, north(5000)), sample(3, 2, north(5020)))
    assert believed(heard) == [True, False, True]
    assert twin.track.distance_m == pytest.approx(20, abs=1)


def parked(seq: int, metres: float) -> Message:
    return sample(seq, seq * 60, north(metres), speed=0, odometer=1000)


def test_a_fix_that_the_odometer_does_not_allow_is_drift() -> None:
    _, heard = judge(parked(1, 0), parked(2, 400), parked(3, 0))
    assert believed(heard) == [True, False, True]
    assert heard[1].anomalies == {Anomaly.JUMP}


def test_a_car_that_was_towed_is_believed_at_its_second_fix() -> None:
    twin, heard = judge(parked(1, 0), parked(2, 400), parked(3, 400))
    assert believed(heard) == [True, False, True]
    assert twin.track.distance_m == 0


def test_a_receiver_that_drifts_while_speedometer_and_odometer_stand_is_not_believed() -> None:
    """Two fixes that agree with each other, as far apart as a car could drive, against two that stand."""
    messages = [parked(1, 0), parked(2, 400), sample(3, 125, north(900), speed=0, odometer=1000), parked(4, 0)]

    twin, heard = judge(*messages)

    assert believed(heard) == [True, False, False, True]
    assert twin.track.odometer.doubt is None


def test_a_repeated_fix_while_the_speedometer_moves_is_frozen() -> None:
    _, (_, second) = judge(sample(1, 0, HERE, speed=50), sample(2, 10, HERE, speed=50))
    assert second.anomalies == {Anomaly.FROZEN}
    assert "position" not in second.news


def test_a_parked_car_is_not_frozen() -> None:
    _, heard = judge(sample(1, 0, HERE), *(sample(n, n * 5, HERE, speed=0) for n in range(2, 50)))
    assert not any(v.anomalies for v in heard)
    assert all(believed(heard))


def test_the_noise_of_a_standing_receiver_is_not_driven() -> None:
    twin, _ = judge(*(sample(n, n, north(n % 2 * 4)) for n in range(600)))
    assert twin.track.distance_m == 0


def test_the_freeze_and_the_470_m_jump_of_the_munich_drive_are_recognised() -> None:
    samples = munich("munich_1s.csv")
    _, heard = judge(*samples)
    by_time = {clock_of(s): v for s, v in zip(samples, heard, strict=True)}
    frozen = [time for time, v in by_time.items() if Anomaly.FROZEN in v.anomalies and "05:03:50" < time < "05:04:30"]
    assert (frozen[0], frozen[32], frozen[33]) == ("05:03:54", "05:04:26", "05:04:29")
    jumps = {time for time, v in by_time.items() if Anomaly.JUMP in v.anomalies}
    assert {"05:03:01", "05:04:27", "05:05:33"} <= jumps
    assert len(jumps) < 8


def test_standing_at_a_traffic_light_in_munich_is_not_a_freeze() -> None:
    samples = munich("munich_1s.csv")
    _, heard = judge(*samples)
    stop = [v for s, v in zip(samples, heard, strict=True) if "05:01:17" <= clock_of(s) <= "05:02:06"]
    assert len(stop) == 50
    assert not any(v.anomalies for v in stop)


@pytest.mark.parametrize("name", ["munich_1s.csv", "munich_15s.csv"])
def test_the_distance_of_the_munich_drive_is_right_within_the_stated_error(name: str) -> None:
    twin, _ = judge(*munich(name))
    assert twin.track.distance_m == pytest.approx(13_510, rel=STATED_ERROR)
    assert 13_370 <= twin.track.distance_m <= 13_650


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(-50, 200), st.integers(0, 3000)), max_size=40))
def test_no_distance_is_added_faster_than_a_car_can_drive_and_each_anomaly_is_counted(
    steps: list[tuple[int, int, int]],
) -> None:
    twin, heard = judge(*(sample(seq, seconds, north(metres)) for seq, seconds, metres in steps))
    driven_s = 250 + 12  # all times are within 250 s
    assert twin.track.distance_m <= driven_s * 250 / 3.6
    counted = {o: sum(o in v.anomalies for v in heard) for o in Anomaly}
    assert twin.anomalies == {o: n for o, n in counted.items() if n}


def test_what_is_remembered_survives_storage() -> None:
    twin, _ = judge(*munich("munich_1s.csv")[:600])
    assert RememberedVehicle.read(RememberedVehicle(twin).written(START)).twin == twin
