"""Who may drive: a member learns every reason at once, each with its stable code."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.errors import RefusedError
from domain.kernel.ids import MemberId, ReservationId, TripId
from domain.members.commands import AddPaymentMethod, RegisterMember, SubmitLicence
from domain.members.facts import MemberState
from domain.members.member import Member
from domain.rulebook.eligibility import Eligibility
from domain.rulebook.model import Rulebook
from tests.support.services import DRIVENOW_EUROPE, REACHNOW_USA

NOW = datetime(2020, 6, 1, 12, tzinfo=UTC)
TODAY = NOW.date()
STRICT = Eligibility(
    minimum_age=21,
    minimum_licence_years=1,
    licence_countries=("DE", "AT"),
    licence_recheck=timedelta(days=365),
    prepaid_cards=False,
)
RULES = DRIVENOW_EUROPE.model_copy(update={"eligibility": STRICT})
SEATTLE = REACHNOW_USA.model_copy(update={"eligibility": STRICT})


def registered(birth_date: date = date(1990, 5, 1), city_id: str = "berlin") -> Member:
    command = RegisterMember(
        member_id=MemberId(uuid4()),
        city_id=city_id,
        name="Ada",
        email="ada@example.org",
        birth_date=birth_date,
    )
    return Member.register(command, "drivenow-europe", NOW)


def licensed(
    member: Member, country: str = "DE", issued_on: date = date(2010, 1, 1), expires_on: date = date(2033, 1, 1)
) -> None:
    member.submit_licence(
        SubmitLicence(
            member_id=MemberId(member.id), number="B072", country=country, issued_on=issued_on, expires_on=expires_on
        ),
        NOW,
    )
    member.verify_licence(NOW, min(TODAY, expires_on))


def paying(member: Member, *, prepaid: bool = False, expires_on: date = date(2030, 1, 1)) -> None:
    member.add_payment_method(
        AddPaymentMethod(
            member_id=MemberId(member.id),
            method_id="card",
            token="tok",
            brand="visa",
            prepaid=prepaid,
            expires_on=expires_on,
        ),
        NOW,
    )


def eligible() -> Member:
    member = registered()
    member.verify_email(NOW)
    licensed(member)
    paying(member)
    return member


def reasons(member: Member, at: datetime = NOW, rules: Rulebook = RULES) -> set[str]:
    return {violation.code for violation in member.ineligibility(rules, at)}


def test_whoever_fulfils_everything_may_drive() -> None:
    assert reasons(eligible()) == set()


def test_a_new_member_learns_every_reason_at_once() -> None:
    young = registered(birth_date=date(2002, 1, 1))
    assert reasons(young) == {
        "member.email_unverified",
        "member.too_young",
        "member.licence_missing",
        "member.no_payment_method",
    }


def test_whatever_stands_against_a_member_is_told_together() -> None:
    member = registered(birth_date=date(2002, 1, 1))
    licensed(member, country="FR", issued_on=date(2020, 1, 1), expires_on=date(2020, 5, 31))
    member.reject_licence("a copy", NOW)
    paying(member, prepaid=True)
    member.block("unpaid", NOW)
    member.open_reservation(ReservationId(uuid4()), NOW)

    assert reasons(member) == {
        "member.email_unverified",
        "member.too_young",
        "member.licence_rejected",
        "member.licence_country_not_accepted",
        "member.licence_too_recent",
        "member.licence_expired",
        "member.prepaid_card",
        "member.blocked",
        "member.in_reservation",
    }


def test_every_flaw_of_a_licence_is_told() -> None:
    member = eligible()
    licensed(member, country="FR", issued_on=date(2020, 1, 1), expires_on=date(2020, 5, 31))
    assert reasons(member) == {
        "member.licence_country_not_accepted",
        "member.licence_too_recent",
        "member.licence_expired",
    }


def test_a_licence_must_be_shown_again_in_time() -> None:
    member = eligible()
    assert reasons(member, NOW + timedelta(days=364)) == set()
    assert reasons(member, NOW + timedelta(days=365)) == {"member.licence_recheck_due"}


def test_a_prepaid_card_alone_is_not_enough() -> None:
    member = registered()
    member.verify_email(NOW)
    licensed(member)
    paying(member, prepaid=True)
    assert reasons(member) == {"member.prepaid_card"}


def test_a_block_holds_until_it_is_lifted() -> None:
    member = eligible()
    member.block("unpaid", NOW)
    assert reasons(member) == {"member.blocked"}
    member.unblock("paid", NOW)
    assert reasons(member) == set()


def test_one_thing_at_a_time() -> None:
    member = eligible()
    member.open_reservation(ReservationId(uuid4()), NOW)
    assert reasons(member) == {"member.in_reservation"}
    with pytest.raises(RefusedError, match="in_reservation"):
        member.open_reservation(ReservationId(uuid4()), NOW)
    member.open_trip(TripId(uuid4()), NOW)
    assert member.state is MemberState.IN_TRIP
    with pytest.raises(RefusedError, match="in_trip"):
        member.open_trip(TripId(uuid4()), NOW)
    member.release(NOW)
    assert reasons(member) == set()


@pytest.mark.parametrize(
    ("city_id", "rules", "midnight"),
    [
        ("berlin", RULES, datetime(2020, 5, 31, 22, tzinfo=UTC)),
        ("seattle", SEATTLE, datetime(2020, 6, 1, 7, tzinfo=UTC)),
    ],
)
def test_birthdays_and_expiries_go_by_the_day_in_the_city(city_id: str, rules: Rulebook, midnight: datetime) -> None:
    member = registered(birth_date=date(1999, 6, 1), city_id=city_id)
    licensed(member, issued_on=date(2019, 6, 1), expires_on=date(2020, 5, 31))
    paying(member, expires_on=date(2020, 5, 31))
    by_day = {
        "member.too_young",
        "member.licence_too_recent",
        "member.licence_expired",
        "member.payment_method_expired",
    }

    evening = reasons(member, midnight - timedelta(seconds=1), rules) & by_day
    morning = reasons(member, midnight, rules) & by_day

    assert evening == {"member.too_young", "member.licence_too_recent"}
    assert morning == {"member.licence_expired", "member.payment_method_expired"}


def test_licence_and_card_must_last_as_long_as_the_car_is_wanted() -> None:
    member = eligible()
    licensed(member, expires_on=TODAY)
    paying_to_the_end = member.payment_methods[-1].model_copy(update={"expires_on": TODAY})
    member.payment_methods = (paying_to_the_end,)
    midnight = datetime(2020, 6, 1, 22, tzinfo=UTC)

    to_midnight = member.ineligibility(RULES, NOW, midnight - timedelta(seconds=1))
    beyond = {violation.code for violation in member.ineligibility(RULES, NOW, midnight)}

    assert to_midnight == []
    assert beyond == {"member.licence_expired", "member.payment_method_expired"}


@given(birth_date=st.dates(date(1930, 1, 1), date(2015, 1, 1)))
def test_age_counts_completed_birthdays(birth_date: date) -> None:
    turned_21 = (birth_date.year + 21, birth_date.month, birth_date.day) <= (NOW.year, NOW.month, NOW.day)
    assert ("member.too_young" in reasons(registered(birth_date))) is not turned_21
