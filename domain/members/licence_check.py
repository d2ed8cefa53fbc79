"""What stands against taking a driving licence in, and against its check: named rules, each a violation or nothing."""

from datetime import date

from domain.kernel.errors import Violation
from domain.members.age import years_between
from domain.members.commands import SubmitLicence
from domain.members.facts import Licence, LicenceState

YOUNGEST = 14
"""Years: nobody is given a driving licence sooner, be it for a moped (Directive 2006/126/EC, article 4)."""


def date_violations(licence: SubmitLicence, birth_date: date | None, today: date) -> list[Violation]:
    """What cannot be about the days on a licence that is handed in."""
    found = (
        dates_reversed(licence.issued_on, licence.expires_on),
        _issued_in_future(licence.issued_on, today),
        _issued_to_a_child(licence.issued_on, birth_date),
        expired(licence.expires_on, today),
    )
    return [violation for violation in found if violation]


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


def _issued_in_future(issued_on: date, today: date) -> Violation | None:
    if issued_on <= today:
        return None
    detail = "the licence is not given out yet: check the date of issue"
    return Violation(code="member.licence_not_issued", detail=detail, values={"issued_on": issued_on.isoformat()})


def _issued_to_a_child(issued_on: date, birth_date: date | None) -> Violation | None:
    if birth_date is None or years_between(birth_date, issued_on) >= YOUNGEST:
        return None
    detail = "nobody has a licence so young: check the date of issue and the date of birth"
    return Violation(code="member.licence_before_age", detail=detail, values={"youngest": YOUNGEST})


def expired(expires_on: date, today: date) -> Violation | None:
    """A licence is valid to its last day."""
    if expires_on >= today:
        return None
    values = {"expired_on": expires_on.isoformat()}
    return Violation(code="member.licence_expired", detail="hand in a valid driving licence", values=values)
