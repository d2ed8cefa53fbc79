"""Numbers, times and texts that what stores and shows them cannot hold."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from domain.kernel.money import Money
from domain.rulebook.faults.rules import Fault, Found, of_service, parts
from domain.rulebook.model import Rulebook
from domain.rulebook.readings import LARGEST, decimals

LONGEST = timedelta(days=3660)
LONGEST_S = int(LONGEST.total_seconds())
LONGEST_TEXT = 200
LONGEST_ID = 60
FINEST = 9
"""Decimals of a rate."""
_IDS = {"id", "option", "package", "start_zone", "end_zone", "covers", "name_prefix", "number_prefix"}
_YEARS = range(1970, 2200)


@of_service
def out_of_bounds(rulebook: Rulebook) -> Found:
    for path, value in parts(rulebook):
        for kind, check in _CHECKS.items():
            if isinstance(value, kind) and not isinstance(value, bool) and (why := check(value, str(path[-1]))):
                yield Fault(path, why)


def _number(value: Decimal, _: str) -> str | None:
    if abs(value) > LARGEST:
        return f"a number must be at most {LARGEST}"
    return f"more than {FINEST} decimals do not count: round it" if decimals(value) > FINEST else None


def _amount(value: Money, _: str) -> str | None:
    return f"an amount must be at most {LARGEST}" if abs(value.major) > LARGEST else None


def _whole(value: int, field: str) -> str | None:
    if field == "amount_minor":  # by its major units
        return None
    most = LONGEST_S if field.endswith("_s") else LARGEST
    shown = "ten years" if field.endswith("_s") else most
    return None if abs(value) <= most else f"it must be at most {shown}"


def _time(value: timedelta, _: str) -> str | None:
    return None if timedelta(0) <= value <= LONGEST else "it must be from nothing to ten years"


def _day(value: date, _: str) -> str | None:
    day = value.astimezone(UTC) if isinstance(value, datetime) else value
    return None if day.year in _YEARS else f"it must be in a year from {_YEARS[0]} to {_YEARS[-1]}"


def _text(value: str, field: str) -> str | None:
    most = LONGEST_ID if field in _IDS else LONGEST_TEXT
    if not value.strip():
        return "it is empty: write a text"
    if value != value.strip() or not value.isprintable():
        return "write it in one line, without blanks around it"
    return None if len(value) <= most else f"it is longer than {most} letters: shorten it"


_CHECKS: dict[type, Callable[..., str | None]] = {
    Decimal: _number,
    Money: _amount,
    int: _whole,
    timedelta: _time,
    date: _day,
    str: _text,
}
