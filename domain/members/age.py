"""How old somebody is, and which dates of birth are none."""

from datetime import date

from domain.kernel.errors import Violation
from domain.rulebook.eligibility import Eligibility

EARLIEST_BIRTH = date(1900, 1, 1)
"""Nobody alive was born before; the oldest person known was 122."""


def years_between(earlier: date, later: date) -> int:
    """Completed years, as birthdays count."""
    return later.year - earlier.year - ((later.month, later.day) < (earlier.month, earlier.day))


def age_violation(birth_date: date | None, rules: Eligibility, today: date) -> Violation | None:
    """Old enough; a member whose data was erased is not."""
    age = years_between(birth_date, today) if birth_date else 0
    if age >= rules.minimum_age:
        return None
    return Violation(
        code="member.too_young",
        detail=f"drivers must be at least {rules.minimum_age} years old",
        values={"minimum_age": rules.minimum_age},
    )


def birth_date_violation(birth_date: date, rules: Eligibility, today: date) -> Violation | None:
    """A day on which somebody can have been born who may drive now."""
    if EARLIEST_BIRTH <= birth_date <= today:
        return age_violation(birth_date, rules, today)
    values = {"earliest": EARLIEST_BIRTH.isoformat(), "latest": today.isoformat()}
    return Violation(code="member.birth_date_implausible", detail="check the date of birth", values=values)
