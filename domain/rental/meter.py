"""The meter of a trip: when it drove and when it was parked."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Literal

from domain.billing.pricing import Span
from domain.kernel.values import Instant, Value

Phase = Literal["driving", "parked"]


class PhaseStart(Value):
    """From `since` until the next one, or the end of the trip, the trip was in `phase`."""

    phase: Phase
    since: Instant


def spans(phases: Sequence[PhaseStart], ended_at: datetime) -> tuple[Span, ...]:
    """Whole seconds in each phase until the end; what began after a back-dated end does not count."""
    starts = [p for p in phases if p.since < ended_at]
    if not starts:
        return ()
    ends = [*(p.since for p in starts[1:]), ended_at]
    marks = [int((end - phases[0].since).total_seconds()) for end in ends]  # rounded once, so that the sum is exact
    lengths = [after - before for before, after in pairwise([0, *marks])]
    return tuple(Span(phase=p.phase, seconds=s) for p, s in zip(starts, lengths, strict=True) if s)


def seconds_in(phase: Phase, trip: Sequence[Span]) -> int:
    """Time spent in a phase."""
    return sum(s.seconds for s in trip if s.phase == phase)
