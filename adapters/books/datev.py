"""Journal entries as DATEV takes them: Buchungsstapel, format 700, category 21, version 13.

https://developer.datev.de/datev/platform/en/dtvf
"""

import re
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import IO

from adapters.books.chart import Chart
from adapters.books.entry import Entries, Entry, major
from adapters.files import written
from domain.kernel.money import Currency
from domain.kernel.months import months_later

MOST = 99_999
"""Entries that DATEV takes in one file."""

_TWENTY = [name for i in range(1, 21) for name in (f"Zusatzinformation - Art {i}", f"Zusatzinformation- Inhalt {i}")]
_EIGHT = [name for i in range(1, 9) for name in (f"Beleginfo - Art {i}", f"Beleginfo - Inhalt {i}")]
COLUMNS = (
    *("Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "WKZ Umsatz", "Kurs", "Basis-Umsatz"),
    *("WKZ Basis-Umsatz", "Konto", "Gegenkonto (ohne BU-Schlüssel)", "BU-Schlüssel", "Belegdatum", "Belegfeld 1"),
    *("Belegfeld 2", "Skonto", "Buchungstext", "Postensperre", "Diverse Adressnummer", "Geschäftspartnerbank"),
    *("Sachverhalt", "Zinssperre", "Beleglink", *_EIGHT, "KOST1 - Kostenstelle", "KOST2 - Kostenstelle"),
    *("Kost-Menge", "EU-Land u. UStID (Bestimmung)", "EU-Steuersatz (Bestimmung)", "Abw. Versteuerungsart"),
    *("Sachverhalt L+L", "Funktionsergänzung L+L", "BU 49 Hauptfunktionstyp", "BU 49 Hauptfunktionsnummer"),
    *("BU 49 Funktionsergänzung", *_TWENTY, "Stück", "Gewicht", "Zahlweise", "Forderungsart", "Veranlagungsjahr"),
    *("Zugeordnete Fälligkeit", "Skontotyp", "Auftragsnummer", "Buchungstyp", "USt-Schlüssel (Anzahlungen)"),
    *("EU-Land (Anzahlungen)", "Sachverhalt L+L (Anzahlungen)", "EU-Steuersatz (Anzahlungen)"),
    *("Erlöskonto (Anzahlungen)", "Herkunft-Kz", "Buchungs GUID", "KOST-Datum", "SEPA-Mandatsreferenz"),
    *("Skontosperre", "Gesellschaftername", "Beteiligtennummer", "Identifikationsnummer", "Zeichnernummer"),
    *("Postensperre bis", "Bezeichnung SoBil-Sachverhalt", "Kennzeichen SoBil-Buchung", "Festschreibung"),
    *("Leistungsdatum", "Datum Zuord. Steuerperiode", "Fälligkeit", "Generalumkehr (GU)", "Steuersatz", "Land"),
    *("Abrechnungsreferenz", "BVV-Position", "EU-Land u. UStID (Ursprung)", "EU-Steuersatz (Ursprung)"),
    "Abw. Skontokonto",
)
_AT = {name: place for place, name in enumerate(COLUMNS)}
_TAX_LIFTED = "40"
_NOT_IN_A_DOCUMENT = re.compile(r"[^A-Za-z0-9$&%*+/-]")


async def write_batches(entries: Entries, chart: Chart, month: date, made_at: datetime, into: Path) -> list[Path]:
    """The entries of a month, in files of at most `MOST`; without any there is no file.

    A file is there whole or not at all. Raises `ValueError` for what DATEV does not take, such as another currency.
    """
    files: list[Path] = []
    following = await anext(entries, None)
    while following is not None:
        name = f"EXTF_Buchungsstapel_{chart.seller}_{month:%Y-%m}_{following.position}.{following.line}.csv"
        with written(into / name, encoding="cp1252", errors="replace", newline="") as file:
            file.write(_header(chart, month, made_at))
            file.write(";".join(map(_text, COLUMNS)) + "\r\n")
            following = await _batch(following, entries, chart, file)
        files.append(into / name)
    return files


async def _batch(first: Entry, entries: AsyncIterator[Entry], chart: Chart, file: IO[str]) -> Entry | None:
    """Write so many; gives the one that comes next."""
    file.write(_record(first, chart))
    left = MOST - 1
    async for entry in entries:
        if not left:
            return entry
        file.write(_record(entry, chart))
        left -= 1
    return None


def _header(chart: Chart, month: date, made_at: datetime) -> str:
    until = months_later(month, 1) - timedelta(days=1)
    year = month.year if month.month >= chart.fiscal_year_begins else month.year - 1
    made = f"{made_at:%Y%m%d%H%M%S}{made_at.microsecond // 1000:03}"
    begins, name = f"{year}{chart.fiscal_year_begins:02}01", f"{chart.seller} {month:%Y-%m}"[:30]
    fields = [_text("EXTF"), "700", "21", _text("Buchungsstapel"), "13", made, "", _text("RE"), _text(""), _text("")]
    fields += [str(chart.consultant), str(chart.client), begins, str(chart.account_length)]
    fields += [f"{month:%Y%m%d}", f"{until:%Y%m%d}", _text(name), _text(""), "1", "0", "0", _text("EUR")]
    return ";".join([*fields, "", _text(""), "", "", _text(""), "", "", _text(""), _text("")]) + "\r\n"


def _record(entry: Entry, chart: Chart) -> str:
    if entry.currency is not Currency.EUR:
        raise ValueError(f"DATEV takes entries in EUR: {entry.document} is in {entry.currency}")
    debit, credit = (chart.number(account, entry.tax_rate) for account in (entry.debit, entry.credit))
    fields = [""] * len(COLUMNS)
    for name, value in {
        "Umsatz (ohne Soll/Haben-Kz)": major(entry.amount_minor, entry.currency),
        "Soll/Haben-Kennzeichen": _text("S"),
        "WKZ Umsatz": _text("EUR"),
        "Konto": debit,
        "Gegenkonto (ohne BU-Schlüssel)": credit,
        "BU-Schlüssel": _text(_TAX_LIFTED if chart.automatic & {debit, credit} else ""),
        "Belegdatum": f"{entry.booked_on:%d%m}",
        "Belegfeld 1": _text(_NOT_IN_A_DOCUMENT.sub("", entry.document)[:36]),
        "Buchungstext": _text((entry.product or entry.tax or f"{entry.credit} {entry.debit}")[:60]),
        "Beleginfo - Art 1": _text("Ereignis"),
        "Beleginfo - Inhalt 1": _text(f"{entry.position}.{entry.line}"),
    }.items():
        fields[_AT[name]] = value
    return ";".join(fields) + "\r\n"


def _text(value: str) -> str:
    doubled = value.replace('"', '""')
    return f'"{doubled}"'
