"""Key figures and reports, and whether the process is well."""

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel

from api.rest.schemas.common import example
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
    """One day of a city's fleet, by the city's own clock."""

    day: date
    city_id: str
    trips: int
    driving_s: int
    distance_m: int
    revenue_minor: int
    currency: Currency | None


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
                    "distance_m": 2_312_000,
                    "revenue_minor": 271_300,
                    "currency": "EUR",
                }
            ]
        }
    )

    days: list[Day]


class Alive(BaseModel):
    """The process answers."""

    model_config = example({"status": "ok"})

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether each thing that the process needs answers too."""

    model_config = example({"status": "ready", "checks": {"database": True, "projections": True}})

    status: Literal["ready", "not ready"]
    checks: dict[str, bool]


class KeySet(BaseModel):
    """The public keys that tokens are checked by (RFC 7517)."""

    model_config = example(
        {
            "keys": [
                {
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                    "kid": "csbe-1",
                    "use": "sig",
                    "alg": "EdDSA",
                }
            ]
        }
    )

    keys: list[dict[str, Any]]  # members by key type, as RFC 7517 has them
