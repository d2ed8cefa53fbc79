"""Remembers for queries: one projector per read model, its tables' SQL beside it. Nothing is decided here."""

from pathlib import Path

from projections.billing import BillingProjector
from projections.event_log import EventLogProjector
from projections.fleet import FleetProjector
from projections.members import MembersProjector
from projections.projector import Projector
from projections.rental import RentalProjector
from projections.utilisation import UtilisationProjector

PROJECTORS: tuple[Projector, ...] = (
    MembersProjector(),
    FleetProjector(),
    RentalProjector(),
    BillingProjector(),
    UtilisationProjector(),
    EventLogProjector(),
)


def schema_sql() -> str:
    """The SQL of all read models and of the views for analysts; running it again changes nothing."""
    functions, reports = ((Path(__file__).parent / f"{name}.sql").read_text() for name in ("functions", "reports"))
    return "\n".join(["create schema if not exists read_v1;", functions, *(p.schema() for p in PROJECTORS), reports])
