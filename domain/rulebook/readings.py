"""How single values are written: durations, days, weekdays, amounts. Each raises `ValueError` that says what helps."""

import re
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from domain.kernel.money import Currency

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DURATION = r"^P(?=.)([0-9]+W)?([0-9]+D)?(T(?=.)([0-9]+H)?([0-9]+M)?([0-9]+S)?)?$"
MONTH_DAY = r"^[0-9]{2}-[0-9]{2}$"
LARGEST = 10**9
"""Major units; what is above it is a slip, and sums of such would not fit where they are stored."""

_DURATION = TypeAdapter(timedelta)


def duration(value: object) -> timedelta:
    """ISO 8601, e.g. PT15M, PT3H, P2D."""
    if not isinstance(value, str) or not re.match(DURATION, value):
        raise ValueError('write a duration in quotes, e.g. "PT15M", "PT3H" or "P2D"')
    try:
        return _DURATION.validate_python(value)
    except ValueError as error:
        raise ValueError(f"{value} is too long: write at most ten years") from error


def durations(value: object) -> Any:
    """One after the other."""
    if not isinstance(value, list):
        raise ValueError('write an array of durations, e.g. ["P1D", "P3D"]')  # noqa: TRY004 (the value is wrong)
    return [duration(one) for one in value]


def iso_8601(value: timedelta) -> str:
    """As a duration is written."""
    return str(_DURATION.dump_python(value, mode="json"))


def seconds(value: object) -> int:
    """A duration as the model counts it."""
    return int(duration(value).total_seconds())


def weekdays(value: object) -> Any:
    """Names as ISO 8601 counts them: Monday is 1."""
    names = value if isinstance(value, list) else [value]
    if unknown := [name for name in names if name not in WEEKDAYS]:
        raise ValueError(f"{unknown[0]!r} is not a weekday: write {', '.join(WEEKDAYS)}")
    return [WEEKDAYS.index(name) + 1 for name in names]


def season(value: object) -> Any:
    """Its first and its last day, as month and day."""
    days = value if isinstance(value, list) else []
    if len(days) != 2 or not all(isinstance(day, str) and re.match(MONTH_DAY, day) for day in days):  # noqa: PLR2004
        raise ValueError('write the first and the last day as month and day, e.g. ["04-01", "10-31"]')
    return [tuple(int(part) for part in day.split("-")) for day in days]


def moment(value: object, timezone: str) -> object:
    """A day is its midnight, and a time without a zone a local time, in the city."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if isinstance(value, datetime) and value.tzinfo is None:
        try:
            return value.replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)
        except (KeyError, ValueError, OSError, OverflowError):
            return value.replace(tzinfo=UTC)  # what is wrong with the zone is told where it stands
    return value


def money(value: object, currency: Currency) -> dict[str, object]:
    """A plain number of major units, exact to the minor unit."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("write an amount as a number, e.g. 30.00")  # noqa: TRY004 (the value is wrong, as others are)
    amount = Decimal(value)
    if not amount.is_finite() or abs(amount) > LARGEST:
        raise ValueError(f"an amount must be at most {LARGEST}")
    if decimals(amount) > currency.exponent:
        raise ValueError(too_fine(amount, currency))
    return {"amount_minor": int(amount.scaleb(currency.exponent)), "currency": currency.value}


def amounts(value: object, currency: Currency) -> Any:
    """One amount, or one in each currency."""
    if not isinstance(value, dict):
        return [money(value, currency)]
    known = Currency.__members__
    if unknown := [code for code in value if code not in known]:
        raise ValueError(f"{unknown[0]!r} is no currency: write codes of ISO 4217, e.g. {{ EUR = 400, SEK = 4000 }}")
    return [money(amount, known[code]) for code, amount in value.items()]


def of_its_type(types: Collection[Any], value: object) -> object:
    """Numbers and truths are written as such: neither is in quotes, and neither is taken for the other."""
    if isinstance(value, bool) and bool not in types:
        raise ValueError(f"{str(value).lower()} is not what belongs here")
    if isinstance(value, str) and not {int, float, Decimal, bool}.isdisjoint(types):
        raise ValueError("write it without quotes")
    return value


def decimals(amount: Decimal) -> int:
    """How many it has that count."""
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def too_fine(amount: Decimal, currency: Currency) -> str:
    """What is wrong with an amount that nobody can pay."""
    return f"{amount} has more decimals than {currency}, which has {currency.exponent}: round it"


Reading = Callable[[Any], Any]
OF_FIELDS: dict[str, Reading] = {"weekdays": weekdays, "season": season}
