"""Key figures and reports."""

from datetime import date

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


class Day(BaseModel):
    """One day of a city's fleet, by the city's own clock; `revenue_minor` is net, in minor units."""

    day: date
    city_id: str
    trips: int
    driving_s: int
    parked_s: int
    distance_m: int
    revenue_minor: int
    currency: Currency | None


CSV_EXAMPLE = """\
day,city_id,trips,driving_s,parked_s,distance_m,revenue_minor,currency
2027-01-05,berlin,340,421600,61200,2312000,271300,EUR
"""


class Utilisation(BaseModel):
    """Days, newest first."""

    model_config = example(
        {
            "days": [
                {
                    "day": "2027-01-05",
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
    )

    days: list[Day]
