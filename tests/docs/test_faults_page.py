"""The page of faults names every fault that the simulator has, no other, and metrics that there are."""

import re
from pathlib import Path

from adapters.simulator.faults import FAULTS

DOCS = Path(__file__).parents[2] / "docs" / "reference"
PAGE = (DOCS / "faults-of-cars.md").read_text("utf-8")


def test_the_page_names_every_fault_and_no_other() -> None:
    assert set(re.findall(r"^\| `([\w-]+)` \|", PAGE, re.MULTILINE)) == set(FAULTS)


def test_the_metrics_that_it_names_are_on_their_page() -> None:
    known = set(re.findall(r"^\| `(csbe_\w+)`", (DOCS / "metrics.md").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"`(csbe_\w+)`", PAGE)) <= known
