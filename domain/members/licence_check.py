"""What stands against taking a driving licence in, and against its check: named rules, each a violation or nothing."""

from datetime import date

from domain.kernel.errors import Violation
from domain.members.facts import Licence, LicenceState


def dates_reversed(issued_on: date, expires_on: date) -> Violation | None:
    """A licence expires after it was issued."""
    if issued_on <= expires_on:
        return None
    values = {"issued_on": issued_on.isoformat(), "expires_on": expires_on.isoformat()}
    detail = "the licence expires before it was issued: check both dates"
    return Violation(code="member.licence_dates_reversed", detail=detail, values=values)


def missing(licence: Licence | None) -> Violation | None:
    """There is something to check."""
    if licence is not None:
        return None
    return Violation(code="member.licence_missing", detail="no driving licence was handed in")


def turned_down(licence: Licence | None) -> Violation | None:
    """A licence that was turned down is not looked at again."""
    if licence is None or licence.state is not LicenceState.REJECTED:
        return None
    return Violation(code="member.licence_rejected", detail="this licence was turned down: it must be handed in anew")
