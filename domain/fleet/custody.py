"""Who had a car between two states of it that something shows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from domain.kernel.ids import TripId
from domain.kernel.values import Instant, Value

MOST_USES = 20
"""So many of the last trips of a car are remembered."""


class Use(Value):
    """A trip that had a car, from the wish to start until it was over."""

    trip_id: TripId
    opened_at: Instant
    closed_at: Instant | None = None


Custody = Literal["alone", "stood", "several", "nobody", "unknown"]
"""One trip had it; one had it and it stood in the street too; several; none; or nothing shows it intact."""


class Attribution(Value):
    """Who may have done a damage, and how sure that is."""

    custody: Custody
    trip_ids: tuple[TripId, ...] = ()
    """Those that had the car between the two states."""


def opened(uses: tuple[Use, ...], trip_id: TripId, at: datetime) -> tuple[Use, ...]:
    """A trip has the car."""
    return (*uses[1 - MOST_USES :], Use(trip_id=trip_id, opened_at=at))


def closed(uses: tuple[Use, ...], at: datetime) -> tuple[Use, ...]:
    """It has it no more."""
    return (*uses[:-1], *(use.model_copy(update={"closed_at": at}) for use in uses[-1:]))


def attribute(uses: Sequence[Use], intact_at: datetime | None, found_at: datetime, margin: timedelta) -> Attribution:
    """Who had the car after it was seen intact and before the damage was found.

    Alone had it whose trip began no later than `margin` after the one, and ended no earlier than `margin` before the
    other: in the street it may have been hit by anybody.
    """
    forgotten = intact_at is not None and len(uses) >= MOST_USES and intact_at < uses[0].opened_at
    if intact_at is None or forgotten:
        return Attribution(custody="unknown")
    had = [u for u in uses if u.opened_at < found_at and (u.closed_at is None or u.closed_at > intact_at)]
    trip_ids = tuple(use.trip_id for use in had)
    if len(had) != 1:
        return Attribution(custody="several" if had else "nobody", trip_ids=trip_ids)
    [use] = had
    alone = use.opened_at <= intact_at + margin and found_at <= (use.closed_at or found_at) + margin
    return Attribution(custody="alone" if alone else "stood", trip_ids=trip_ids)
