"""The books of a seller as files, from the read models."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from adapters.books.chart import Chart
from adapters.books.datev import write_batches
from adapters.books.entry import Entry
from adapters.books.tax_audit import CREDIT_NOTES, DTD, INVOICES, JOURNAL, Supplier, write_index, write_table
from api.system import System
from domain.kernel.months import months_later

__all__ = ["DTD", "Chart", "Supplier", "Written", "write_datev", "write_for_tax_audit"]

_ENTRIES = """
select * from read_v1.journal
where seller = $1 and booked_on >= $2 and booked_on < $3 and position > $4 and position <= $5
order by position, line
"""
_OF_DOCUMENTS = {
    INVOICES: "select * from read_v1.invoices where seller = $1 and issued_on >= $2 and issued_on < $3 order by number",
    CREDIT_NOTES: (
        "select * from read_v1.credit_notes where seller = $1 and issued_on >= $2 and issued_on < $3 order by number"
    ),
}


class Written(NamedTuple):
    """What was written, from events up to a position of the log."""

    files: list[Path]
    position: int


async def write_datev(system: System, chart: Chart, month: date, after: int, into: Path) -> Written:
    """A month's entries from events after a position. Raises `TimeoutError` when the books do not catch up."""
    position = await _up_to_date(system)
    rows = _rows(system, _ENTRIES, chart.seller, month, months_later(month, 1), after, position)
    entries = (Entry.of(row) async for row in rows)
    return Written(await write_batches(entries, chart, month, datetime.now(UTC), into), position)


async def write_for_tax_audit(system: System, seller: str, supplier: Supplier, year: int, into: Path) -> Written:
    """A calendar year. Raises `TimeoutError` when the books do not catch up."""
    position = await _up_to_date(system)
    first, last = date(year, 1, 1), date(year, 12, 31)
    until = date(year + 1, 1, 1)
    await write_table(JOURNAL, _rows(system, _ENTRIES, seller, first, until, 0, position), into)
    for table, query in _OF_DOCUMENTS.items():
        await write_table(table, _rows(system, query, seller, first, until), into)
    write_index(supplier, first, last, into)
    return Written([into / f"{table.name}.csv" for table in (JOURNAL, *_OF_DOCUMENTS)] + [into / "index.xml"], position)


async def _up_to_date(system: System) -> int:
    """The last position of the log, once the books have it."""
    position = await system.end()
    if await system.wait_until(position):
        return position
    raise TimeoutError("the books are behind the log: see `csbe followers status`, and run this again")


async def _rows(system: System, query: str, *values: object) -> AsyncIterator[Mapping[str, Any]]:
    async for extract in system.extract(query, *values):
        for row in extract.rows:
            yield row
