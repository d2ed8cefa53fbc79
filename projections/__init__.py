"""Remembers for queries: one projector per read model, its tables' SQL beside it. Nothing is decided here."""

from pathlib import Path

from projections.billing import BillingProjector
from projections.event_log import EventLogProjector
from projections.fleet import FleetProjector
from projections.kernel.projector import Projector
from projections.members import MembersProjector
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


def shared_sql() -> str:
    """The SQL of what all read models share; running it again changes nothing."""
    return (Path(__file__).parent / "shared.sql").read_text()
