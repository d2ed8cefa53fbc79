"""Reports over HTTP: how a service stands, and every view that analysts have."""

from contextlib import aclosing
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Depends
from fastapi.responses import StreamingResponse

import projections
from api.auth import Allowed, Caller
from api.problems import Problem
from api.reads import note
from api.rest.commands import InSystem
from api.rest.export import MEDIA_TYPES, Format, as_file
from api.rest.routing import Answers, Router
from api.rest.schemas.base import Moment, Word
from api.rest.schemas.reports import CSV_EXAMPLE, JSON_EXAMPLE, KeyFigures, ReportColumn, ReportDescription, Reports
from api.visibility import SEES, Kind, kind_of_column

router = Router(prefix="/v1/reports", tags=["reports"])

Analyst = Annotated[Caller, Depends(Allowed("reports:read"))]

_FIGURES = """
with billed as (
    select currency, count(*) as invoices, sum(gross_minor)::bigint as gross_minor
    from read_v1.invoices where service = $1 and issued_at >= $2 group by currency
)
select
    (select count(*) from read_v1.vehicles where service = $1 and state = 'available') as available,
    (select count(*) from read_v1.vehicles where service = $1 and state = 'reserved') as reserved,
    (select count(*) from read_v1.vehicles where service = $1 and state = 'in_trip') as in_trip,
    (select count(*) from read_v1.vehicles where service = $1 and state = 'out_of_service') as out_of_service,
    (select count(*) from read_v1.members where service = $1 and registered_at >= $2) as members,
    (select count(*) from read_v1.trips where service = $1 and ended_at >= $2) as trips,
    (select coalesce(sum(invoices), 0)::bigint from billed) as invoices,
    (select coalesce(jsonb_object_agg(currency, gross_minor), '{}') from billed) as gross_minor
"""
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
REPORTS = projections.reports()
ReportName = StrEnum("ReportName", [(name.upper(), name) for name in REPORTS])  # type: ignore[misc]  # made of the SQL


class Period(StrEnum):
    """What the rows of a report add up."""

    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


_DAYS = ("day", "starts_on", "month", "issued_on")
_TIMES = ("recorded_at", "requested_at", "placed_at", "raised_at", "changed_at", "registered_at")
"""By which column a report is cut, whichever it has."""
_FILES: Answers = {
    200: {
        "description": "The rows, oldest first.",
        "content": {
            MEDIA_TYPES[Format.JSON]: {
                "schema": {
                    "type": "object",
                    "properties": {"rows": {"type": "array", "items": {"type": "object"}}},
                    "required": ["rows"],
                },
                "example": JSON_EXAMPLE,
            },
            MEDIA_TYPES[Format.CSV]: {"schema": {"type": "string"}, "example": CSV_EXAMPLE},
            MEDIA_TYPES[Format.PARQUET]: {"schema": {"type": "string", "format": "binary"}, "example": "PAR1..."},
        },
    }
}


@router.get("", dependencies=[Depends(Allowed("reports:read"))])
async def list_reports() -> Reports:
    """Every report, with what its rows and columns mean."""
    return Reports(
        reports=[
            ReportDescription(
                name=report.name,
                about=report.about,
                columns=[ReportColumn(name=name, about=about) for name, about in report.columns.items()],
            )
            for report in REPORTS.values()
        ]
    )


@router.get("/key-figures")
async def get_key_figures(by: Analyst, system: InSystem, since: Moment | None = None) -> KeyFigures:
    """How the service stands now, and what has come of it since a moment, or since it began."""
    [figures] = await system.fetch(_FIGURES, by.service, since or _EVER)
    return KeyFigures(**figures)


@router.get("/{name}", response_class=StreamingResponse, responses=_FILES)
async def get_report(
    name: ReportName,
    by: Analyst,
    system: InSystem,
    *,
    since: date | None = None,
    until: date | None = None,
    city_id: Word | None = None,
    period: Period | None = None,
    format: Format = Format.JSON,
) -> StreamingResponse:
    """All rows of a report, of the days from `since` to `until`, of one city, of periods of one length."""
    chosen = {"since": since, "until": until, "city_id": city_id, "period": period}
    query, values = _query(REPORTS[name], {key: value for key, value in chosen.items() if value is not None}, by)
    await note(system, by, f"GET /v1/reports/{name}", "reports:read", [None] if _names_members(REPORTS[name]) else [])
    try:
        async with aclosing(system.extract(query, by.service, *values)) as extracts:
            return await as_file(name, format, extracts)
    except TimeoutError as error:
        raise Problem(503, "report-too-long", "Takes too long", "ask for fewer days") from error


def _names_members(report: projections.Report) -> bool:
    return any(kind_of_column(report.name, column) is Kind.PERSON for column in report.columns)


def _query(report: projections.Report, chosen: dict[str, Any], by: Caller) -> tuple[str, list[Any]]:
    """The SQL of what somebody may see of a report. Raises `Problem` where it has no column for what is asked."""
    shown = [column for column in report.columns if kind_of_column(report.name, column) in SEES[by.role]]
    day = next((name for name in _DAYS if name in report.columns), None)
    time = next((name for name in _TIMES if name in report.columns), None)
    cut_by = day or (f"({time} at time zone 'UTC')::date" if time else None)
    columns = {"since": f"{cut_by} >=", "until": f"{cut_by} <=", "city_id": "city_id =", "period": "period ="}
    for key in chosen:
        if (cut_by is None) if key in {"since", "until"} else key not in report.columns:
            raise Problem.invalid(key, f"the report {report.name} cannot be cut by it")
    kept = [f"{columns[key]} ${number}" for number, key in enumerate(chosen, 2)]
    where = " and ".join(["service = $1", *kept])
    order = f" order by {day or time}" if cut_by else ""
    return f"select {', '.join(shown)} from reports.{report.name} where {where}{order}", list(chosen.values())  # noqa: S608 (our names)
