"""Key figures and reports."""

from pydantic import BaseModel

from api.rest.schemas.base import example
from domain.kernel.money import Currency


class KeyFigures(BaseModel):
    """The cars as they are now; what has come since: who registered, trips that ended, what was invoiced.

    `gross_minor` is in minor units, by currency.
    """

    model_config = example(
        {
            "available": 603,
            "reserved": 12,
            "in_trip": 25,
            "out_of_service": 4,
            "members": 1200,
            "trips": 340,
            "invoices": 340,
            "gross_minor": {"EUR": 271_300},
        }
    )

    available: int
    reserved: int
    in_trip: int
    out_of_service: int
    members: int
    trips: int
    invoices: int
    gross_minor: dict[Currency, int]


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
