"""Reports as files: CSV for spreadsheets, Parquet for data tools."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from io import BytesIO
from typing import Any

from arro3.core import Array, DataType, Table
from arro3.io import write_csv, write_parquet
from fastapi import Response
from pydantic import BaseModel


class Format(StrEnum):
    """How a report is sent."""

    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


MEDIA_TYPES = {Format.CSV: "text/csv", Format.PARQUET: "application/vnd.apache.parquet"}
"""RFC 4180, and the type that IANA has for Parquet."""

_ARROW_TYPES = {int: DataType.int64(), date: DataType.date32()}


def as_file(name: str, row_class: type[BaseModel], rows: Sequence[BaseModel], format: Format) -> Response:
    """Rows of one model as a file; whole numbers and days keep their types, everything else is text."""
    fields = row_class.model_fields
    columns = [_column([getattr(row, name) for row in rows], field.annotation) for name, field in fields.items()]
    file = BytesIO()
    write = write_csv if format is Format.CSV else write_parquet
    write(Table.from_arrays(columns, names=list(fields)), file)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{format}"'}
    return Response(file.getvalue(), media_type=MEDIA_TYPES[format], headers=headers)


def _column(values: list[Any], annotation: Any) -> Array:
    """From text, which Arrow casts to any type."""
    text = Array([None if value is None else str(value) for value in values], type=DataType.utf8())
    return text.cast(_ARROW_TYPES.get(annotation, DataType.utf8()))
