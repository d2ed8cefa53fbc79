"""When a car may be promised, and when it is too late to take it without: named rules, each a violation or nothing."""

from datetime import datetime

from domain.kernel.calendar import Calendar, Entry
from domain.kernel.errors import Violation


def booked(calendar: Calendar, wanted: Entry, since: datetime) -> Violation | None:
    """Nobody is promised a car in another's period, nor in the buffer after it; what is free instead is told."""
    taken = calendar.in_the_way(wanted)
    if not taken:
        return None
    buffer = wanted.closed.ends - wanted.period.ends
    others = calendar.without(wanted.id).nearest(wanted.period, since, buffer)
    values = {
        "taken": [_told(entry.period.begins, entry.closed.ends) for entry in taken],
        "free_instead": [_told(period.begins, period.ends) for period in others],
    }
    detail = "this car is promised to somebody else then: take one of the periods in free_instead, or another car"
    return Violation(code="vehicle.booked", detail=detail, values=values)


def wanted_soon(calendar: Calendar, at: datetime) -> Violation | None:
    """Who has not reserved ahead takes no car whose next period is near, or on."""
    entry = calendar.next_entry(at)
    if entry is None or at < entry.led_from:
        return None
    values = {"closed_from": entry.led_from.isoformat(), "booked_from": entry.period.begins.isoformat()}
    detail = "this car is promised to somebody soon: choose another one"
    return Violation(code="vehicle.booked_soon", detail=detail, values=values)


def wanted_before(calendar: Calendar, until: datetime, at: datetime) -> Violation | None:
    """Who has the car without having reserved it ahead keeps it no longer than until its next period begins."""
    entry = calendar.next_entry(at)
    if entry is None or until <= entry.period.begins:
        return None
    values = {"until": until.isoformat(), "booked_from": entry.period.begins.isoformat()}
    detail = "this car is promised to somebody from booked_from on: ask for an earlier end"
    return Violation(code="vehicle.booked_soon", detail=detail, values=values)


def promised(calendar: Calendar, at: datetime) -> Violation | None:
    """A car that is promised to somebody does not leave the fleet."""
    entry = calendar.next_entry(at)
    if entry is None:
        return None
    detail = "this car is promised: have its reservations cancelled first, or wait until they are over"
    return Violation(code="vehicle.promised", detail=detail, values={"ids": [str(e.id) for e in calendar.entries]})


def _told(begins: datetime, ends: datetime) -> dict[str, str]:
    return {"from": begins.isoformat(), "until": ends.isoformat()}
