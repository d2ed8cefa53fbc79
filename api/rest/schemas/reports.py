"""Key figures and reports."""

from pydantic import BaseModel

from api.rest.schemas.base import example
from domain.kernel.money import Currency


class KeyFigures(BaseModel):
    """How a service stands now; `gross_minor` is all that was invoiced, in minor units."""

    model_config = example(
        {
            "available": 603,
            "reserved": 12,
            "in_trip": 25,
            "members": 1200,
            "trips": 340,
            "invoices": 340,
            "gross_minor": 271_300,
            "currency": "EUR",
        }
    )

    available: int
    reserved: int
    in_trip: int
    members: int
    trips: int
    invoices: int
    gross_minor: int
    currency: Currency | None


class ReportColumn(BaseModel):
    """What a column of a report means."""

    name: str
    about: str


class ReportDescription(BaseModel):
    """A report, and what each of its rows is."""

    name: str
    about: str
    columns: list[ReportColumn]


class Reports(BaseModel):
    """Every report that can be asked for."""

    model_config = example(
        {
            "reports": [
                {
                    "name": "fleet_days",
                    "about": "One row per day, service and city.",
                    "columns": [{"name": "trips", "about": "Trips that ended."}],
                }
            ]
        }
    )

    reports: list[ReportDescription]


CSV_EXAMPLE = """\
day,service,city_id,trips,driving_s,parked_s,distance_m,revenue_minor,currency
2027-01-05,drivenow-europe,berlin,340,421600,61200,2312000,271300,EUR
"""
JSON_EXAMPLE = {
    "rows": [
        {
            "day": "2027-01-05",
            "service": "drivenow-europe",
            "city_id": "berlin",
            "trips": 340,
            "driving_s": 421_600,
            "parked_s": 61_200,
            "distance_m": 2_312_000,
            "revenue_minor": 271_300,
            "currency": "EUR",
        }
    ]
}
