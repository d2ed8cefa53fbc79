"""Who may drive: named rules, each a violation or nothing, so that a member learns every reason at once."""

from collections.abc import Sequence
from datetime import date, datetime

from domain.kernel.errors import Violation
from domain.kernel.ids import InvoiceId
from domain.members.age import years_between
from domain.members.facts import Licence, LicenceState, PaymentMethod
from domain.members.licence_check import expired
from domain.rulebook.eligibility import Eligibility


def licence_violations(
    licence: Licence | None, rules: Eligibility, at: datetime, today: date, last_day: date | None = None
) -> list[Violation]:
    """A verified, accepted licence, valid to the last day, else today, held long enough and checked recently enough."""
    if licence is None:
        return [Violation(code="member.licence_missing", detail="hand in a driving licence first")]
    found = [_unverified(licence), _country(licence, rules), _recheck(licence, rules, at)]
    found.append(expired(licence.expires_on, last_day or today))
    if (years := years_between(licence.issued_on, today)) < rules.minimum_licence_years:
        found.append(
            Violation(
                code="member.licence_too_recent",
                detail=f"the licence must have been held for {rules.minimum_licence_years} years",
                values={"years": years, "minimum_years": rules.minimum_licence_years},
            )
        )
    return [violation for violation in found if violation]


def payment_violation(charged: PaymentMethod | None, rules: Eligibility, last_day: date) -> Violation | None:
    """The method to be charged does not expire before, and is not prepaid where the service refuses that."""
    if charged is None:
        return Violation(code="member.no_payment_method", detail="add a payment method first")
    if found := method_expired(charged.expires_on, last_day):
        return found
    if charged.prepaid and not rules.prepaid_cards:
        return Violation(code="member.prepaid_card", detail="prepaid cards are not accepted here: add another card")
    return None


def method_expired(expires_on: date, last_day: date) -> Violation | None:
    """A payment method can be charged to its last day."""
    if expires_on >= last_day:
        return None
    return Violation(code="member.payment_method_expired", detail="add a payment method that has not expired")


def arrears_violation(arrears: Sequence[InvoiceId]) -> Violation | None:
    """Owes nothing that could not be charged."""
    if not arrears:
        return None
    return Violation(
        code="member.in_arrears",
        detail="an invoice could not be charged: pay it with another payment method",
        values={"invoices": [str(invoice_id) for invoice_id in arrears]},
    )


def _unverified(licence: Licence) -> Violation | None:
    if licence.state is LicenceState.VERIFIED:
        return None
    return Violation(
        code=f"member.licence_{licence.state}",
        detail="the driving licence has not passed its check",
        values={"state": licence.state},
    )


def _country(licence: Licence, rules: Eligibility) -> Violation | None:
    if rules.licence_countries is None or licence.country in rules.licence_countries:
        return None
    return Violation(
        code="member.licence_country_not_accepted",
        detail=f"licences from {licence.country} are not accepted by this service",
        values={"country": licence.country, "accepted": list(rules.licence_countries)},
    )


def _recheck(licence: Licence, rules: Eligibility, at: datetime) -> Violation | None:
    if rules.licence_recheck is None or licence.verified_at is None or at < licence.verified_at + rules.licence_recheck:
        return None
    return Violation(
        code="member.licence_recheck_due",
        detail="hand the driving licence in again for a check",
        values={"last_check": licence.verified_at.isoformat()},
    )
