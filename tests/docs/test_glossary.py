"""The glossary maps every state that a car or a trip can have, and has every aggregate."""

import re
from pathlib import Path
from typing import get_args

import pytest

from domain import contexts
from domain.fleet.vehicle import VehicleState
from domain.rental.steps import TripState

GLOSSARY = (Path(__file__).parents[2] / "docs" / "reference" / "glossary.md").read_text("utf-8")

MDS_STATES = {
    "removed", "available", "non_operational", "reserved", "on_trip", "stopped", "non_contactable", "elsewhere",
}  # fmt: skip
"""Those of the mode car share."""
MDS_EVENTS = {
    "comms_lost", "comms_restored", "customer_cancellation", "decommissioned", "maintenance", "provider_cancellation",
    "recommissioned", "reservation_start", "reservation_stop", "service_end", "service_start", "trip_end",
    "trip_resume", "trip_start", "trip_stop",
}  # fmt: skip
"""Those that can happen here."""


def rows(section: str) -> list[list[str]]:
    text = GLOSSARY.split(f"\n## {section}\n")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines[1:]]


def named(cell: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", cell))


@pytest.mark.parametrize(
    ("section", "states"), [("States of a vehicle", get_args(VehicleState)), ("States of a trip", list(TripState))]
)
def test_every_state_is_mapped_and_no_other(section: str, states: list[str]) -> None:
    assert sorted(row[0] for row in rows(section)) == sorted(f"`{state}`" for state in states)


@pytest.mark.parametrize("section", ["States of a vehicle", "States of a trip"])
def test_a_state_is_mapped_to_states_and_events_that_mds_has(section: str) -> None:
    for row in rows(section):
        known = {*MDS_STATES, *MDS_EVENTS, *get_args(VehicleState)}

        assert named(row[1]) <= MDS_STATES
        assert named("".join(row[2:3])) <= known


def test_every_aggregate_is_a_term() -> None:
    terms = {term for line in GLOSSARY.splitlines() for term in line.removeprefix("| ").split(" | ")[0].split(", ")}
    names = {re.sub(r"(?<=[a-z])(?=[A-Z])", " ", a.__name__).lower() for a in contexts.AGGREGATES.values()}

    assert names - {"published rulebook"} <= terms
    assert {"publication", "rulebook"} <= terms
