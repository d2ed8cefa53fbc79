"""How much came with each payment of an entry, wherever the bank has put it."""

import pytest

from adapters.bank.model import Entry
from adapters.bank.reader import read


def entry(parts: str, amount: str = "99.30", more: str = "") -> Entry:
    [statement] = read(
        f"""<Document><BkToCstmrStmt><Stmt><Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>{more}
        <NtryDtls>{parts}</NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>""".encode()
    ).statements
    [found] = statement.entries
    return found


def amounts(found: Entry) -> list[str]:
    return [str(part.amount) for part in found.transactions]


INSTRUCTED = "<TxDtls><AmtDtls><InstdAmt><Amt Ccy='{1}'>{0}</Amt></InstdAmt></AmtDtls></TxDtls>"
BOOKED = "<TxDtls><AmtDtls><TxAmt><Amt Ccy='EUR'>{0}</Amt></TxAmt></AmtDtls></TxDtls>"
OWN = "<TxDtls><Amt Ccy='EUR'>{0}</Amt></TxDtls>"


@pytest.mark.parametrize(
    "part",
    [
        "<TxDtls/>",
        OWN.format("99.30"),
        BOOKED.format("99.3"),
        INSTRUCTED.format("100.00", "EUR"),
        INSTRUCTED.format("110.00", "USD"),
    ],
    ids=["nothing", "its own", "booked", "less on the way", "exchanged"],
)
def test_the_only_payment_of_an_entry_brought_what_was_booked(part: str) -> None:
    found = entry(part)

    assert found.transactions[0].amount is not None
    assert found.transactions[0].amount.money == (found.amount.money if found.amount else None)
    assert found.findings == ()


@pytest.mark.parametrize("part", [OWN, BOOKED, INSTRUCTED], ids=["its own", "booked", "instructed"])
def test_several_payments_each_have_their_own_amount(part: str) -> None:
    found = entry(part.format("90.00", "EUR") + part.format("9.30", "EUR"))

    assert amounts(found) == ["90.00 EUR", "9.30 EUR"]
    assert found.findings == ()


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        (OWN.format("100.00"), "its payments are 100.00 EUR together, and it is 99.30 EUR"),
        (OWN.format("90.00") + OWN.format("9.00"), "its payments are 99.00 EUR together, and it is 99.30 EUR"),
        (OWN.format("90.00") + "<TxDtls/>", "1 of its payments have no amount of their own"),
        ("<Btch><NbOfTxs>3</NbOfTxs></Btch>" + OWN.format("99.30"), "its batch claims 3 payments, 1 are in the file"),
        (
            "<Btch><TtlAmt Ccy='EUR'>1</TtlAmt></Btch>" + OWN.format("99.30"),
            "its batch claims 1 EUR in all, its payments are 99.30 EUR",
        ),
    ],
)
def test_amounts_that_do_not_fit_are_found(parts: str, why: str) -> None:
    assert [finding.what for finding in entry(parts).findings] == [why]
