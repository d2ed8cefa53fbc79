"""Bank files in other shapes say the same; what is no whole file is refused with what to do, and nothing else."""

import random
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from adapters.bank import tree
from adapters.bank.model import BankFile
from adapters.bank.reader import read
from adapters.bank.tree import UnreadableBankFileError

FILES = Path(__file__).parents[2] / "data" / "bank_files"
READABLE = sorted(
    path
    for path in FILES.glob("*/*.xml")
    if "pain" not in path.name or "pain002" in path.name
    if path.name != "camt053.v2.wrong.xml"
)
HELPS = ("fetch it", "give", "ask the bank", "do not use it", "unpack", "encoding that is not known", "have the bank")

every_file = pytest.mark.parametrize("path", READABLE, ids=lambda path: path.stem)


def text_of(path: Path) -> str:
    return re.sub(r"^\s*<\?xml[^>]*\?>\s*", "", path.read_bytes().decode("utf-8-sig"))


def facts(data: bytes) -> BankFile:
    """Without the version, which a file without a namespace cannot tell."""
    return replace(read(data), version=None)


def is_read_or_refused_with_help(data: bytes) -> bool:
    try:
        read(data)
    except UnreadableBankFileError as refused:
        return any(help_ in str(refused) for help_ in HELPS)
    return True


def prefixed(text: str) -> bytes:
    named = re.sub(r"<(/?)(?=[A-Za-z])", r"<\1ns2:", text)
    return named.replace(" xmlns=", " xmlns:ns2=").encode()


def without_namespace(text: str) -> bytes:
    return re.sub(r'\s(xmlns|xsi)(:\w+)?="[^"]*"|\sxsi:schemaLocation="[^"]*"', "", text).encode()


def commented(text: str) -> bytes:
    return re.sub(r"(<(?:Amt|Ntry|Ref|Cd)\b[^>/]*>)", r"\1<!-- <Amt Ccy='EUR'>9999</Amt> --><?a b?>", text).encode()


def in_an_envelope(text: str) -> bytes:
    return f'<BizMsg><AppHdr xmlns="urn:head.001.001.02"><Fr/></AppHdr>{text}</BizMsg>'.encode()


def reordered(text: str) -> bytes:
    """The children of each element in another order; those of one name stay as they are among themselves."""
    root = ET.fromstring(text.replace(" Xmlns=", " xmlns="))  # noqa: S314 (our own samples)
    for element in root.iter():
        element[:] = sorted(element, key=lambda child: child.tag[::-1])
    return ET.tostring(root)


def as_encoding(name: str) -> Callable[[str], bytes]:
    def encoded(text: str) -> bytes:
        return f'<?xml version="1.0" encoding="{name}"?>{text}'.encode(name, errors="xmlcharrefreplace")

    return encoded


SHAPES: dict[str, Callable[[str], bytes]] = {
    "prefixed": prefixed,
    "without a namespace": without_namespace,
    "with comments and instructions": commented,
    "in an envelope": in_an_envelope,
    "in another order": reordered,
    "with a byte order mark": lambda text: text.encode("utf-8-sig"),
    "with blanks before it": lambda text: b"\r\n \n" + text.encode(),
    **{name: as_encoding(name) for name in ("utf-8", "utf-16", "iso-8859-1", "windows-1252", "iso-8859-15")},
}


@every_file
@pytest.mark.parametrize("shape", SHAPES)
def test_a_file_in_another_shape_says_the_same(path: Path, shape: str) -> None:
    plain = facts(path.read_bytes())

    assert facts(SHAPES[shape](text_of(path))) == plain


@every_file
def test_a_file_that_was_cut_off_is_refused(path: Path) -> None:
    data = path.read_bytes().rstrip()
    chance = random.Random(path.name)

    for end in [0, 1, 5, len(data) - 1, *(chance.randrange(len(data)) for _ in range(40))]:
        with pytest.raises(UnreadableBankFileError) as refused:
            read(data[:end])
        assert any(help_ in str(refused.value) for help_ in HELPS), refused.value


@every_file
def test_whatever_becomes_of_single_bytes_a_file_is_read_or_refused(path: Path) -> None:
    data, chance = path.read_bytes(), random.Random(path.name)

    for _ in range(150):
        broken = bytearray(data)
        for _ in range(chance.randrange(1, 6)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        assert is_read_or_refused_with_help(bytes(broken))


@every_file
def test_whatever_elements_are_lost_or_doubled_a_file_is_read_or_refused(path: Path) -> None:
    chance = random.Random(path.name)

    for _ in range(40):
        root = ET.fromstring(path.read_bytes().strip())  # noqa: S314 (our own samples)
        for parent in chance.sample([*root.iter()], 3):
            children = [*parent]
            parent[:] = [child for child in children for _ in range(chance.choice((0, 1, 1, 1, 2)))]
        assert is_read_or_refused_with_help(ET.tostring(root))


AMOUNT = (
    "<Document><BkToCstmrStmt><Stmt><Ntry><Amt{}>{}</Amt><CdtDbtInd>CRDT</CdtDbtInd></Ntry>"
    "</Stmt></BkToCstmrStmt></Document>"
)


@pytest.mark.parametrize(
    ("ccy", "given"),
    [
        (' Ccy="EUR"', "12,50"), (' Ccy="EUR"', "1.234,50"), (' Ccy="EUR"', "-5.00"), (' Ccy="EUR"', "1e3"),
        (' Ccy="EUR"', "NaN"), (' Ccy="EUR"', "0x10"), (' Ccy="EUR"', "١٢"), (' Ccy="EUR"', "1 000.00"),
        (' Ccy="EUR"', "1_000"), (' Ccy="EUR"', ""), (' Ccy="EUR"', "9" * 40), (' Ccy="EUR"', "."),
        ("", "12.50"), (' Ccy=""', "12.50"), (' Ccy="euro"', "12.50"),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_found_and_never_guessed(ccy: str, given: str) -> None:
    [statement] = read(AMOUNT.format(ccy, given).encode()).statements

    assert statement.entries[0].amount is None
    assert statement.findings != ()


@pytest.mark.parametrize(
    ("given", "currency", "minor"),
    [
        ("12.5", "EUR", 1250), ("12", "EUR", 1200), ("+12.50", "EUR", 1250), ("0012.500", "EUR", 1250),
        (".5", "EUR", 50), ("2700", "JPY", 2700), ("2700.0", "JPY", 2700), ("1.234", "BHD", 1234),
        ("123456789012345.67", "EUR", 12345678901234567),
        ("8.855", "EUR", None), ("0.5", "JPY", None), ("5", "XYZ", None), ("999999999999999999", "EUR", None),
    ],
)  # fmt: skip
def test_an_amount_is_exact_money_or_none(given: str, currency: str, minor: int | None) -> None:
    [statement] = read(AMOUNT.format(f' Ccy="{currency}"', given).encode()).statements
    amount = statement.entries[0].amount

    assert amount is not None
    assert (amount.money.amount_minor if amount.money else None) == minor


BOMB = b'<!DOCTYPE D [<!ENTITY a "9"><!ENTITY b "&a;&a;&a;&a;">]><D>&b;</D>'
OUTSIDE = b'<!DOCTYPE D [<!ENTITY x SYSTEM "file:///etc/passwd">]><D>&x;</D>'


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (BOMB, "declares a document type"),
        (OUTSIDE, "declares a document type"),
        (b'<!DOCTYPE D SYSTEM "http://example.org/d.dtd"><D/>', "declares a document type"),
        (b"<D>&undeclared;</D>", "undefined entity"),
        (b"", "it is empty"),
        (b" \n ", "it is empty"),
        (b"PK\x03\x04...", "unpack it"),
        (b":20:STARTUMSE\r\n:25:10020030/1234567\r\n", "MT940"),
        (b"Buchungstag;Betrag\n01.02.2026;12,50\n", "line 1"),
        (b'{"amount": 12}', "line 1"),
        (b"<html><body/></html>", "begins with 'html'"),
        (b"<Document><BkToCstmrAcctRpt/></Document>", "camt.052"),
        (b'<?xml version="1.0" encoding="klingon"?><D/>', "encoding"),
        ('<?xml version="1.0" encoding="utf-8"?><D>ü</D>'.encode("latin-1"), "another encoding than it says"),
        (b"<D>" * 1_000, "inside each other"),
        (b"<D>" + b"x" * 300_000 + b"</D>", "characters"),
        (b"<Document><BkToCstmrStmt><Stmt/></BkToCstmrStmt><CstmrPmtStsRpt/></Document>", "several kinds"),
    ],
)
def test_what_is_no_file_of_ours_is_refused_with_why(data: bytes, why: str) -> None:
    with pytest.raises(UnreadableBankFileError, match=re.escape(why)):
        read(data)


def test_a_file_beyond_the_bounds_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MOST_BYTES", 1_000)
    monkeypatch.setattr(tree, "MOST_ELEMENTS", 50)

    with pytest.raises(UnreadableBankFileError, match="split it by day"):
        read(b"<D>" + b" " * 1_000 + b"</D>")
    with pytest.raises(UnreadableBankFileError, match="more than 50 elements"):
        read(b"<D>" + b"<a/>" * 60 + b"</D>")


def test_two_messages_of_a_kind_in_one_envelope_are_both_read() -> None:
    one = AMOUNT.format(' Ccy="EUR"', "1.00")

    assert len(read(f"<All>{one}{one}</All>".encode()).statements) == 2


def test_a_namespace_that_names_another_message_is_a_finding() -> None:
    claimed = AMOUNT.replace("<Document>", '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.02">')

    read_file = read(claimed.format(' Ccy="EUR"', "1.00").encode())

    assert (read_file.kind, [one.what for one in read_file.findings]) == (
        "camt.053",
        ["its namespace says camt.054, it is camt.053"],
    )
