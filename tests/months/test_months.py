"""The guide's queries, of which each has a plot, and months that are made up for it."""

import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.months.page import FOLDER, queries
from tests.months.told import lived, told
from tests.months.towns import BERLIN, Town
from tests.support.databases import empty_database, prepared

MARCH = datetime(2026, 3, 2, 5, tzinfo=UTC)
VILLAGE = Town(BERLIN.districts[:1], cars=6, members=24)
SCRIPT = Path(__file__).parents[2] / "docs/report_plots.py"


def drawn() -> set[str]:
    """The names in the script's list. It is read, not imported: what draws is not needed for tests."""
    [plots] = [
        node.value
        for node in ast.parse(SCRIPT.read_text("utf-8")).body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "PLOTS"
    ]
    assert isinstance(plots, ast.Dict)
    return {ast.literal_eval(key) for key in plots.keys if key}


def test_each_query_of_the_guide_has_a_plot_and_each_plot_a_query() -> None:
    asked = set(queries())

    assert asked == drawn() == {image.stem for image in FOLDER.glob("*.svg")}


@pytest.mark.slow
async def test_each_query_of_the_guide_answers_an_analyst_something_about_made_up_months(postgres_server: str) -> None:
    async with empty_database(postgres_server, "months") as owner_dsn:
        months = await lived(await prepared(owner_dsn), begin=MARCH, days=21, towns=(VILLAGE,))
        answers = await told(owner_dsn, queries(), months.end)

    assert [name for name, rows in answers.items() if not rows] == []
