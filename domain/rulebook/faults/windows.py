"""Windows that never hold, or always."""

from calendar import monthrange
from datetime import date, timedelta

from domain.rulebook.faults.rules import Fault, Found, of
from domain.rulebook.tariff import Tariff
from domain.rulebook.windows import Window

_LEAP_YEAR = 2024


@of(Window)
def window_of_every_moment(window: Window, _: Tariff) -> Found:
    if window.begins == window.ends and (window.weekdays, window.season, window.dates) == (None, None, None):
        yield Fault((), "it holds on every day at every hour: say when, or take it out")


@of(Window)
def days_that_are_none(window: Window, _: Tariff) -> Found:
    for name in ("weekdays", "dates"):
        days = getattr(window, name)
        if days == ():
            yield Fault((name,), "it names no day, so the window never holds: name some or take this out")
        for n, day in enumerate(days or ()):
            if day in days[:n]:
                yield Fault((name, n), "this day stands here twice: take one out")


@of(Window)
def season_of_days_that_no_year_has(window: Window, _: Tariff) -> Found:
    for n, (month, day) in enumerate(window.season or ()):
        if day > monthrange(_LEAP_YEAR, month)[1]:
            yield Fault(("season", n), f"no year has a day {month:02}-{day:02}: write one that there is")


@of(Window)
def dates_are_days_already(window: Window, _: Tariff) -> Found:
    if window.dates and window.weekdays:
        yield Fault(("weekdays",), "`dates` say on which days it begins: take one of both out")


@of(Window)
def dates_outside_the_season(window: Window, _: Tariff) -> Found:
    for n, day in enumerate(window.dates or ()):
        if not _holds_in_season(window, day):
            yield Fault(("dates", n), f"{day} is not in the `season`, so it never holds then: take it out")


def _holds_in_season(window: Window, begins_on: date) -> bool:
    """A window over midnight holds on the next day too."""
    days = [begins_on] if window.begins < window.ends else [begins_on, begins_on + timedelta(days=1)]
    return any(window.in_season(day) for day in days)
