"""Derived ids are stored: they must come out the same for ever."""

import pytest

from domain.kernel.ids import derived_id


@pytest.mark.parametrize(
    ("parts", "id"),
    [
        (("ab", "c"), "cbeca7ce-5062-5014-bb75-8f0ff19ecafa"),
        (("a", "bc"), "10f3d245-0e19-5903-9973-6154950b4725"),
        (("trip", 7), "c9d55a1e-61c1-56fb-8de2-e416c9aa4202"),
    ],
)
def test_the_same_parts_have_the_same_id_for_ever(parts: tuple[object, ...], id: str) -> None:
    assert str(derived_id(*parts)) == id


def test_other_parts_another_order_or_another_cut_have_another_id() -> None:
    ids = [derived_id(*parts) for parts in (("ab", "c"), ("a", "bc"), ("c", "ab"), ("abc",), ("ab", "c", ""))]

    assert len(set(ids)) == len(ids)
