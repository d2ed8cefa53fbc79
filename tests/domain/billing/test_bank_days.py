"""Days on which banks move euro, and what a mandate's age is counted by."""

from datetime import date

import pytest

from domain.billing.bank_days import is_bank_day, next_bank_day
from domain.billing.mandate import months_later
from domain.kernel.iban import is_creditor_id, is_iban, masked


@pytest.mark.parametrize(
    "closed",
    ["2026-01-01", "2026-04-03", "2026-04-06", "2026-05-01", "2026-12-25", "2024-03-29", "2024-12-26", "2026-11-29"],
)
def test_target_is_closed(closed: str) -> None:
    assert not is_bank_day(date.fromisoformat(closed))


@pytest.mark.parametrize("opened", ["2026-10-03", "2026-12-24", "2026-05-14", "2026-12-31", "2026-06-08"])
def test_target_is_open_on_national_holidays(opened: str) -> None:
    day = date.fromisoformat(opened)

    assert is_bank_day(day) is (day.weekday() < 5)


def test_the_next_bank_day_is_the_day_itself_or_the_first_open_one_after_it() -> None:
    assert next_bank_day(date(2026, 4, 2)) == date(2026, 4, 2)
    assert next_bank_day(date(2026, 4, 3)) == date(2026, 4, 7)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [("2026-01-31", 1, "2026-02-28"), ("2024-02-29", 36, "2027-02-28"), ("2026-12-31", 36, "2029-12-31")],
)
def test_months_later_is_the_same_day_or_the_last_of_a_shorter_month(day: str, months: int, later: str) -> None:
    assert months_later(date.fromisoformat(day), months).isoformat() == later


def test_check_digits_and_lengths_say_what_is_an_iban_and_what_a_creditor_id() -> None:
    assert is_iban("DE89370400440532013000")
    assert not is_iban("DE89370400440532013")
    assert is_creditor_id("DE98ZZZ09999999999")
    assert is_creditor_id("DE98A1B09999999999")
    assert not is_creditor_id("DE97ZZZ09999999999")
    assert masked("DE89370400440532013000") == "DE** **** 3000"
