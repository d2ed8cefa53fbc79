"""The queries that the guide for analysts shows, each by the name of the plot that stands below it."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/how-to/query-the-reports.md"
FOLDER = Path(__file__).parents[2] / "docs/images/reports"

_QUERY = re.compile(
    r"```sql\n(?P<sql>select .*?)```\n\n(?:!\[[^\]]+\]\(\.\./images/reports/(?P<plot>[\w-]+)\.svg\))?", re.DOTALL
)


def queries() -> dict[str, str]:
    """All of them. Raises `ValueError` when one has no plot of its own."""
    found = [(match["plot"], match["sql"]) for match in _QUERY.finditer(PAGE.read_text("utf-8") + "\n\n")]
    plots = [plot for plot, _ in found]
    if None in plots or len(set(plots)) < len(plots):
        raise ValueError(f"each query of {PAGE.name} needs a plot of its own below it: {plots}")
    return dict(found)
