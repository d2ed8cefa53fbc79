"""Whatever a car may say of itself, for Hypothesis."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from domain.fleet.state import Observation
from domain.kernel.ids import derived_id
from domain.kernel.units import Position

NOW = datetime(2020, 6, 1, 12, tzinfo=UTC)
_ZONES = [derived_id("zone", number) for number in range(3)]
_PLACES = [Position(latitude=52.52, longitude=13.41), Position(latitude=52.53, longitude=13.37)]
_on_or_off = st.none() | st.booleans()
_values: dict[str, st.SearchStrategy[Any]] = {  # each kind of reading has its own type
    "position": st.none() | st.sampled_from(_PLACES),
    "locked": _on_or_off,
    "doors_closed": _on_or_off,
    "ignition_on": _on_or_off,
    "plugged_in": _on_or_off,
    "dirty": _on_or_off,
    "energy_percent": st.none() | st.sampled_from([0.0, 15.0, 16.0, 24.0, 25.0, 100.0]),
    "fault_codes": st.none() | st.sampled_from([(), ("P0301",), ("P0301", "P0420")]),
    "zones": st.none() | st.sets(st.sampled_from(_ZONES)).map(lambda zones: tuple(sorted(zones))),
}
KINDS = tuple(_values)


def _observation(second: int, said: dict[str, Any]) -> Observation:
    return Observation(observed_at=NOW + timedelta(seconds=second), **said)


observations = st.builds(_observation, st.integers(0, 20), st.fixed_dictionaries(_values))
"""One message of a car; often two were measured at the same second."""


def said(kind: str, seen: list[Observation]) -> list[tuple[datetime, Any]]:
    """What was said of one kind, each with its time, in the order in which it arrived."""
    return [(o.observed_at, getattr(o, kind)) for o in seen if getattr(o, kind) is not None]
