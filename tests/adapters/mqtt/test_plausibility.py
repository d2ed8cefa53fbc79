"""The assess: what a message is suspected of, and how far the car has driven."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mqtt.memory import RememberedVehicle
from adapters.mqtt.plausibility import Anomaly, Sample, Track, Verdict, assess
from domain.kernel.units import Position

DRIVE = Path(__file__).parents[2] / "data" / "munich_drive"
START = datetime(2014, 9, 10, 4, 54, tzinfo=UTC)
HERE = Position(latitude=52.52, longitude=13.405)
STATED_ERROR = 0.015
"""Of the distance driven, with fixes every 1 to 15 s."""


def sample(
    seq: int, seconds: float, position: Position | None = None, *, delay: float = 1.0, speed: float | None = None
) -> Sample:
    at = START + timedelta(seconds=seconds)
    return Sample(seq=seq, at=at, received_at=at + timedelta(seconds=delay), position=position, speed_kmh=speed)


def north(metres: float) -> Position:
    return Position(latitude=HERE.latitude + metres / 111_195, longitude=HERE.longitude)


def judge(*samples: Sample) -> tuple[Track, list[Verdict]]:
    track = Track()
    return track, [assess(track, each) for each in samples]


def munich(name: str) -> list[Sample]:
    with (DRIVE / name).open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        Sample(
            seq=number,
            at=datetime.fromisoformat(row["ts_utc"]),
            received_at=datetime.fromisoformat(row["ts_utc"]) + timedelta(seconds=1),
            position=Position(latitude=float(row["lat"]), longitude=float(row["lon"])),
        )
        for number, row in enumerate(rows)
    ]


def test_the_same_sequence_number_is_a_duplicate_and_no_news() -> None:
    track, (_, second) = judge(sample(7, 0), sample(7, 0))
    assert second.anomalies == {Anomaly.DUPLICATE}
    assert not second.is_newer
    assert track.anomalies == {Anomaly.DUPLICATE: 1}


def test_a_message_of_a_clock_that_is_ahead_is_a_duplicate_when_it_comes_again_later() -> None:
    first, second = sample(7, 0, delay=-60), sample(8, 1, delay=-60)

    _, verdicts = judge(first, second, first._replace(received_at=first.received_at + timedelta(seconds=5)))

    assert [verdict.is_newer for verdict in verdicts] == [True, True, False]
    assert verdicts[-1].anomalies == {Anomaly.DUPLICATE}


@given(st.lists(st.integers(0, 300), min_size=1, max_size=300))
def test_what_is_remembered_of_clocks_that_are_ahead_is_bounded(seconds: list[int]) -> None:
    track, _ = judge(*(sample(seq, at, delay=-60) for seq, at in enumerate(seconds)))

    assert track.ahead.keys() <= set(track.recent_seqs)


def test_a_message_older_than_one_before_it_is_out_of_order() -> None:
    _, (_, second) = judge(sample(2, 10), sample(1, 5))
    assert second.anomalies == {Anomaly.OUT_OF_ORDER}


def test_a_message_that_waited_for_contact_is_late_but_news() -> None:
    _, (only,) = judge(sample(1, 0, delay=600))
    assert only.anomalies == {Anomaly.LATE}
    assert only.is_newer


def test_a_fast_clock_is_recognised_and_its_time_cut_to_receipt() -> None:
    early = sample(1, 0, delay=-3600)
    _, (only,) = judge(early)
    assert only.anomalies == {Anomaly.CLOCK_SKEW}
    assert only.at == early.received_at


def test_a_fast_clock_set_right_does_not_silence_the_car() -> None:
    _, (_, second) = judge(sample(1, 3600, delay=-3600), sample(2, 5))
    assert second.is_newer


def test_a_single_impossible_fix_is_rejected() -> None:
    track, verdicts = judge(sample(1, 0, HERE), sample(2, 1, north(5000)), sample(3, 2, north(20)))
    assert [v.position_is_good for v in verdicts] == [True, False, True]
    assert verdicts[1].anomalies == {Anomaly.JUMP}
    assert track.distance_m == pytest.approx(20, abs=1)


def test_a_jump_that_the_next_fix_confirms_is_believed_but_was_not_driven() -> None:
    track, verdicts = judge(sample(1, 0, HERE), sample(2, 1, north(5000)), sample(3, 2, north(5020)))
    assert [v.position_is_good for v in verdicts] == [True, False, True]
    assert track.distance_m == pytest.approx(20, abs=1)


def parked(seq: int, metres: float) -> Sample:
    return sample(seq, seq * 60, north(metres), speed=0)._replace(odometer_m=1000)


def test_a_fix_that_the_odometer_does_not_allow_is_drift() -> None:
    _, verdicts = judge(parked(1, 0), parked(2, 400), parked(3, 0))
    assert [v.position_is_good for v in verdicts] == [True, False, True]
    assert verdicts[1].anomalies == {Anomaly.JUMP}


def test_a_car_that_was_towed_is_believed_at_its_second_fix() -> None:
    track, verdicts = judge(parked(1, 0), parked(2, 400), parked(3, 400))
    assert [v.position_is_good for v in verdicts] == [True, False, True]
    assert track.distance_m == 0


def test_a_repeated_fix_while_the_speedometer_moves_is_frozen() -> None:
    _, (_, second) = judge(sample(1, 0, HERE, speed=50), sample(2, 10, HERE, speed=50))
    assert second.anomalies == {Anomaly.FROZEN}
    assert not second.position_is_good


def test_a_parked_car_is_not_frozen() -> None:
    _, verdicts = judge(sample(1, 0, HERE), *(sample(n, n * 5, HERE, speed=0) for n in range(2, 50)))
    assert not any(v.anomalies for v in verdicts)
    assert all(v.position_is_good for v in verdicts)


def test_the_noise_of_a_standing_receiver_is_not_driven() -> None:
    track, _ = judge(*(sample(n, n, north(n % 2 * 4)) for n in range(600)))
    assert track.distance_m == 0


def test_the_freeze_and_the_470_m_jump_of_the_munich_drive_are_recognised() -> None:
    samples = munich("munich_1s.csv")
    _, verdicts = judge(*samples)
    by_time = {s.at.strftime("%H:%M:%S"): v for s, v in zip(samples, verdicts, strict=True)}
    frozen = [time for time, v in by_time.items() if Anomaly.FROZEN in v.anomalies and "05:03:50" < time < "05:04:30"]
    assert (frozen[0], frozen[32], frozen[33]) == ("05:03:54", "05:04:26", "05:04:29")
    jumps = {time for time, v in by_time.items() if Anomaly.JUMP in v.anomalies}
    assert {"05:03:01", "05:04:27", "05:05:33"} <= jumps
    assert len(jumps) < 8


def test_standing_at_a_traffic_light_in_munich_is_not_a_freeze() -> None:
    samples = munich("munich_1s.csv")
    _, verdicts = judge(*samples)
    stop = [v for s, v in zip(samples, verdicts, strict=True) if "05:01:17" <= s.at.strftime("%H:%M:%S") <= "05:02:06"]
    assert len(stop) == 50
    assert not any(v.anomalies for v in stop)


@pytest.mark.parametrize("name", ["munich_1s.csv", "munich_15s.csv"])
def test_the_distance_of_the_munich_drive_is_right_within_the_stated_error(name: str) -> None:
    track, _ = judge(*munich(name))
    assert track.distance_m == pytest.approx(13_510, rel=STATED_ERROR)
    assert 13_370 <= track.distance_m <= 13_650


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(-50, 200), st.integers(0, 3000)), max_size=40))
def test_no_distance_is_added_faster_than_a_car_can_drive_and_each_anomaly_is_counted(
    steps: list[tuple[int, int, int]],
) -> None:
    track, verdicts = judge(*(sample(seq, seconds, north(metres)) for seq, seconds, metres in steps))
    driven_s = 250 + 12  # all times are within 250 s
    assert track.distance_m <= driven_s * 250 / 3.6
    counted = {o: sum(o in v.anomalies for v in verdicts) for o in Anomaly}
    assert track.anomalies == {o: n for o, n in counted.items() if n}


def test_what_is_remembered_survives_storage() -> None:
    track, _ = judge(*munich("munich_1s.csv")[:600])
    assert RememberedVehicle.read(RememberedVehicle(track).written()).track == track


def test_a_counter_that_starts_again_with_newer_times_is_a_restarted_device() -> None:
    _, verdicts = judge(sample(1, 0), sample(2, 1), sample(1, 60), sample(2, 61))
    assert all(v.is_newer for v in verdicts)
