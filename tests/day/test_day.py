"""Some hours with every fault once; `nox -s simulated_day` lives a whole day with hundreds of cars."""

from pathlib import Path

import pytest

from adapters.simulator.faults import FAULTS
from tests.day.day import live
from tests.day.judged import page
from tests.day.plan import Plan

SHORT = Plan(seed=2, cars=58, each=1, hours=4, trips=1)


@pytest.mark.slow
async def test_a_day_of_cars_with_every_fault_leaves_nothing_broken_lost_or_wrongly_charged(
    postgres_server: str, tmp_path: Path
) -> None:
    said: list[str] = []

    wrong = await live(SHORT, postgres_server, tmp_path, said.append)

    print(*said, *wrong, sep="\n")  # noqa: T201 (to see what happened when it fails)
    assert wrong == []


@pytest.mark.parametrize("plan", [SHORT, Plan(), Plan(seed=7, cars=106, each=2)], ids=str)
def test_every_fault_is_given_to_as_many_cars_as_is_said(plan: Plan) -> None:
    given = plan.faults()

    counted = {name: sum(name in faults for faults in given) for name in FAULTS}
    assert min(counted.values()) >= plan.each
    assert len(given) == plan.cars
    assert [] in [list(faults) for faults in given]


def test_the_page_says_of_every_fault_where_it_is_seen() -> None:
    assert page().keys() == FAULTS.keys()
