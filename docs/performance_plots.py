"""Draws the plots of docs/performance.md from the figures that were measured."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

IMAGES = Path("docs/images")
OURS, THEIRS, THIRD = "#1f6fb2", "#8a8a8a", "#c8553d"


def draw(figures: dict[str, Any]) -> None:
    """Write one SVG for each group of curves that was measured."""
    mpl.rcParams.update({"svg.hashsalt": "csbe", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10})
    if "curves" in figures:
        _save(_throughput_and_latency(figures["curves"]), "append-by-clients.svg")
    if "growth" in figures:
        _save(_cost_against_size(figures["growth"]), "cost-by-log-size.svg")


def _throughput_and_latency(curves: dict[str, Sequence[float]]) -> Figure:
    figure, (rates, times) = _side_by_side()
    clients = curves["clients"]
    _line(rates, clients, curves["events_per_s"], "CSBE", OURS)
    _line(rates, clients, curves["stock_events_per_s"], "stock recorder", THEIRS)
    _line(times, clients, curves["p99_ms"], "99th percentile", THIRD)
    _line(times, clients, curves["p50_ms"], "median", OURS)
    _axes(rates, "clients", "events appended per second")
    _axes(times, "clients", "milliseconds for one append (CSBE)")
    return figure


def _cost_against_size(growth: dict[str, Sequence[float]]) -> Figure:
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    names = {"append_us": ("append, 32 clients", OURS), "load_us": ("load", THIRD), "query_us": ("query", THEIRS)}
    for key, (label, colour) in names.items():
        _line(axes, growth["log_size"], growth[key], label, colour)
    _axes(axes, "events in the log", "microseconds for one")
    axes.set_xscale("log")
    return figure


def _side_by_side() -> tuple[Figure, tuple[Axes, Axes]]:
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for axes in (left, right):
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter("{x:.0f}")
    return figure, (left, right)


def _line(axes: Axes, x: Sequence[float], y: Sequence[float], label: str, colour: str) -> None:
    axes.plot(x, y, marker="o", markersize=4, label=label, color=colour)


def _axes(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_ylim(bottom=0, top=axes.get_ylim()[1] * 1.25)  # room for the legend
    axes.grid(visible=True, color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper left")


def _save(figure: Figure, name: str) -> None:
    figure.savefig(IMAGES / name, metadata={"Date": None})
