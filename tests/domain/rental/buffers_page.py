"""Writes docs/reference/buffers.md: what each buffer would have prevented and cost, counted by our calendar.

python -m tests.domain.rental.buffers_page
"""

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import NamedTuple
from uuid import UUID

from domain.kernel.calendar import Calendar, Period
from domain.kernel.ids import ReservationId
from domain.rental.scheduled_plan import Plan, entry
from domain.rulebook.reservations import AheadLimits

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "reference" / "buffers.md"
RENTALS = ROOT / "tests" / "data" / "getaround_rentals" / "back_to_back.csv"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BUFFERS_MIN = (0, 15, 30, 45, 60, 90, 120, 180, 240, 360, 720)
LOOKS_MIN = (0, 10, 20, 30, 60)
FIRST, SECOND = UUID(int=1), UUID(int=2)


class Pair(NamedTuple):
    """A rental and the one before it: the gap that was planned between them, and how late that one came back."""

    rental_id: str
    previous_id: str
    gap: timedelta
    delay: timedelta | None

    @property
    def is_conflict(self) -> bool:
        """The car was not there when the rental was to begin."""
        return self.delay is not None and self.delay > self.gap


def pairs() -> list[Pair]:
    """All that followed another one within 12 hours."""
    with RENTALS.open(encoding="utf-8") as file:
        return [
            Pair(
                row["rental_id"],
                row["previous_rental_id"],
                int(row["gap_min"]) * MINUTE,
                int(row["previous_delay_min"]) * MINUTE if row["previous_delay_min"] else None,
            )
            for row in csv.DictReader(file)
        ]


def is_refused(pair: Pair, buffer: timedelta) -> bool:
    """Whether the calendar would not have had both."""
    rules = AheadLimits(buffer=buffer)
    first = entry(ReservationId(FIRST), Period(begins=NOON - HOUR, ends=NOON), rules)
    begins = NOON + pair.gap
    second = entry(ReservationId(SECOND), Period(begins=begins, ends=begins + HOUR), rules)
    return bool(Calendar().with_entry(first).in_the_way(second))


def is_noticed(pair: Pair, looked_before: timedelta) -> bool:
    """Whether the earlier one still has the car when one looks."""
    begins = NOON + pair.gap
    plan = Plan.of(Period(begins=begins, ends=begins + HOUR), AheadLimits(looked_before=looked_before))
    return pair.delay is not None and NOON + pair.delay > plan.looked_at


class Count(NamedTuple):
    """What a buffer refuses of all rentals, prevents of the conflicts, and how long those left have to wait."""

    buffer_min: int
    refused: int
    prevented: int
    left: int
    wait_min: float


def counts(rentals: Sequence[Pair]) -> Iterator[Count]:
    """For each buffer."""
    conflicts = [pair for pair in rentals if pair.is_conflict]
    for minutes in BUFFERS_MIN:
        buffer = minutes * MINUTE
        left = [pair for pair in conflicts if not is_refused(pair, buffer)]
        waits = [(pair.delay - pair.gap) / MINUTE for pair in left if pair.delay is not None]
        refused = sum(is_refused(pair, buffer) for pair in rentals)
        yield Count(minutes, refused, len(conflicts) - len(left), len(left), median(waits) if waits else 0)


def page() -> str:
    """The text of the page."""
    rentals = pairs()
    conflicts = [pair for pair in rentals if pair.is_conflict]
    known = [pair for pair in rentals if pair.delay is not None]
    rows = [
        f"| {c.buffer_min} | {c.refused:,} | {c.refused / len(rentals):.0%} | {c.prevented} | "
        f"{c.prevented / len(conflicts):.0%} | {c.left} | {c.wait_min:.0f} |"
        for c in counts(rentals)
    ]
    looks = [
        f"| {minutes} | {sum(is_noticed(p, minutes * MINUTE) for p in conflicts)} | "
        f"{sum(is_noticed(p, minutes * MINUTE) for p in known if not p.is_conflict)} |"
        for minutes in LOOKS_MIN
    ]
    return _TEXT.format(
        all=f"{len(rentals):,}", known=f"{len(known):,}", conflicts=len(conflicts), rows="\n".join(rows),
        looks="\n".join(looks),
    )  # fmt: skip


_TEXT = """\
# Buffers between reservations

What a buffer would have prevented and cost, counted by the calendar of [reservations ahead of
time](../how-to/book-ahead.md) for {all} real rentals that followed another of the same car within 12 hours
(Getaround, MIT, `tests/data/getaround_rentals`).
Of {known} it is known when the earlier one came back; in {conflicts} that was after the next was to begin.

| buffer, minutes | rentals refused | of all | conflicts prevented | of all | conflicts left | their median wait |
|---:|---:|---:|---:|---:|---:|---:|
{rows}

Refused means: not at that time with that car. Many would take another car or a time half an hour later, which the
figures cannot say. The first half hour is cheap: half of all conflicts come of rentals that follow at once, without
any gap.
No buffer prevents all: for those who come back half a day late there are substitutes.

How long before its begin one looks (`looked_before`) says how many of those conflicts are known in time, and how many
cars were looked for though the first one came back by the begin:

| looked before, minutes | of {conflicts} conflicts seen then | seen, but back in time |
|---:|---:|---:|
{looks}

`python -m tests.domain.rental.buffers_page` makes this page; `tests/domain/rental/test_buffers.py` holds it to the
data.
"""

if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
