"""A refusal says all that is wrong."""

import pytest

from domain.kernel.errors import RefusedError, Violation, refuse_if

LOCKED = Violation(code="door.locked", detail="unlock it")
HOT = Violation(code="door.hot", detail="wait", values={"celsius": 70})


def test_a_refusal_tells_every_violation_in_order() -> None:
    with pytest.raises(RefusedError) as refused:
        refuse_if([None, LOCKED, None, HOT])

    assert refused.value.violations == (LOCKED, HOT)
    assert str(refused.value) == "door.locked: unlock it; door.hot: wait"


@pytest.mark.parametrize("nothing", [[], [None, None]])
def test_where_no_rule_is_broken_nothing_is_refused(nothing: list[None]) -> None:
    refuse_if(nothing)
