"""What DATEV is given: a chart that means something, and files that it takes."""

import csv
import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.books import datev
from adapters.books.chart import Chart
from adapters.books.datev import write_batches
from adapters.books.entry import Entry
from domain.kernel.money import Currency

PAGE = (Path(__file__).parents[3] / "docs/how-to/give-the-books-to-accountants.md").read_text("utf-8")
[CHART] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
NOVEMBER, NOW = date(2026, 11, 1), datetime(2026, 12, 2, 8, 30, 15, 123_456, tzinfo=UTC)


def entry(position: int = 7, **other: object) -> Entry:
    of = {
        "position": position,
        "line": 0,
        "booked_on": date(2026, 11, 9),
        "document": "DN-DE-2026-1",
        "debit": "receivables",
        "credit": "tax",
        "currency": Currency.EUR,
        "amount_minor": 123_456,
        "product": None,
        "tax": "VAT",
        "tax_rate": Decimal("0.190"),
    }
    return Entry(**{**of, **other})  # type: ignore[arg-type]  # a test names only what it changes


async def each(*entries: Entry) -> AsyncIterator[Entry]:
    for one in entries:
        yield one


def chart(into: Path, text: str = CHART) -> Chart:
    (into / "chart.toml").write_text(text)
    return Chart.read(into / "chart.toml")


async def lines_of(into: Path, *entries: Entry, text: str = CHART, month: date = NOVEMBER) -> list[list[str]]:
    [file] = await write_batches(each(*entries), chart(into, text), month, NOW, into)
    return [line.split(";") for line in file.read_bytes().decode("cp1252").split("\r\n")]


async def test_an_entry_is_a_record_with_its_position_in_the_log(tmp_path: Path) -> None:
    header, _, record, end = await lines_of(tmp_path, entry())

    assert (header[5], header[10:16]) == (
        "20261202083015123",
        ["29098", "55003", "20260101", "4", "20261101", "20261130"],
    )
    assert record[:14] == [
        *("1234,56", '"S"', '"EUR"', "", "", "", "1400", "1776", '""', "0911", '"DN-DE-2026-1"', "", "", '"VAT"')
    ]
    assert (record[20:22], len(record), end) == (['"Ereignis"', '"7.0"'], 125, [""])


async def test_what_others_wrote_becomes_what_datev_takes(tmp_path: Path) -> None:
    odd = entry(document='Zahlung "A"; 漢字' + "9" * 60, debit="bank", credit="suspense", product='a";b漢' * 30)

    [record] = csv.reader([";".join((await lines_of(tmp_path, odd))[2])], delimiter=";")

    assert (record[10], record[13]) == ("ZahlungA" + "9" * 28, ('a";b?' * 30)[:60])
    assert len(record) == 125


async def test_a_fiscal_year_may_begin_in_another_month(tmp_path: Path) -> None:
    text = CHART.replace("fiscal_year_begins = 1", "fiscal_year_begins = 7")

    begins = [(await lines_of(tmp_path, entry(), text=text, month=date(2026, month, 1)))[0][12] for month in (6, 7)]

    assert begins == ["20250701", "20260701"]


async def test_more_than_one_file_takes_are_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datev, "MOST", 2)
    entries = [entry(position) for position in range(1, 6)]

    files = await write_batches(each(*entries), chart(tmp_path), NOVEMBER, NOW, tmp_path)

    found = [re.findall(r'"(\d+)\.0"', file.read_bytes().decode("cp1252")) for file in files]
    assert found == [["1", "2"], ["3", "4"], ["5"]]


async def test_a_file_that_cannot_be_whole_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="DATEV takes entries in EUR: DN-DE-2026-1 is in SEK"):
        await write_batches(each(entry(), entry(currency=Currency.SEK)), chart(tmp_path), NOVEMBER, NOW, tmp_path)

    assert [file.name for file in tmp_path.iterdir()] == ["chart.toml"]  # noqa: ASYNC240 (a test of files)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (CHART.replace('"1200"', '"12000"'), "chart.toml: chart: Value error, accounts have 4 digits here, not 12000"),
        (CHART.replace("client = 55003", "client = 0"), "chart.toml: client: "),
        (CHART.replace("[accounts]", "[accounts"), "chart.toml: "),
        (CHART.replace("seller", "seler"), "chart.toml: seller: Field required; seler: "),
        (CHART.replace('"0.19"', '"19 %"'), "chart.toml: taxes"),
    ],
)
def test_a_chart_with_a_fault_says_where(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        chart(tmp_path, text)
