"""Reckoning by months of the calendar."""

from datetime import date, timedelta


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last."""
    first = _first(day, months)
    last = _first(day, months + 1) - timedelta(days=1)
    return first.replace(day=min(day.day, last.day))


def _first(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, 1)
