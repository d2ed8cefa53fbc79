"""Cars with faults, whatever they do and however their faults combine, are known as good ones would be."""

from collections.abc import Sequence

import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from adapters.simulator.faults import FAULTS
from tests.fuzz.conftest import Rig
from tests.fuzz.depth import SEED, looking
from tests.fuzz.mendings import MENDINGS
from tests.fuzz.twins import Act, differences, lived

LEFT_OUT = {
    "factory-lock": "it does something else than the good car",
    "drives-on": "it does something else than the good car",
    "drifting-fix": "nothing in what such a car says tells the wrong places from those of a car that is towed",
}
"""Faults that have no good twin."""
COMPARABLE = sorted(FAULTS.keys() - LEFT_OUT.keys())

acts: st.SearchStrategy[list[Act]] = st.lists(
    st.one_of(
        st.tuples(st.just("drive"), st.integers(1, 8)),
        st.tuples(st.just("stand"), st.integers(1, 12)),
        st.tuples(st.sampled_from(["open", "close", "unlock", "lock"]), st.just(0)),
    ),
    min_size=1,
    max_size=8,
)


def unexplained(rig: Rig, doing: Sequence[Act], faults: Sequence[str], number: int) -> list[str]:
    good, faulty = rig.do(lambda: lived(rig.city, doing, faults, number))
    return differences(good, faulty, faults)


def test_a_car_with_faults_is_known_as_one_without_that_did_the_same(rig: Rig) -> None:
    @seed(SEED)
    @looking(40)
    @given(doing=acts, faults=st.sets(st.sampled_from(COMPARABLE), min_size=1, max_size=3), number=st.integers(0, 99))
    def live(doing: list[Act], faults: set[str], number: int) -> None:
        assert unexplained(rig, doing, sorted(faults), number) == [], (doing, sorted(faults), number)

    live()


@pytest.mark.parametrize("name", MENDINGS)
def test_a_mending_that_is_taken_out_is_found(rig: Rig, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mending = MENDINGS[name]
    assert found(rig, mending.doing, mending.faults) == []

    mending.take_out(monkeypatch)

    assert found(rig, mending.doing, mending.faults)


def found(rig: Rig, doing: Sequence[Act], faults: Sequence[str]) -> list[str]:
    """What is otherwise with the one car of a mending."""
    return unexplained(rig, doing, faults, number=1)
