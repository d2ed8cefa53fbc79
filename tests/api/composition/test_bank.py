"""From a bank's file to what is on an account: which booking is the same, and what is left to a person."""

from pathlib import Path

import pytest

from api.composition.bank import read_bank_file
from domain.billing.bank_entry import BankEntry
from tests.support.bank import Payment, statement

FILES = Path(__file__).parents[2] / "data" / "bank_files"


def entries(*payments: Payment) -> tuple[BankEntry, ...]:
    [account] = read_bank_file(statement(payments).encode()).accounts
    return account.entries


def shown(name: str) -> list[tuple[str, str | None, str | None]]:
    [account] = read_bank_file((FILES / name).read_bytes()).accounts
    return [(entry.kind, str(entry.amount) if entry.amount else None, entry.doubt) for entry in account.entries]


def test_a_booking_is_the_same_in_each_file_and_another_amount_or_reference_is_another() -> None:
    [once], [again] = entries(Payment("3.40", "a")), entries(Payment("3.40", "b"))
    [other], [elsewhere] = entries(Payment("3.41")), entries(Payment("3.40", reference="b2"))

    assert once.entry_id == again.entry_id
    assert len({once.entry_id, other.entry_id, elsewhere.entry_id}) == 3


def test_bookings_of_one_file_that_look_the_same_are_left_to_a_person_and_none_is_lost() -> None:
    first, second, third = entries(Payment("3.40"), Payment("3.40"), Payment("1.00"))

    assert (first.doubt, second.doubt, third.doubt) == ("contradictory", "contradictory", None)
    assert len({first.entry_id, second.entry_id, third.entry_id}) == 3


def test_what_has_no_reference_of_the_bank_is_left_to_a_person() -> None:
    [entry] = entries(Payment("3.40", "DE-2021-000012", reference=""))

    assert (entry.doubt, entry.reference) == ("no_reference", "")


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("viafintech/camt053_v02_de_batch_of_two.xml", [("credit", "1.00 EUR", None)]),
        (
            "viafintech/camt054_v04_ch_dd_batch_and_md06_refunds.xml",
            [
                ("credit", "15.00 CHF", None),
                ("credit", "9.00 CHF", None),
                ("credit", "56.56 CHF", None),
                ("reversal", "6.00 CHF", None),
                ("reversal", "15.53 CHF", None),
            ],
        ),
        ("genkgo/camt054.v8.xml", []),
        ("genkgo/camt054.v2.xml", []),
        (
            "sebastienrousseau/camt053_v14_statement_ac04_ac06.xml",
            [("returned", "1500.00 EUR", "came_back"), ("returned", "980.50 EUR", "came_back")],
        ),
        ("viafintech/camt054_v02_empty_tx_amount.xml", [("credit", "587.82 EUR", None)]),
        ("viafintech/camt053_v10_booking_datetime.xml", [("credit", "195.86 USD", "no_details")]),
        (
            "iso20022js/camt053_v02_ing_sdd_returns_ac04_md06.xml",
            [
                ("credit", "350.00 EUR", None),
                ("credit", "125.00 EUR", None),
                ("credit", "120.00 EUR", None),
                ("credit", "270.00 EUR", "no_details"),
                ("returned", "125.00 EUR", "came_back"),
                ("reversal", "30.00 EUR", None),
            ],
        ),
        (
            "moov/camt053_v04_collective_entries.xml",
            [
                ("credit", "4.50 CHF", None),
                ("credit", "1500.00 CHF", None),
                ("credit", "1537.00 CHF", None),
                ("credit", "1692.22 CHF", None),
            ],
        ),
    ],
)
def test_what_came_of_a_real_file(name: str, kinds: list[tuple[str, str | None, str | None]]) -> None:
    assert shown(name) == kinds


def test_what_brings_nothing_is_told_with_why() -> None:
    [account] = read_bank_file((FILES / "iso20022js/camt053_v02_nordea.xml").read_bytes()).accounts

    assert [(one.amount, one.why) for one in account.passed_over] == [
        ("700.50 EUR", "went_out"),
        ("300.00 EUR", "went_out"),
        ("400.00 EUR", "went_out"),
        ("100.00 EUR", "not_a_payment"),
    ]
