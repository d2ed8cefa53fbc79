"""The books for a tax audit in Germany: tables as CSV, and `index.xml` that describes them (GoBD, access of kind Z3).

By the description standard for the handing over of data media (Beschreibungsstandard, gdpdu-01-09-2004.dtd), which is
what the auditors' programs read.
"""

import csv
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple
from xml.etree import ElementTree as ET

from adapters.books.entry import major
from adapters.files import written
from domain.kernel.money import Currency

DTD = "gdpdu-01-09-2004.dtd"
Kind = Literal["text", "whole", "fraction", "money", "date"]
Rows = AsyncIterator[Mapping[str, Any]]


class Column(NamedTuple):
    """Of a table. Money is in major units of the row's `currency`, from a value in minor units."""

    name: str
    kind: Kind
    description: str
    of: str | None = None
    """The value that it is made of; of its own name when none."""


@dataclass(frozen=True)
class AuditTable:
    """One file of the export."""

    name: str
    description: str
    key: tuple[str, ...]
    """Its first columns: those that name a row."""
    columns: tuple[Column, ...]
    references: tuple[tuple[str, str], ...] = ()
    """Columns that name a row of another table, and which."""


JOURNAL = AuditTable(
    "journal",
    "Buchungen: jede bewegt einen Betrag vom Habenkonto auf das Sollkonto",
    ("position", "line"),
    (
        Column("position", "whole", "Position des Ereignisses im Protokoll, fortlaufend und unveränderlich"),
        Column("line", "whole", "Nummer der Buchung in diesem Ereignis"),
        Column("booked_on", "date", "Buchungsdatum"),
        Column("document", "text", "Nummer des Belegs"),
        Column("debit", "text", "Sollkonto"),
        Column("credit", "text", "Habenkonto"),
        Column("currency", "text", "Währung (ISO 4217)"),
        Column("amount", "money", "Betrag", "amount_minor"),
        Column("service", "text", "Angebot"),
        Column("country", "text", "Land des Verkäufers (ISO 3166)"),
        Column("city_id", "text", "Stadt"),
        Column("subject_kind", "text", "Art des Gegenstands"),
        Column("product", "text", "Tarifregel oder Gebühr"),
        Column("payer_id", "text", "Debitor"),
        Column("invoice_id", "text", "Rechnung, zu der gebucht wird"),
        Column("tax", "text", "Steuer"),
        Column("tax_rate", "fraction", "Steuersatz als Bruch"),
        Column("base", "money", "Bemessungsgrundlage", "base_minor"),
    ),
    (("invoice_id", "invoices"),),
)
INVOICES = AuditTable(
    "invoices",
    "Ausgangsrechnungen",
    ("invoice_id",),
    (
        Column("invoice_id", "text", "Schlüssel der Rechnung"),
        Column("number", "text", "Rechnungsnummer, lückenlos je Verkäufer"),
        Column("issued_on", "date", "Rechnungsdatum"),
        Column("supplied_on", "date", "Leistungsdatum"),
        Column("service", "text", "Angebot"),
        Column("city_id", "text", "Stadt"),
        Column("payer_id", "text", "Debitor"),
        Column("currency", "text", "Währung (ISO 4217)"),
        Column("net", "money", "Netto", "net_minor"),
        Column("tax", "money", "Steuer", "tax_minor"),
        Column("gross", "money", "Brutto", "gross_minor"),
    ),
)
CREDIT_NOTES = AuditTable(
    "credit_notes",
    "Rechnungskorrekturen",
    ("credit_note_id",),
    (
        Column("credit_note_id", "text", "Schlüssel der Rechnungskorrektur"),
        Column("number", "text", "Nummer, lückenlos je Verkäufer"),
        Column("issued_on", "date", "Datum"),
        Column("invoice_id", "text", "Rechnung, die korrigiert wird"),
        Column("service", "text", "Angebot"),
        Column("payer_id", "text", "Debitor"),
        Column("currency", "text", "Währung (ISO 4217)"),
        Column("net", "money", "Netto", "net_minor"),
        Column("tax", "money", "Steuer", "tax_minor"),
        Column("gross", "money", "Brutto", "gross_minor"),
    ),
    (("invoice_id", "invoices"),),
)
TABLES = (JOURNAL, INVOICES, CREDIT_NOTES)


class Supplier(NamedTuple):
    """Whose books they are."""

    name: str
    location: str
    comment: str


async def write_table(table: AuditTable, rows: Rows, into: Path) -> int:
    """Its rows, after a line of headings. Returns how many there are."""
    count = 0
    with written(into / f"{table.name}.csv", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, delimiter=";", quotechar='"', lineterminator="\r\n")
        lines.writerow([column.name for column in table.columns])
        async for row in rows:
            lines.writerow([_written(column, row) for column in table.columns])
            count += 1
    return count


def write_index(supplier: Supplier, first: date, last: date, into: Path, tables: Sequence[AuditTable] = TABLES) -> None:
    """What describes the tables, and the days that they are of."""
    data = ET.Element("DataSet")
    _texts(data, Version="1.0")
    _texts(
        ET.SubElement(data, "DataSupplier"), Name=supplier.name, Location=supplier.location, Comment=supplier.comment
    )
    media = ET.SubElement(data, "Media")
    _texts(media, Name="CSBE")
    for table in tables:
        _describe(ET.SubElement(media, "Table"), table, first, last)
    ET.indent(data)
    with written(into / "index.xml", encoding="utf-8", newline="") as file:
        file.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE DataSet SYSTEM "{DTD}">\n')
        text = ET.tostring(data, encoding="unicode")
        file.write(text.replace("\r\n", "&#13;&#10;") + "\n")  # a reader makes one line feed of what is not escaped


def _describe(element: ET.Element, table: AuditTable, first: date, last: date) -> None:
    _texts(element, URL=f"{table.name}.csv", Name=table.name, Description=table.description)
    validity = ET.SubElement(element, "Validity")
    _texts(ET.SubElement(validity, "Range"), From=f"{first:%d.%m.%Y}", To=f"{last:%d.%m.%Y}")
    _texts(validity, Format="DD.MM.YYYY")
    ET.SubElement(element, "UTF8")
    _texts(element, DecimalSymbol=",", DigitGroupingSymbol=".")
    _texts(ET.SubElement(element, "Range"), From="2")
    layout = ET.SubElement(element, "VariableLength")
    _texts(layout, ColumnDelimiter=";", RecordDelimiter="\r\n", TextEncapsulator='"')
    for column in table.columns:
        of = ET.SubElement(layout, "VariablePrimaryKey" if column.name in table.key else "VariableColumn")
        _texts(of, Name=column.name, Description=column.description)
        _KINDS[column.kind](of)
    for name, other in table.references:
        _texts(ET.SubElement(layout, "ForeignKey"), Name=name, References=other)


def _numeric(accuracy: int | None) -> Callable[[ET.Element], None]:
    def add(of: ET.Element) -> None:
        number = ET.SubElement(of, "Numeric")
        if accuracy is not None:
            _texts(number, Accuracy=str(accuracy))

    return add


def _text(of: ET.Element) -> None:
    ET.SubElement(of, "AlphaNumeric")


def _day(of: ET.Element) -> None:
    _texts(ET.SubElement(of, "Date"), Format="DD.MM.YYYY")


_KINDS: Mapping[Kind, Callable[[ET.Element], None]] = {
    "text": _text,
    "whole": _numeric(None),
    "fraction": _numeric(6),
    "money": _numeric(3),
    "date": _day,
}


def _texts(of: ET.Element, **texts: str) -> None:
    for name, text in texts.items():
        ET.SubElement(of, name).text = text


def _written(column: Column, row: Mapping[str, Any]) -> str:
    value = row[column.of or column.name]
    if value is None:
        return ""
    match column.kind:
        case "money":
            return major(value, Currency[row["currency"]])
        case "fraction":
            return f"{Decimal(value):f}".replace(".", ",")
        case "date":
            return f"{value:%d.%m.%Y}"
        case _:
            return str(value)
