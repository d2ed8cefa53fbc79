"""Writes docs/performance.md from build/benchmarks.json; `nox -s benchmarks` runs it after measuring."""

import json
import os
import platform
from pathlib import Path

FIGURES = Path("build/benchmarks.json")
PAGE = Path("docs/performance.md")


def main() -> None:
    """One row for each figure."""
    figures: dict[str, float] = json.loads(FIGURES.read_text("utf-8"))
    rows = [f"| `{name}` | {value:,.2f} |" for name, value in sorted(figures.items())]
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    text = "\n".join(
        [
            "# Performance",
            "",
            f"Measured by `nox -s benchmarks` on {machine}.",
            "",
            "| figure | value |",
            "|---|---:|",
            *rows,
        ]
    )
    PAGE.write_text(text + "\n", "utf-8")


main()
