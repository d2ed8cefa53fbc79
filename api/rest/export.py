"""Rows of any report as a file: JSON for programs, CSV for spreadsheets, Parquet for data tools."""

import csv
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from io import TextIOWrapper
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import orjson
from arro3.core import Array, DataType, RecordBatch, RecordBatchReader, Schema
from arro3.core import Field as Column
from arro3.io import write_parquet
from fastapi.responses import StreamingResponse

from api.system import Extract


class Format(StrEnum):
    """How a report is sent."""

    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


MEDIA_TYPES = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv",
    Format.PARQUET: "application/vnd.apache.parquet",
}
"""RFC 8259 and 4180, and the type that IANA has for Parquet."""
IN_MEMORY_BYTES = 8 * 1024 * 1024
"""A larger file is put on the disk while it is made and sent."""
PIECE_BYTES = 64 * 1024

_ARROW_TYPES = {
    **dict.fromkeys(("int2", "int4", "int8"), DataType.int64()),
    **dict.fromkeys(("float4", "float8", "numeric"), DataType.float64()),
    "bool": DataType.bool(),
    "date": DataType.date32(),
    "timestamptz": DataType.timestamp("us", tz="UTC"),
}


async def as_file(name: str, format: Format, extracts: AsyncIterator[Extract]) -> StreamingResponse:
    """All rows, made before anything is sent: the database does not wait for whoever reads slowly.

    Numbers, days and times keep their types, everything else is text; what has an inner structure is JSON.
    """
    file: IO[bytes] = SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115 (closed once it is sent)
    try:
        await _WRITERS[format](file, extracts)
    except BaseException:
        file.close()
        raise
    headers = {"Content-Length": str(file.tell())}
    if format is not Format.JSON:
        headers["Content-Disposition"] = f'attachment; filename="{name}.{format}"'
    file.seek(0)
    return StreamingResponse(_sent(file), media_type=MEDIA_TYPES[format], headers=headers)


def _sent(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE_BYTES):
            yield piece


async def _json(file: IO[bytes], extracts: AsyncIterator[Extract]) -> None:
    file.write(b'{"rows":[')
    between = b""
    async for extract in extracts:
        for row in extract.rows:
            file.write(between + orjson.dumps(row, default=_plain))
            between = b","
    file.write(b"]}")


def _plain(value: Any) -> float | str:
    """What the driver has types of its own for."""
    return float(value) if isinstance(value, Decimal) else str(value)


async def _csv(file: IO[bytes], extracts: AsyncIterator[Extract]) -> None:
    lines = TextIOWrapper(file, "utf-8", newline="")
    writer = csv.writer(lines, lineterminator="\n")
    headed = False
    async for extract in extracts:
        if not headed:
            writer.writerow(extract.types)
            headed = True
        writer.writerows([_text(value) for value in row.values()] for row in extract.rows)
    lines.flush()
    lines.detach()


async def _parquet(file: IO[bytes], extracts: AsyncIterator[Extract]) -> None:
    batches = [_batch(extract) async for extract in extracts]
    write_parquet(RecordBatchReader.from_batches(batches[0].schema, batches), file)


def _batch(extract: Extract) -> RecordBatch:
    columns = {name: _column(name, kind, extract) for name, kind in extract.types.items()}
    schema = Schema([Column(name, array.type, nullable=True) for name, array in columns.items()])
    return RecordBatch.from_arrays(list(columns.values()), schema=schema)


def _column(name: str, kind: str, extract: Extract) -> Array:
    """From text, which Arrow casts to any type."""
    text = Array([_text(row[name]) for row in extract.rows], type=DataType.utf8())
    return text.cast(_ARROW_TYPES.get(kind, DataType.utf8()))


def _text(value: Any) -> str | None:
    match value:
        case None | str():
            return value
        case dict() | list():
            return orjson.dumps(value).decode()
        case bool():
            return str(value).lower()
        case date() | datetime():
            return value.isoformat()
    return str(value)


_WRITERS: dict[Format, Callable[[IO[bytes], AsyncIterator[Extract]], Any]] = {
    Format.JSON: _json,
    Format.CSV: _csv,
    Format.PARQUET: _parquet,
}
