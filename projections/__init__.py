"""Remembers for queries: one projector per read model, its tables' SQL beside it. Nothing is decided here."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from projections.analysis import AnalysisProjector
from projections.billing import BillingProjector
from projections.debits import DebitsProjector
from projections.event_log import EventLogProjector
from projections.fleet import FleetProjector
from projections.kernel.projector import Projector
from projections.ledger import LedgerProjector
from projections.members import MembersProjector
from projections.rental import RentalProjector
from projections.transfers import TransfersProjector
from projections.utilisation import UtilisationProjector

PROJECTORS: tuple[Projector, ...] = (
    MembersProjector(),
    FleetProjector(),
    RentalProjector(),
    BillingProjector(),
    TransfersProjector(),
    DebitsProjector(),
    LedgerProjector(),
    UtilisationProjector(),
    AnalysisProjector(),
    EventLogProjector(),
)


_HERE = Path(__file__).parent


def _demand_sql() -> str:
    """The views over what is counted beside the log, which no projector makes."""
    return (_HERE / "reports" / "demand.sql").read_text()


def shared_sql() -> str:
    """The SQL of what all read models share; running it again changes nothing."""
    return (_HERE / "shared.sql").read_text() + _demand_sql()


class Report(NamedTuple):
    """A view for analysts, as its comments describe it."""

    name: str
    about: str
    columns: Mapping[str, str]
    """By name, what each means."""


_COMMENT = re.compile(r"^comment on \w+ reports\.(\w+)\.?(\w*) is '(.*)';$", re.MULTILINE)


def reports() -> dict[str, Report]:
    """Every view of the schema `reports`, by name."""
    found: dict[str, dict[str, str]] = {}
    for sql in (*(projector.reports_sql() for projector in PROJECTORS), _demand_sql()):
        for name, column, about in _COMMENT.findall(sql):
            found.setdefault(name, {})[column] = about.replace("''", "'")
    return {name: Report(name, said.pop(""), said) for name, said in found.items()}
