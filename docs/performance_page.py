"""Puts the figures of build/benchmarks.json into docs/performance.md and draws its plots; the words there stay.

`nox -s benchmarks` runs it after measuring.
"""

import json
import operator
import os
import platform
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import performance_plots

FIGURES = Path("build/benchmarks.json")
PAGE = Path("docs/performance.md")
_PLACE = re.compile(r"(<!-- figures -->\n).*(<!-- end of figures -->)", re.DOTALL)

GOALS = {
    "append_vs_stock_32": ("≥", 25),
    "append_vs_stock_1": ("≥", 2),
    "append_vs_emmett_32": ("≥", 10),
    "append_p99_ms_32": ("≤", 5),
    "append_batch_vs_copy": ("≥", 0.4),
    "append_4proc_vs_1proc": ("≥", 0.8),
    "append_1e7_vs_1e5": ("≥", 0.83),
    "load_1e7_vs_1e5": ("≥", 0.83),
    "query_1e7_vs_1e5": ("≥", 0.83),
    "replay_events_per_s": ("≥", 20_000),
    "reserve_vs_noop": ("≥", 0.5),
    "ingest_vs_raw": ("≥", 0.5),
    "tracing_off_cost": ("<", 1),
    "quotes_per_s": ("≥", 20_000),
    "price_30_days_ms": ("≤", 10),
    "p99_beside_longest_quotes": ("<", 1.1),
    "overload_p99_vs_busy": ("≤", 2),
    "demo_first_page_s": ("≤", 15),
}
"""What each was to reach; the others are measured to explain these."""

REACHED: dict[str, Callable[[float, float], bool]] = {"≥": operator.ge, "≤": operator.le, "<": operator.lt}


def main() -> None:
    """The words of the page are written by hand around the place of the figures."""
    figures: dict[str, Any] = json.loads(FIGURES.read_text("utf-8"))
    table = "\n".join(["", _machine(figures["server"]), "", *_rows(figures), ""])
    text, places = _PLACE.subn(lambda place: place[1] + table + "\n" + place[2], PAGE.read_text("utf-8"))
    if not places:
        raise SystemExit(f"{PAGE} has no place for the figures")
    PAGE.write_text(text, "utf-8")
    performance_plots.draw(figures)


def _machine(server: str) -> str:
    software = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    return f"Measured with {os.cpu_count()} cores, {software}, {server}."


def _rows(figures: dict[str, Any]) -> list[str]:
    """Those with a goal first."""
    numbers = {name: value for name, value in figures.items() if isinstance(value, int | float)}  # curves are drawn
    order = [name for name in GOALS if name in numbers] + sorted(numbers.keys() - GOALS.keys())
    rows = [f"| `{name}` | {numbers[name]:,.2f} | {_goal(name, numbers[name])} |" for name in order]
    return ["| figure | measured | goal | reached |", "|---|---:|---:|---|", *rows]


def _goal(name: str, value: float) -> str:
    if name not in GOALS:
        return " | "
    sign, number = GOALS[name]
    return f"{sign} {number:,} | {'yes' if REACHED[sign](value, number) else '**no**'}"


main()
