"""Derived ids are stored: they must come out the same for ever."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.ids import derived_id

TRIP = UUID("019aca5e-1b2c-7def-8123-456789abcdef")
"""Version 7: it begins with its time."""


@pytest.mark.parametrize(
    ("parts", "id"),
    [
        (("ab", "c"), "cbeca7ce-5062-5014-bb75-8f0ff19ecafa"),
        (("a", "bc"), "10f3d245-0e19-5903-9973-6154950b4725"),
        (("trip", 7), "c9d55a1e-61c1-56fb-8de2-e416c9aa4202"),
        (("trip", TRIP), "019aca5e-1b2c-7038-b0dc-4858e579689a"),
    ],
)
def test_the_same_parts_have_the_same_id_for_ever(parts: tuple[object, ...], id: str) -> None:
    assert str(derived_id(*parts)) == id


def test_other_parts_another_order_or_another_cut_have_another_id() -> None:
    ids = [derived_id(*parts) for parts in (("ab", "c"), ("a", "bc"), ("c", "ab"), ("abc",), ("ab", "c", ""))]

    assert len(set(ids)) == len(ids)


@given(st.lists(st.integers(0, 2**48 - 1), min_size=1, max_size=3), st.text(max_size=5))
def test_what_follows_from_things_that_tell_their_time_has_the_newest_and_is_told_apart_by_the_rest(
    times: list[int], name: str
) -> None:
    things = [UUID(int=at << 80 | 7 << 76 | 2 << 62 | at) for at in times]

    made, other = derived_id(name, *things), derived_id(name + "x", *things)

    assert made.version == other.version == 7
    assert made.variant == TRIP.variant
    assert made.int >> 80 == other.int >> 80 == max(times)
    assert made != other
