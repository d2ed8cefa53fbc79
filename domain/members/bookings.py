"""How many reservations ahead of time a member may have, in all and for the same time."""

from domain.kernel.calendar import Calendar, Entry
from domain.kernel.errors import Violation
from domain.rulebook.reservations import AheadLimits


def booking_violations(bookings: Calendar, wanted: Entry, ahead: AheadLimits) -> list[Violation]:
    """Not too many open, nor too many that overlap the wanted period."""
    found = []
    others = bookings.without(wanted.id).entries
    beside = [entry for entry in others if entry.period.overlaps(wanted.period)]
    if len(others) >= ahead.open_at_once:
        values = {"open": [str(entry.id) for entry in others], "most": ahead.open_at_once}
        detail = "you have as many reservations ahead of time as one may have: cancel or use one first"
        found.append(Violation(code="member.too_many_reservations", detail=detail, values=values))
    if len(beside) >= ahead.side_by_side:
        values = {"ids": [str(entry.id) for entry in beside], "most": ahead.side_by_side}
        detail = "you have a reservation for that time already: cancel it, or take another time"
        found.append(Violation(code="member.reserved_then", detail=detail, values=values))
    return found


def still_booked(bookings: Calendar) -> Violation | None:
    """That something is reserved ahead."""
    if not bookings.entries:
        return None
    values = {"ids": [str(entry.id) for entry in bookings.entries]}
    return Violation(
        code="member.has_reservations", detail="cancel the reservations ahead of time first", values=values
    )
