"""Who judges the day finds what is wrong with a trip."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from adapters.simulator.faults import composed
from tests.day.judged import Bill, disagreements
from tests.day.members import Between, Outcome, Truth
from tests.support.places import BERLIN

NOON = datetime(2027, 1, 5, 12, tzinfo=UTC)


def at(minute: int) -> Between:
    return Between(NOON + timedelta(minutes=minute), NOON + timedelta(minutes=minute, seconds=2))


def trip(*faults: str) -> Truth:
    """20 minutes, of which it was parked for 5, and 6 km."""
    car = BERLIN.cars()[0]
    car.faults = composed(faults, Random(0))
    return Truth(
        car,
        outcome="ended",
        trip_id="one",
        began_at_m=1_000,
        ended_at_m=7_000,
        opened=at(0),
        stops=[(at(10), at(15))],
        wished=at(20),
    )


RIGHT = Bill("ended", driving_s=901, parked_s=299, distance_m=6_000, charge="billed", price_minor=16 * 34 + 5 * 15)


def test_a_bill_that_is_right_agrees() -> None:
    assert list(disagreements(trip(), RIGHT)) == []
    assert list(disagreements(trip("drifting-fix"), RIGHT)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        RIGHT._replace(distance_m=6_001),
        RIGHT._replace(driving_s=901 + 60),
        RIGHT._replace(parked_s=299 - 10),
        RIGHT._replace(price_minor=RIGHT.price_minor + 1),
        RIGHT._replace(charge="in_review"),
        RIGHT._replace(charge=""),
        RIGHT._replace(state="running"),
        RIGHT._replace(state="start_failed"),
    ],
    ids=str,
)
def test_a_good_car_is_billed_to_the_metre_the_second_and_the_cent(wrong: Bill) -> None:
    assert list(disagreements(trip(), wrong)) != []


@pytest.mark.parametrize(
    "wrong",
    [
        RIGHT._replace(price_minor=RIGHT.price_minor + 2 * 34),
        RIGHT._replace(price_minor=0),
        RIGHT._replace(charge=""),
        RIGHT._replace(charge="raised"),
        RIGHT._replace(state="ending"),
    ],
    ids=str,
)
def test_a_car_with_faults_costs_what_it_was_driven(wrong: Bill) -> None:
    assert list(disagreements(trip("drifting-fix"), wrong)) != []


def test_a_review_and_a_start_that_failed_are_no_wonder_with_faults_and_wrong_without() -> None:
    failed = Bill("start_failed", 0, 0, 0, "", 0)
    seen: list[tuple[Outcome, Bill | None]] = [
        ("ended", RIGHT._replace(charge="in_review")),
        ("start failed", failed),
        ("refused", None),
    ]
    for outcome, bill in seen:
        assert list(disagreements(replace(trip("no-fix"), outcome=outcome), bill)) == []
        assert len(list(disagreements(replace(trip(), outcome=outcome), bill))) == 1


def test_who_pays_for_a_start_that_failed_and_who_is_still_under_way_is_found() -> None:
    charged = Bill("start_failed", 0, 0, 0, "billed", 340)
    assert len(list(disagreements(replace(trip("no-fix"), outcome="start failed"), charged))) == 1
    assert len(list(disagreements(replace(trip("no-fix"), outcome="under way"), RIGHT))) == 1
    assert len(list(disagreements(trip("no-fix"), None))) == 1
