"""When a car measured what it says, and in which order, whatever its clock shows."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mqtt.anomalies import DEFAULT_LIMITS, Anomaly
from adapters.mqtt.clock import REMEMBERED, CarClock, Moment, Stamp
from adapters.mqtt.memory import RememberedVehicle
from adapters.mqtt.twin import Twin

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
WEEKS_1024 = 1024 * 7 * 86_400.0
"""Satellites count weeks up to this, which old receivers take for a date of twenty years ago."""


def sent(seq: int | None, seconds: float, *, delay: float = 1.0, ahead: float = 0.0) -> Stamp:
    """Measured so many seconds after the start by a clock that is ahead, and received after a delay."""
    at = START + timedelta(seconds=seconds)
    return Stamp((at + timedelta(seconds=ahead)).timestamp(), (at + timedelta(seconds=delay)).timestamp(), seq)


def judge(*stamps: Stamp) -> list[Moment]:
    clock = CarClock()
    return [clock.judge(stamp, DEFAULT_LIMITS) for stamp in stamps]


def dated(moments: list[Moment]) -> list[float]:
    """Seconds after the start."""
    return [moment.at - START.timestamp() for moment in moments]


def test_the_same_count_with_the_same_time_is_a_repetition() -> None:
    _, second = judge(sent(7, 0), sent(7, 0, delay=50))
    assert second.anomalies == {Anomaly.DUPLICATE}
    assert second.is_repeated


def test_a_message_older_than_one_before_it_was_overtaken() -> None:
    _, second = judge(sent(2, 10), sent(1, 5))
    assert second.anomalies == {Anomaly.OUT_OF_ORDER}
    assert dated([second]) == [5]


def test_a_message_that_waited_for_contact_is_late_and_dated_by_the_car() -> None:
    first, waited = judge(sent(1, 0), sent(2, 18 * 60, delay=3 * 3600))
    assert not first.anomalies
    assert waited.anomalies == {Anomaly.LATE}
    assert dated([waited]) == [18 * 60]


def test_a_fast_clock_is_recognised_and_corrected() -> None:
    moments = judge(*(sent(seq, seq * 10, delay=1, ahead=60) for seq in range(5)))
    assert all(moment.anomalies == {Anomaly.CLOCK_SKEW} for moment in moments)
    assert dated(moments) == [seq * 10 + 1 for seq in range(5)]


def test_a_clock_that_jumps_with_every_message_settles_on_nothing() -> None:
    clock = CarClock()
    for seq in range(20):
        clock.judge(sent(seq, seq * 10, ahead=3600 if seq % 2 else 0), DEFAULT_LIMITS)
    assert clock.settled_s == 0

    for seq in (20, 21):
        clock.judge(sent(seq, seq * 10, ahead=3600), DEFAULT_LIMITS)
    assert clock.settled_s == pytest.approx(3600, abs=1)


def test_a_repetition_from_a_fast_clock_is_one_whenever_it_comes() -> None:
    unlocked, locked = sent(7, 0, ahead=60), sent(8, 1, ahead=60)
    again = unlocked._replace(received_at=unlocked.received_at + 5)

    assert [moment.is_repeated for moment in judge(unlocked, locked, again)] == [False, False, True]


def test_a_fast_clock_that_is_set_right_does_not_silence_the_car() -> None:
    moments = judge(*(sent(seq, seq * 10, ahead=3600) for seq in range(3)), sent(3, 30), sent(4, 40))
    assert not any(moment.is_overtaken for moment in moments)
    assert dated(moments)[-1] == pytest.approx(40, abs=2)


@pytest.mark.parametrize("back_s", [60.0, 3600.0, WEEKS_1024])
def test_a_clock_that_is_set_back_while_the_count_rises_tells_what_is_newer(back_s: float) -> None:
    good = [sent(seq, seq * 10) for seq in range(5)]
    back = [sent(seq, seq * 10, ahead=-back_s) for seq in range(5, 10)]

    moments = judge(*good, *back)

    assert not any(moment.is_overtaken for moment in moments)
    assert all(moment.anomalies == {Anomaly.CLOCK_SKEW} for moment in moments[5:])
    assert dated(moments)[5:] == pytest.approx([seq * 10 for seq in range(5, 10)], abs=2)


@pytest.mark.parametrize("behind_s", [120.0, 5 * 3600.0])
def test_a_clock_that_is_behind_is_known_from_messages_that_come_as_they_were_measured(behind_s: float) -> None:
    moments = judge(*(sent(seq, seq * 20, ahead=-behind_s) for seq in range(10)))

    assert dated(moments)[-1] == pytest.approx(180, abs=2)
    assert moments[-1].anomalies == {Anomaly.CLOCK_SKEW}


@pytest.mark.parametrize(("lost_s", "apart_s"), [(3.0, 10.0), (3.0, 20.0), (7.0, 60.0)])
def test_a_clock_that_loses_time_with_every_message_is_known(lost_s: float, apart_s: float) -> None:
    moments = judge(*(sent(seq, seq * apart_s, ahead=-lost_s * seq) for seq in range(200)))

    assert dated(moments)[-1] == pytest.approx(199 * apart_s, abs=2)
    assert moments[-1].anomalies == {Anomaly.CLOCK_SKEW}
    assert all(abs(at - seq * apart_s) <= DEFAULT_LIMITS.skew_s + 5 * lost_s for seq, at in enumerate(dated(moments)))


def test_a_backlog_that_is_sent_a_little_faster_than_it_grew_says_nothing_about_the_clock() -> None:
    moments = judge(*(sent(seq, seq * 10, delay=3600 - seq * 3) for seq in range(60)))
    assert dated(moments) == [seq * 10 for seq in range(60)]


def test_what_was_kept_without_contact_and_comes_at_once_says_nothing_about_the_clock() -> None:
    live = [sent(seq, seq * 10) for seq in range(3)]
    kept = [sent(seq, seq * 10, delay=3 * 3600 - seq * 10) for seq in range(3, 60)]

    moments = judge(*live, *kept)

    assert dated(moments) == [seq * 10 for seq in range(60)]


def test_a_device_that_counts_anew_with_newer_times_is_heard() -> None:
    moments = judge(sent(100, 0), sent(101, 1), sent(0, 60), sent(1, 61))
    assert not any(moment.anomalies for moment in moments)


def test_a_device_that_lost_its_battery_counts_and_dates_anew_and_is_heard() -> None:
    satellites = datetime(1980, 1, 6, tzinfo=UTC).timestamp()
    dead = [Stamp(satellites + n, START.timestamp() + 600 + n, n) for n in range(3)]

    moments = judge(sent(100, 0), sent(101, 1), *dead)

    assert not any(moment.is_overtaken for moment in moments)
    assert dated(moments)[2:] == [600, 601, 602]


def test_an_hour_of_a_device_that_restarted_with_a_slow_clock_is_not_lost() -> None:
    restarted = [sent(seq, 600 + seq * 15, ahead=-3600) for seq in range(10)]

    moments = judge(sent(100, 0), sent(101, 1), *restarted)

    assert [moment.is_overtaken for moment in moments[-5:]] == [False] * 5
    assert dated(moments)[-1] == pytest.approx(735, abs=2)


def test_one_time_from_the_far_future_spoils_itself_alone() -> None:
    moments = judge(sent(1, 0), sent(2, 10, ahead=WEEKS_1024), sent(3, 20), sent(4, 30))
    assert dated(moments) == pytest.approx([0, 10, 20, 30], abs=2)


def test_messages_that_have_not_come_are_counted_and_those_that_come_later_are_not() -> None:
    clock = CarClock()

    missing = [clock.judge(sent(seq, seq), DEFAULT_LIMITS).missing for seq in (1, 2, 5, 6, 4, 7)]

    assert missing == [0, 0, 2, 0, 0, 0]
    assert clock.missing == 1


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(-90, 300), st.integers(-4000, 4000)), max_size=60))
def test_nothing_is_dated_after_its_receipt_and_what_is_remembered_is_bounded(
    messages: list[tuple[int, int, int]],
) -> None:
    clock = CarClock()
    received = START.timestamp()
    for seq, pause, delay in messages:
        received += abs(pause)
        stamp = Stamp(received - delay, received, seq)

        moment = clock.judge(stamp, DEFAULT_LIMITS)

        assert moment.at <= received
        assert clock.judge(stamp, DEFAULT_LIMITS).is_repeated
    assert len(clock.recent) <= REMEMBERED
    stored = RememberedVehicle(Twin(clock)).written(START)
    assert RememberedVehicle.read(stored).twin.clock == clock


@given(delays=st.lists(st.integers(0, 20), min_size=1, max_size=30), ahead=st.integers(-29, 29))
def test_a_clock_that_is_off_by_less_than_half_a_minute_dates_as_well_as_it_can(delays: list[int], ahead: int) -> None:
    stamps = [sent(seq, seq * 60, delay=delay, ahead=ahead) for seq, delay in enumerate(delays)]

    for stamp, moment in zip(stamps, judge(*stamps), strict=True):
        assert stamp.ts - 30 <= moment.at <= stamp.received_at
        assert not moment.is_overtaken
