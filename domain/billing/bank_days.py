"""Days on which banks move money in euro (TARGET): no weekend, and none of six holidays."""

from datetime import date, timedelta


def is_bank_day(day: date) -> bool:
    """Whether TARGET is open (closing days by the European Central Bank since 2002)."""
    easter = _easter(day.year)
    fixed = {(1, 1), (5, 1), (12, 25), (12, 26)}
    return day.weekday() < 5 and (day.month, day.day) not in fixed and (day - easter).days not in {-2, 1}  # noqa: PLR2004


def next_bank_day(day: date) -> date:
    """The day itself if it is one."""
    while not is_bank_day(day):
        day += timedelta(days=1)
    return day


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Butcher, 1876)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)
