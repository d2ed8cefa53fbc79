"""Each sample file of a bank, read to the facts that the page about it has; see tests/data/bank_files/README.md."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.bank.model import BankFile, Entry, Statement, Transaction
from adapters.bank.reader import read
from adapters.bank.tree import UnreadableBankFileError

FILES = Path(__file__).parents[2] / "data" / "bank_files"


def file(name: str) -> BankFile:
    return read((FILES / name).read_bytes())


def only(name: str) -> Statement:
    [statement] = file(name).statements
    return statement


def booked(statement: Statement) -> list[str]:
    return [f"{'CRDT' if entry.is_credit else 'DBIT'} {entry.amount}" for entry in statement.entries]


def balances(statement: Statement) -> list[str]:
    return [f"{one.code} {one.signed} {one.amount.currency if one.amount else None}" for one in statement.balances]


def lone(entry: Entry) -> Transaction:
    [transaction] = entry.transactions
    return transaction


def whats(statement: Statement) -> list[str]:
    return [finding.what for finding in statement.findings]


def test_every_file_has_a_test_here() -> None:
    tests = Path(__file__).read_text("utf-8")

    assert [f for f in FILES.glob("*/*.xml") if f"{f.parent.name}/{f.name}" not in tests] == []


def test_a_german_statement_with_a_batch_in_an_order_that_its_schema_forbids() -> None:
    read_file = file("viafintech/camt053_v02_de_batch_of_two.xml")
    [statement] = read_file.statements

    assert (read_file.kind, read_file.version) == ("camt.053", 2)
    assert (statement.account, statement.currency) == ("DE14740618130000033626", "EUR")
    assert statement.owner == "Testkonto Nummer 1"
    assert balances(statement) == ["PRCD 33.06 EUR", "CLBD 23.06 EUR"]
    assert statement.balances[1].on == date(2013, 12, 27)
    assert booked(statement) == ["DBIT 2.00 EUR", "DBIT 3.00 EUR", "CRDT 1.00 EUR", "DBIT 6.00 EUR"]
    first, second, back, batch = statement.entries
    assert (first.reference, lone(first).end_to_end_id) == ("1234567890sdfghjk", "EndToEndReference")
    assert (lone(first).mandate_id, lone(second).end_to_end_id) == ("MandateReference", None)
    assert [(one.end_to_end_id, str(one.amount)) for one in batch.transactions] == [
        ("STZV-EtE27122013-11:02-1", "3.50 EUR"),
        ("STZV-EtE27122013-11:02-2", "2.50 EUR"),
    ]
    assert [entry.code.proprietary for entry in statement.entries] == [None] * 4
    own = [one.code.proprietary for entry in (first, second, back, batch) for one in entry.transactions]
    assert own == ["NTRF+020", "NMSC+201", "NMSC+051", "NMSC+201", "NMSC+201"]
    assert whats(statement) == []


def test_a_dutch_statement_whose_batch_has_no_details_and_whose_sums_are_of_more_than_it_has() -> None:
    statement = only("viafintech/camt053_v02_nl_batch_without_details.xml")

    assert (statement.account, statement.currency) == ("NL18INGB00012345678", "EUR")
    assert {"OPBD 7329.80 EUR", "CLBD 23038.20 EUR"} <= {*balances(statement)}
    assert booked(statement) == ["DBIT 4753.74 EUR", "CRDT 2688.00 EUR", "CRDT 5000.00 EUR"]
    [batch] = statement.entries[0].batches
    assert (batch.payment_information_id, batch.count) == ("O0OpeAYTkhjerKu3eE9asw", 3)
    assert statement.entries[0].transactions == ()
    assert [lone(e).end_to_end_id for e in statement.entries[1:]] == ["GBSXX21170607391766562", None]
    assert "TtlNtries claims 35 entries, 3 are in the file" in whats(statement)
    assert "TtlNtries claims 41136.40 in all, the entries in the file are 12441.74" in whats(statement)
    assert whats(statement)[-1] == "OPBD 7329.80 and the entries in EUR are 10264.06, CLBD says 23038.20"


def test_a_statement_with_times_instead_of_days_and_no_value_date() -> None:
    read_file = file("viafintech/camt053_v10_booking_datetime.xml")
    [statement] = read_file.statements
    [entry] = statement.entries

    assert (read_file.version, statement.account, statement.currency) == (10, "11111111", "USD")
    assert balances(statement) == ["CLBD 606.80 USD"]
    assert statement.balances[0].on == date(2023, 7, 7)
    assert booked(statement) == ["CRDT 195.86 USD"]
    assert entry.booked_at == datetime(2023, 6, 21, 12, 35, 33, 115965, UTC)
    assert (entry.booked_on, entry.value_on, entry.reference) == (date(2023, 6, 21), None, "Test Buchung")
    assert (entry.code.proprietary, str(entry.charges.total)) == ("TRANSFER-123456789", "4.14 USD")
    assert entry.transactions == ()
    assert "TtlNtries claims 14 entries, 1 are in the file" in whats(statement)
    assert "TtlDbtNtries claims -509.12 in all, the entries in the file are 0" in whats(statement)


def test_a_swiss_statement_with_an_entry_in_another_currency() -> None:
    statement = only("viafintech/camt053_v08_ch_statement.xml")
    first, second, third = statement.entries

    assert (statement.account, statement.currency) == ("CH1111111111111111111", "CHF")
    assert balances(statement) == ["OPBD 82721.95 CHF", "CLBD 84515.25 CHF", "CLAV 83415.25 CHF"]
    assert booked(statement) == ["CRDT 474.4 CHF", "CRDT 88.85 CHF", "DBIT 20.97 EUR"]
    assert (lone(first).end_to_end_id, lone(first).text) == ("80000004540000100095", "INVOICE R77561")
    assert lone(first).uetr == "d0826d0f-a005-5e3b-b3dc-54da4ac7f0d0"
    assert first.amount is not None
    assert first.amount.money is not None
    assert first.amount.money.amount_minor == 47440
    assert (second.batches[0].count, lone(second).creditor_references) == (1, ("RF38000000000000000000552",))
    assert (str(lone(third).amount), str(lone(third).instructed)) == ("20.97 EUR", "19.69 CHF")
    assert whats(statement) == [
        "entries in EUR are not added to balances in CHF",
        "OPBD 82721.95 and the entries in CHF are 83285.20, CLBD says 84515.25",
    ]


def test_swiss_direct_debits_that_come_in_and_go_back_with_charges_on_top() -> None:
    read_file = file("viafintech/camt054_v04_ch_dd_batch_and_md06_refunds.xml")
    [statement] = read_file.statements
    batch, single, *refunds = statement.entries

    assert (read_file.kind, read_file.version, statement.account) == ("camt.054", 4, "CH0309000000250090342")
    assert booked(statement) == ["CRDT 24.00 CHF", "CRDT 56.56 CHF", "DBIT 6.00 CHF", "DBIT 15.53 CHF"]
    assert [(one.end_to_end_id, str(one.amount)) for one in batch.transactions] == [
        ("EndToEnd-CRDBRActSame-1B9C-CHDDBB2", "15.00 CHF"),
        ("EndToEnd-CRDBRActSame-1B9C-CHDDBB3", "9.00 CHF"),
    ]
    assert (single.batches[0].count, lone(single).end_to_end_id) == (1, "PMT-651727380907030005")
    assert [(e.is_reversal, lone(e).end_to_end_id, lone(e).return_reason) for e in refunds] == [
        (True, "EndToEnd-2B6C-CHDDBB5", "MD06"),
        (True, "E2E-1-1-16030913", "MD06"),
    ]
    assert [(str(e.charges.total), e.charges.included) for e in refunds] == [("0.70 CHF", False)] * 2
    assert {entry.reference for entry in statement.entries} == {"41107767420881932"}
    assert len({entry.bank_reference for entry in statement.entries}) == 4
    assert [entry.code.domain for entry in statement.entries] == ["PMNT/RDDT/PMDD"] * 2 + [
        "PMNT/IDDT/PRDD",
        "PMNT/RDDT/PRDD",
    ]
    assert whats(statement) == []


def test_a_payment_whose_amount_is_empty_has_that_of_its_entry() -> None:
    statement = only("viafintech/camt054_v02_empty_tx_amount.xml")
    [entry] = statement.entries

    assert booked(statement) == ["CRDT 587.82 EUR"]
    assert (entry.booked_on, entry.bank_reference) == (date(2024, 1, 2), "O/20625324522")
    assert (lone(entry).code.proprietary, lone(entry).end_to_end_id) == ("NTRF+166", None)
    assert str(lone(entry).amount) == "587.82 EUR"


def test_a_dutch_statement_with_returns_of_direct_debits_and_of_transfers() -> None:
    statement = only("iso20022js/camt053_v02_ing_sdd_returns_ac04_md06.xml")
    by_code = {entry.code.domain: entry for entry in statement.entries}
    batch, back, returned = (by_code[f"PMNT/{code}"] for code in ("IDDT/ESDD", "RCDT/RRTN", "IDDT/UPDD"))
    credits = [e.amount.number for e in statement.entries if e.is_credit and e.amount]
    debits = [e.amount.number for e in statement.entries if e.is_credit is False and e.amount]

    assert (statement.account, statement.currency) == ("NL08INGB0000001234", "EUR")
    assert {"OPBD 1000.00 EUR", "CLBD 1605.00 EUR"} <= {*balances(statement)}
    assert (sum(credits), sum(debits)) == (Decimal("990.00"), Decimal("385.00"))
    assert (str(batch.amount), batch.is_credit, batch.transactions) == ("270.00 EUR", True, ())
    assert (batch.batches[0].payment_information_id, batch.batches[0].count) == ("SCTBtchId20140103A2PSTN", 2)
    assert (str(back.amount), back.is_credit, lone(back).return_reason) == ("125.00 EUR", True, "AC04")
    assert (str(lone(returned).amount), returned.is_credit, returned.is_reversal) == ("30.00 EUR", False, True)
    assert (lone(returned).end_to_end_id, lone(returned).mandate_id) == ("5000300060007000", "DDMdtINGBC")
    assert lone(returned).return_reason == "MD06"
    shared = [e for e in statement.entries if e.reference == "021514017743280167000000001"]
    assert len(shared) == 2
    assert whats(statement) == [
        "several entries have the bank's reference 3101963431841",
        "several entries have the bank's reference 98888208N8",
    ]


def test_a_finnish_statement_with_creditor_references_and_a_text_that_was_cut() -> None:
    statement = only("iso20022js/camt053_v02_nordea.xml")

    assert (statement.account, statement.currency, statement.owner) == ("FI8529501800030574", "EUR", "TEST COMPANY")
    assert balances(statement) == ["OPBD 200.50 EUR", "CLBD 8800.50 EUR"]
    assert booked(statement) == [
        "CRDT 10000.00 EUR",
        "CRDT 100.50 EUR",
        "DBIT 700.50 EUR",
        "DBIT 300.00 EUR",
        "DBIT 400.00 EUR",
        "DBIT 100.00 EUR",
    ]
    assert lone(statement.entries[0]).creditor_references == ("00000000000000001245",)
    assert lone(statement.entries[2]).creditor_references == ("RF332348236",)
    cut = lone(statement.entries[1])
    assert cut.lines == ("Free text max 140 characters and ma", "x 35 characters in one line")
    assert cut.text == "Free text max 140 characters and max 35 characters in one line"
    assert statement.entries[-1].code.domain == "CAMT/ACCB/SWEP"
    assert whats(statement) == []


def test_four_currencies_in_one_statement_stay_apart() -> None:
    statement = only("genkgo/camt053.v2.minimal.xml")
    [entry] = statement.entries

    assert balances(statement) == ["OPBD 18.15 EUR", "CLBD -27.00 SEK", "OPAV 35.00 CHF", "CLAV -2700 JPY"]
    yen = statement.balances[-1].amount
    assert yen is not None
    assert yen.money is not None
    assert yen.money.amount_minor == 2700
    assert booked(statement) == ["CRDT 8.85 EUR"]
    assert (entry.booked_on, entry.value_on) == (date(2014, 12, 31), date(2015, 1, 2))
    assert lone(entry).creditor_references == ("4654654654654654",)


def test_all_statements_of_a_file_are_read() -> None:
    first, second = file("genkgo/camt053.v2.multi.statement.xml").statements

    assert (first.id, second.id) == ("253EURNL26VAYB8060476890", "254EURNL26VAYB8060476890")
    assert first.account == second.account
    assert (balances(first), booked(first)) == (["OPBD 18.15 EUR", "CLBD 27.00 EUR"], ["CRDT 8.85 EUR"])
    assert (balances(second), booked(second)) == (["OPBD 27.00 EUR", "CLBD 20.00 EUR"], ["DBIT 7.00 EUR"])
    assert [lone(s.entries[0]).end_to_end_id for s in (first, second)] == ["000000001", "000000002"]
    assert whats(first) + whats(second) == []


def test_ten_kinds_of_balances() -> None:
    statement = only("genkgo/camt053.v2.all-balance-types.xml")
    [entry] = statement.entries

    assert balances(statement) == [
        f"{code} {value} EUR"
        for code, value in zip(
            ("OPBD", "PRCD", "OPAV", "CLBD", "CLAV", "FWAV", "INFO", "ITAV", "ITBD", "XPCD"),
            ("1.01", "2.02", "3.03", "4.04", "5.05", "6.06", "7.07", "8.08", "9.09", "10.10"),
            strict=True,
        )
    ]
    assert (booked(statement), lone(entry).end_to_end_id) == (["CRDT 8.850 EUR"], "000000001")
    assert entry.amount is not None
    assert entry.amount.money is not None
    assert entry.amount.money.amount_minor == 885


def test_a_payment_of_nothing_in_another_currency_has_the_amount_of_its_entry() -> None:
    statement = only("genkgo/camt053.v8.xml")
    [entry] = statement.entries

    assert (statement.account, entry.status, booked(statement)) == ("NL26VAYB8060476890", "BOOK", ["CRDT 8.85 EUR"])
    assert entry.booked_at == datetime.fromisoformat("2014-12-31T13:15:00+01:00")
    assert (lone(entry).end_to_end_id, lone(entry).creditor_references) == (
        "MUELL/FINP/RA12345",
        ("4654654654654654",),
    )
    assert str(lone(entry).amount) == "8.85 EUR"


def test_payments_that_share_a_reference_and_have_no_amount() -> None:
    statement = only("genkgo/camt054.v2.xml")
    [entry] = statement.entries

    assert booked(statement) == ["DBIT 200000 SEK"]
    assert {one.end_to_end_id for one in entry.transactions} == {"MUELL/FINP/RA12345"}
    assert [one.creditor_references for one in entry.transactions] == [
        ("ISR ref number V1",),
        ("ISR ref number V2",),
        ("Ref number V3 block 1", "Ref number V3 block 2"),
    ]
    assert whats(statement) == ["none of its 3 payments has an amount of its own"]


def test_a_batch_that_contradicts_itself_in_every_way() -> None:
    statement = only("genkgo/camt054.v8.xml")
    [entry] = statement.entries
    [batch] = entry.batches

    assert booked(statement) == ["DBIT 200000 SEK"]
    assert (batch.payment_information_id, batch.count) == ("UXC06170000006PI00001", 2)
    assert str(batch.total) == "6.3 CHF"
    assert [str(one.amount) for one in entry.transactions] == ["3.1 CHF", "3.2 CHF", "3.2 CHF"]
    assert [(one.end_to_end_id or "")[-7:] for one in entry.transactions] == ["EE00001", "EE00002", "EE00002"]
    assert {one.is_credit for one in entry.transactions} == {True}
    assert whats(statement) == [
        "its batch claims 2 payments, 3 are in the file",
        "its batch claims 6.3 CHF in all, its payments are 9.5 CHF",
        "a payment in it goes the other way than the entry",
    ]


def test_a_message_without_a_statement_is_refused() -> None:
    with pytest.raises(UnreadableBankFileError, match="BkToCstmrStmt has no Stmt"):
        file("genkgo/camt053.v2.wrong.xml")


def test_a_notification_of_a_batch_with_numeric_references() -> None:
    statement = only("moov/camt054_v04_batch_credit_qr_references.xml")
    [entry] = statement.entries

    assert booked(statement) == ["CRDT 1692.22 CHF"]
    assert [(str(one.amount), one.creditor_references) for one in entry.transactions] == [
        ("778.29 CHF", ("539115429773825311971477453",)),
        ("913.93 CHF", ("662437765447746478179744715",)),
    ]
    assert [one.end_to_end_id is None for one in entry.transactions] == [False, True]
    assert whats(statement) == []


def test_a_closing_balance_that_leaves_out_what_is_worth_something_later() -> None:
    statement = only("moov/camt053_v04_collective_entries.xml")
    late = "it leaves out 1537.00, whose value date is later"

    assert statement.account == "CH2909000000250094239"
    assert booked(statement) == [
        "CRDT 4.50 CHF",
        "DBIT 77.70 CHF",
        "CRDT 1500.00 CHF",
        "CRDT 1537.00 CHF",
        "CRDT 1692.22 CHF",
    ]
    assert {"OPBD 211993.19 CHF", "CLBD 215112.21 CHF", "FWAV 216649.21 CHF"} <= {*balances(statement)}
    assert statement.entries[0].reference == "41100000000872849"
    assert whats(statement) == [
        "several entries have the bank's reference 07582000303KBMSU",
        f"OPBD 211993.19 and the entries in CHF are 216649.21, CLBD says 215112.21: {late}",
        "a payment in it goes the other way than the entry",
    ]


def test_the_newest_version_written_by_hand() -> None:
    read_file = file("sebastienrousseau/camt053_v14_statement_ac04_ac06.xml")
    [statement] = read_file.statements

    assert (read_file.version, statement.account, statement.currency) == (14, "GB29NWBK60161331926819", "EUR")
    assert balances(statement) == ["CLBD 10000.00 EUR"]
    assert booked(statement) == ["CRDT 1500.00 EUR", "CRDT 980.50 EUR", "DBIT 42.00 EUR"]
    assert [entry.reference for entry in statement.entries] == ["NTRY-0001", "NTRY-0002", "NTRY-0003"]
    assert [entry.status for entry in statement.entries] == ["BOOK"] * 3
    first, second, third = statement.entries
    assert (lone(first).end_to_end_id, lone(first).return_reason) == ("E2E-0001", "AC04")
    assert lone(first).return_text == "Beneficiary account closed"
    assert (lone(second).end_to_end_id, lone(second).return_reason) == ("E2E-0002", "AC06")
    assert (third.booked_on, third.value_on) == (None, None)


def test_a_report_of_a_rejected_direct_debit() -> None:
    read_file = file("viafintech/pain002_v03_reject_ac01.xml")
    [report] = read_file.reports
    [block] = report.blocks
    [payment] = block.payments

    assert (read_file.kind, read_file.version) == ("pain.002", 3)
    assert (report.original_id, report.original_name) == ("Message-ID-12345", "pain.008")
    assert report.is_of_direct_debits
    assert (block.id, block.status.code) == ("Payment-Information-ID-12345", None)
    assert (payment.end_to_end_id, payment.status.is_rejected, payment.status.reason) == ("Source1234", True, "AC01")
    assert (str(payment.amount), payment.mandate_id) == ("6543.14 EUR", "Mandate-Id")
    assert payment.creditor_id == "DE99ZZZ100001234567"


@pytest.mark.parametrize(
    ("name", "original", "status", "reason", "of_direct_debits"),
    [
        ("viafintech/pain002_v03_ch_actc.xml", "bd381007c00627bb0e5adabd37fbb4", "ACTC", None, False),
        ("iso20022js/pain002_v03_nordea_group_reject.xml", "MSGID-PS-TEST-0708-01", "RJCT", "DU01", False),
        ("moov/pain002_ch02_group_rjct_am10.xml", "MsgId-005", "RJCT", "AM10", False),
        ("iso20022js/pain002_v03_crossriver_pain008_file_unreadable.xml", None, "RJCT", "NARR", True),
    ],
)
def test_a_report_about_a_whole_message(
    name: str, original: str | None, status: str, reason: str | None, of_direct_debits: bool
) -> None:
    [report] = file(name).reports

    assert (report.original_id, report.status.code, report.status.reason) == (original, status, reason)
    assert (report.is_of_direct_debits, report.blocks) == (of_direct_debits, ())


def test_a_report_of_a_file_that_the_bank_could_not_read_says_why() -> None:
    [report] = file("iso20022js/pain002_v03_crossriver_pain008_file_unreadable.xml").reports

    assert (report.original_count, report.original_name) == (0, "pain.008.001.02")
    assert (report.status.text or "").startswith("Error parsing file examplefile.xml: The 'MsgId' start tag")


@pytest.mark.parametrize(
    ("name", "original", "block", "status", "payments"),
    [
        (
            "iso20022js/pain002_v03_nordea_payment_reject.xml",
            "MSGID-COM-SCE25-1707-01",
            "PMTINFID-COM-SCE25-1707-01",
            ("RJCT", "NARR"),
            [],
        ),
        (
            "iso20022js/pain002_v03_nordea_txn_reject.xml",
            "MSGID-950-TEST2-2807-01",
            "PMTINFID-950-TEST2-2807-01",
            ("RJCT", None),
            [("ENDTOENDID-950-TEST2-2807-02", "RJCT", "NARR"), ("ENDTOENDID-950-TEST2-2807-01", "RJCT", "NARR")],
        ),
        ("moov/pain002_ch02_accp_for_musterfile.xml", "MsgId-CHDD-Musterfile", "PmtInfId-CHDD-1", ("ACCP", None), []),
        (
            "moov/pain002_ch02_rjct_ac01.xml",
            "MsgId-006",
            "PmtInfId-006-01",
            ("RJCT", "NARR"),
            [("EndToEndId-006-01-01", "RJCT", "AC01")],
        ),
    ],
)
def test_a_report_about_a_block(
    name: str, original: str, block: str, status: tuple[str, str | None], payments: list[tuple[str, str, str]]
) -> None:
    [report] = file(name).reports
    [said] = report.blocks

    assert (report.original_id, said.id, (said.status.code, said.status.reason)) == (original, block, status)
    assert [(one.end_to_end_id, one.status.code, one.status.reason) for one in said.payments] == payments


@pytest.mark.parametrize(
    "name",
    [
        "viafintech/pain008_003_02_core_frst_two.xml",
        "viafintech/pain008_v08_core_frst_one.xml",
        "moov/pain008_001_02_ch03_musterfile.xml",
        "sepa_king/pain.008.003.02.xml",
        "sepa_king/pain.008.002.02.xml",
        "phpFinTS/pain.008.002.02_control_sum_300.xml",
        "dutch-sepa/pain008_v02_abn_rcur.xml",
        "dutch-sepa/pain008_v02_ing_ooff.xml",
    ],
)
def test_what_goes_to_a_bank_is_refused_as_what_it_is(name: str) -> None:
    with pytest.raises(UnreadableBankFileError, match=r"it is pain\.008, which goes to a bank"):
        file(name)
