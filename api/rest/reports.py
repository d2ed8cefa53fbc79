"""Reports over HTTP: how a service stands, and how its fleet is used and what it earns."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from api.auth import Allowed, Caller
from api.rest.commands import InSystem
from api.rest.export import MEDIA_TYPES, Format, as_file
from api.rest.schemas.base import Word
from api.rest.schemas.reports import CSV_EXAMPLE, Day, KeyFigures, Utilisation

router = APIRouter(prefix="/v1/reports", tags=["reports"])

Analyst = Annotated[Caller, Depends(Allowed("reports:read"))]

_FIGURES = """
select
    (select count(*) from read_v1.vehicles where service = $1 and state = 'available') as available,
    (select count(*) from read_v1.vehicles where service = $1 and state = 'reserved') as reserved,
    (select count(*) from read_v1.vehicles where service = $1 and state = 'in_trip') as in_trip,
    (select count(*) from read_v1.members where service = $1) as members,
    (select count(*) from read_v1.trips where service = $1 and ended_at is not null) as trips,
    (select count(*) from read_v1.invoices where service = $1) as invoices,
    (select coalesce(sum(gross_minor), 0)::bigint from read_v1.invoices where service = $1) as gross_minor,
    (select min(currency) from read_v1.invoices where service = $1) as currency
"""
_UTILISATION = """
select day, city_id, trips, driving_s, parked_s, distance_m, revenue_minor, currency from read_v1.fleet_days
where service = $1 and ($2::date is null or day >= $2) and ($3::date is null or day <= $3)
and ($4::text is null or city_id = $4)
order by day desc, city_id limit 10000
"""
_FILES: dict[int | str, dict[str, Any]] = {  # FastAPI's type of additional answers
    200: {
        "content": {
            MEDIA_TYPES[Format.CSV]: {"schema": {"type": "string"}, "example": CSV_EXAMPLE},
            MEDIA_TYPES[Format.PARQUET]: {"schema": {"type": "string", "format": "binary"}, "example": "PAR1..."},
        }
    }
}


@router.get("/key-figures")
async def key_figures(by: Analyst, system: InSystem) -> KeyFigures:
    """How the service stands now."""
    [figures] = await system.fetch(_FIGURES, by.service)
    return KeyFigures(**figures)


@router.get("/utilisation", response_model=Utilisation, responses=_FILES)
async def utilisation(
    by: Analyst,
    system: InSystem,
    since: date | None = None,
    until: date | None = None,
    city_id: Word | None = None,
    format: Format = Format.JSON,
) -> Utilisation | Response:
    """Trips, times, distance and net revenue per day and city, both days included; newest first."""
    days = [Day(**row) for row in await system.fetch(_UTILISATION, by.service, since, until, city_id)]
    return Utilisation(days=days) if format is Format.JSON else as_file("utilisation", Day, days, format)
