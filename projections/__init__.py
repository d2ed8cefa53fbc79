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
    reports = (Path(__file__).parent / "reports.sql").read_text()
    return "\n".join(["create schema if not exists read_v1;", *(p.schema() for p in PROJECTORS), reports])
