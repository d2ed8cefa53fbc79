"""A month and a year of the books leave as files, and say what the books say."""

import csv
import re
from collections import defaultdict
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests.api.cli.terminal import Csbe, csbe
from tests.journeys.test_money_in_doubt import driven
from tests.support.city import City
from tests.support.installation import Installation

__all__ = ["csbe"]

PAGE = (Path(__file__).parents[2] / "docs/how-to/give-the-books-to-accountants.md").read_text("utf-8")
CHART = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[0]
ACCOUNTS = dict(re.findall(r'^(\w+) = "(\d{4})"$', CHART, re.MULTILINE))
SQL = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)[0]

STRUCTURE = """
<!ELEMENT DataSet (Version, DataSupplier?, Media+)>
<!ELEMENT DataSupplier (Name, Location, Comment)>
<!ELEMENT Media (Name, Table+)>
<!ELEMENT Table (URL, Name?, Description?, Validity?, UTF8?, (DecimalSymbol, DigitGroupingSymbol)?, Range?,
    VariableLength)>
<!ELEMENT Validity (Range, Format?)>
<!ELEMENT Range (From, To?)>
<!ELEMENT VariableLength (ColumnDelimiter?, RecordDelimiter?, TextEncapsulator?,
    ((VariablePrimaryKey+, VariableColumn*) | VariableColumn+), ForeignKey*)>
<!ELEMENT VariablePrimaryKey (Name, Description?, (Numeric | AlphaNumeric | Date))>
<!ELEMENT VariableColumn (Name, Description?, (Numeric | AlphaNumeric | Date))>
<!ELEMENT ForeignKey (Name+, References)>
<!ELEMENT Numeric (Accuracy?)>
<!ELEMENT AlphaNumeric EMPTY>
<!ELEMENT UTF8 EMPTY>
<!ELEMENT Date (Format?)>
"""
"""Of index.xml, as far as we use it (Beschreibungsstandard, gdpdu-01-09-2004)."""
TEXTS = (
    *("Version", "Name", "Location", "Comment", "URL", "Description", "From", "To", "Format", "DecimalSymbol"),
    *("DigitGroupingSymbol", "ColumnDelimiter", "RecordDelimiter", "TextEncapsulator", "References", "Accuracy"),
)


@pytest.fixture
async def city(csbe: Csbe, installation: Installation) -> AsyncIterator[City]:
    """The terminal is on the same database as all that runs."""
    del csbe
    async with installation.started() as city:
        yield city


@pytest.fixture
async def month(installation: Installation, city: City) -> str:
    """Two members drove in it, and one has not paid."""
    for number, card in enumerate(("tok_visa", "tok_decline_capture"), 1):
        await driven(installation, city, await city.member(card), minutes=10, number=number)
    await city.settled()
    booked = await city.running.pool.fetchval("select max(booked_on) from reports.journal")
    return f"{booked:%Y-%m}"


def records(file: Path) -> list[dict[str, str]]:
    """Of a DATEV file, whose header is checked."""
    header, *lines = list(csv.reader(file.read_bytes().decode("cp1252").split("\r\n")[:-1], delimiter=";"))
    assert header[:5] == ["EXTF", "700", "21", "Buchungsstapel", "13"]
    assert {len(header), len(lines[0])} == {31, 125}
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


async def balances(city: City) -> dict[str, Decimal]:
    rows = await city.running.pool.fetch(
        "select account, sum(debit_minor - credit_minor) as minor from reports.trial_balance group by account"
    )
    return {row["account"]: row["minor"] / 100 for row in rows if row["minor"]}


async def test_a_month_at_datev_has_the_balances_of_the_books(
    city: City, month: str, csbe: Csbe, tmp_path: Path
) -> None:
    (tmp_path / "chart.toml").write_text(CHART)
    words = ("books", "datev", "--chart", str(tmp_path / "chart.toml"), "--to", str(tmp_path), "--month")

    ended = await csbe(*words, month, "--json")
    assert ended.code == 0, ended.err
    [file] = ended.json["files"]
    entries = records(Path(file))

    found: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        amount = Decimal(entry["Umsatz (ohne Soll/Haben-Kz)"].replace(",", "."))
        assert (amount > 0, entry["Soll/Haben-Kennzeichen"], entry["WKZ Umsatz"]) == (True, "S", "EUR")
        found[entry["Konto"]] += amount
        found[entry["Gegenkonto (ohne BU-Schlüssel)"]] -= amount
    names = {number: name for name, number in ACCOUNTS.items()} | {"1776": "tax"}
    assert {names[number]: amount for number, amount in found.items() if amount} == await balances(city)
    assert {entry["BU-Schlüssel"] for entry in entries if "8400" in entry.values()} == {"40"}
    numbers = await city.running.pool.fetch("select number from reports.invoices")
    assert {row["number"] for row in numbers} <= {entry["Belegfeld 1"] for entry in entries}

    later = await csbe(*words, month, "--after", str(ended.json["position"]), "--json")
    assert (later.code, later.json["files"]) == (0, [])
    assert (await csbe(*words, "2020-01")).out.strip() == "there is nothing to write"
    for wrong, why in (
        (CHART.replace('provider = "1360"\n', ""), "the chart has no account for provider"),
        (CHART.replace("drivenow-de", "drivenow-atlantis"), "nobody sells as drivenow-atlantis: choose one of "),
    ):
        (tmp_path / "chart.toml").write_text(wrong)
        ended = await csbe(*words, month)
        assert (ended.code, f"error: {why}" in ended.err) == (2, True), ended.err
    assert names_in(tmp_path, "EXTF*") == [Path(file).name]


async def test_a_year_for_the_tax_audit_is_described_by_its_index(
    city: City, month: str, csbe: Csbe, tmp_path: Path
) -> None:
    (dtd := tmp_path / "standard.dtd").write_text("theirs")
    (into := tmp_path / "audit").mkdir()
    year = month.partition("-")[0]

    ended = await csbe(
        "books", "tax-audit", "--seller", "drivenow-de", "--year", year, "--to", str(into), "--dtd", str(dtd)
    )

    assert ended.code == 0, ended.err
    index = etree.parse(into / "index.xml")
    declared = STRUCTURE + "".join(f"<!ELEMENT {name} (#PCDATA)>\n" for name in TEXTS)
    assert etree.DTD(declared_file(tmp_path, declared)).validate(index)
    assert index.docinfo.system_url == "gdpdu-01-09-2004.dtd"
    assert (into / index.docinfo.system_url).read_text() == "theirs"
    tables = {name: rows(into, index, name) for name in ("journal", "invoices", "credit_notes")}
    assert names_in(into, "*.csv") == sorted(f"{name}.csv" for name in tables)
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for entry in tables["journal"]:
        amount = Decimal(entry["amount"].replace(",", "."))
        sums[entry["debit"]] += amount
        sums[entry["credit"]] -= amount
    assert {account: amount for account, amount in sums.items() if amount} == await balances(city)
    gross = sum(Decimal(invoice["gross"].replace(",", ".")) for invoice in tables["invoices"])
    assert gross == await city.running.pool.fetchval("select sum(gross_minor) / 100.0 from reports.invoices")
    assert {entry["invoice_id"] for entry in tables["journal"]} <= {one["invoice_id"] for one in tables["invoices"]}
    [taxed] = await city.running.pool.fetch(SQL.replace("2026-10-01", f"{year}-01-01").replace("2027", "2100"))
    assert taxed["tax_minor"] == 100 * -sums["tax"]


def declared_file(into: Path, text: str) -> Any:
    (file := into / "structure.dtd").write_text(text)
    return file


def rows(into: Path, index: Any, name: str) -> list[dict[str, str]]:
    """Of a table, by what its description says of it."""
    [table] = [table for table in index.iter("Table") if table.findtext("Name") == name]
    layout = table.find("VariableLength")
    columns = [column.findtext("Name") for column in layout if column.tag.startswith("Variable")]
    with (into / table.findtext("URL")).open(newline="", encoding="utf-8") as file:
        assert layout.findtext("RecordDelimiter") == "\r\n"
        found = list(csv.reader(file, delimiter=layout.findtext("ColumnDelimiter")))
    first = int(table.findtext("Range/From")) - 1
    assert found[:first] == [columns]
    return [dict(zip(columns, line, strict=True)) for line in found[first:]]


def names_in(directory: Path, pattern: str) -> list[str]:
    return sorted(file.name for file in directory.glob(pattern))
