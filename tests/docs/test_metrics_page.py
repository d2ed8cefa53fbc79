"""The metrics page names every metric, and no other."""

import re
from pathlib import Path

from prometheus_client import REGISTRY

import api.observability

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"


def test_the_page_names_every_metric_and_no_other() -> None:
    assert api.observability.COMMANDS
    counters = {f"{m.name}_total" for m in REGISTRY.collect() if m.name.startswith("csbe_") and m.type == "counter"}
    others = {m.name for m in REGISTRY.collect() if m.name.startswith("csbe_") and m.type != "counter"}

    assert set(re.findall(r"^\| `(csbe_\w+)`", PAGE.read_text(), re.MULTILINE)) == counters | others
