"""Draws the plots of docs/how-to/query-the-reports.md from what its queries answered: build/reports.json.

`nox -s report_plots` makes up the months that are asked about, and runs it.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import h3
import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.dates import ConciseDateFormatter
from matplotlib.figure import Figure

ANSWERS = Path("build/reports.json")
IMAGES = Path("docs/images/reports")
COLOURS = ("#1f6fb2", "#c8553d", "#8a8a8a", "#e0a030", "#5a9367", "#7a5ea8", "#c9c9c9")
HEAT = "YlOrBr"
STAGES = ("searches", "searches_with_cars", "quotes", "reservations", "trips")
MOST_REASONS = 6
"""Reasons that have a colour of their own; the others share one."""

Rows = Sequence[dict[str, Any]]


def main() -> None:
    """Draw all of them. Exits when the answers are not those that are drawn."""
    answers: dict[str, Rows] = json.loads(ANSWERS.read_text("utf-8"))
    if different := answers.keys() ^ PLOTS.keys():
        raise SystemExit(f"answers and plots differ: {', '.join(sorted(different))}; run `nox -s report_plots`")
    mpl.rcParams.update({"svg.hashsalt": "csbe", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9})
    IMAGES.mkdir(exist_ok=True)
    for name, plot in PLOTS.items():
        figure = Figure(figsize=(7.5, 2.9), layout="constrained")
        plot(figure, answers[name])
        figure.savefig(IMAGES / f"{name}.svg", metadata={"Date": None})


def _revenue_by_week(figure: Figure, rows: Rows) -> None:
    axes = _dated(figure)
    for colour, (city, of_city) in zip(COLOURS, _by(rows, "city_id"), strict=False):
        axes.plot(_days(of_city, "week"), _numbers(of_city, "net"), marker="o", markersize=3, color=colour, label=city)
    _named(axes, "EUR in a week, net")


def _documents(figure: Figure, rows: Rows) -> None:
    axes = figure.subplots()
    net, tax = (_numbers(rows, f"{part}_minor", per=100) for part in ("net", "tax"))
    sellers = [row["seller"] for row in rows]
    axes.barh(sellers, net, color=COLOURS[0], label="net")
    axes.barh(sellers, tax, left=net, color=COLOURS[1], label="tax")
    axes.set_xlabel("EUR in March")
    _plain(axes, grid="x")


def _unpaid(figure: Figure, rows: Rows) -> None:
    axes = figure.subplots()
    axes.bar(_numbers(rows, "days"), _numbers(rows, "open_minor", per=100), color=COLOURS[0])
    axes.set_xlabel("days since the invoice")
    axes.set_ylabel("EUR still to be paid")
    _plain(axes)


def _revenue_by_car(figure: Figure, rows: Rows) -> None:
    left, right = figure.subplots(1, 2)
    for column, axes in (("per_car", left), ("utilisation", right)):
        _bars_by_month(axes, rows, column, "city_id")
    left.set_ylabel("EUR for a car in a month, net")
    right.set_ylabel("share of time in use")
    left.legend(frameon=False)


def _revenue_by_car_and_day(figure: Figure, rows: Rows) -> None:
    axes = _dated(figure)
    days = sorted({row["day"] for row in rows})
    cars = [car for car, _ in Counter(row["vehicle_id"] for row in rows).most_common()]
    earned = {(row["vehicle_id"], row["day"]): float(row["net"] or 0) for row in rows}
    cells = [[earned.get((car, day), 0.0) for day in days] for car in cars]
    mesh = axes.pcolormesh(
        [date.fromisoformat(day) for day in days], range(len(cars)), cells, cmap=HEAT, rasterized=True
    )
    figure.colorbar(mesh, label="EUR, net")
    axes.set_ylabel("cars, the busiest first")
    axes.invert_yaxis()


def _unmet_in_the_morning(figure: Figure, rows: Rows) -> None:
    _maps(figure, rows, "unmet", "searches without a car")


def _demand_by_zone(figure: Figure, rows: Rows) -> None:
    for axes, _, of_city in _side_by_side(figure, rows):
        unmet = {(row["zone"], row["hour"]): int(row["unmet"]) for row in of_city}
        zones = sorted({row["zone"] for row in of_city})
        heat = axes.imshow([[unmet.get((z, h), 0) for h in range(24)] for z in zones], cmap=HEAT, aspect="auto")
        axes.set_yticks(range(len(zones)), zones, fontsize=7)
        axes.set_xlabel("hour in the city")
        figure.colorbar(heat, ax=axes, label="searches without a car")


def _refusals_by_zone(figure: Figure, rows: Rows) -> None:
    often = _often(rows)
    for axes, _, of_city in _side_by_side(figure, rows):
        zones = sorted({row["zone"] for row in of_city})
        _stacked(axes, _reasons(of_city, "zone", often), zones)
        axes.set_xticks(range(len(zones)), zones, rotation=40, ha="right", fontsize=7)
        axes.set_ylabel("refusals")
    _legend(figure)


def _refusals_by_hour(figure: Figure, rows: Rows) -> None:
    axes = figure.subplots()
    _stacked(axes, _reasons(rows, "hour", _often(rows)), range(24))
    axes.set_xlabel("hour in the city")
    axes.set_ylabel("refusals")
    _legend(figure)


def _funnel(figure: Figure, rows: Rows) -> None:
    for axes, _, of_city in _side_by_side(figure, rows):
        months = sorted({row["starts_on"] for row in of_city})
        width = 0.8 / len(months)
        for number, row in enumerate(sorted(of_city, key=lambda row: row["starts_on"])):
            places = [stage + (number + 0.5) * width - 0.4 for stage in range(len(STAGES))]
            axes.bar(places, [row[stage] for stage in STAGES], width, color=COLOURS[number], label=row["starts_on"][:7])
        axes.set_xticks(range(len(STAGES)), [stage.replace("_", "\n", 1) for stage in STAGES], fontsize=7)
        _plain(axes)
    figure.axes[0].legend(frameon=False, fontsize=7)


def _idle_cells(figure: Figure, rows: Rows) -> None:
    _maps(figure, rows, "idle_h", "hours that cars waited")


def _flows(figure: Figure, rows: Rows) -> None:
    for axes, city, of_city in _side_by_side(figure, rows):
        trips: Counter[tuple[str, str]] = Counter()
        for row in of_city:
            trips[row["start_zone"], row["end_zone"]] += row["trips"]
        zones = sorted({zone for pair in trips for zone in pair})
        heat = axes.imshow([[trips[start, end] for end in zones] for start in zones], cmap=HEAT)
        axes.set_xticks(range(len(zones)), zones, rotation=40, ha="right", fontsize=7)
        axes.set_yticks(range(len(zones)), zones, fontsize=7)
        axes.set_title(f"{city}: from the left to below")
        figure.colorbar(heat, ax=axes, label="trips")


def _availability(figure: Figure, rows: Rows) -> None:
    axes = _dated(figure)
    for colour, (city, of_city) in zip(COLOURS, _by(rows, "city_id"), strict=False):
        axes.plot(_days(of_city, "day"), _numbers(of_city, "percent"), color=colour, linewidth=1, label=city)
    axes.set_ylim(top=100)
    _named(axes, "per cent of the time free")


def _retention(figure: Figure, rows: Rows) -> None:
    for axes, _, of_city in _side_by_side(figure, rows):
        cohorts = sorted({row["cohort"] for row in of_city})
        for row in of_city:
            place = (row["age"], cohorts.index(row["cohort"]))
            axes.text(*place, f"{row['percent']} %", ha="center", va="center", fontsize=8)
        ages = range(max(row["age"] for row in of_city) + 1)
        known = {(row["cohort"], row["age"]): row["percent"] for row in of_city}
        cells = [[known.get((cohort, age), float("nan")) for age in ages] for cohort in cohorts]
        axes.imshow(cells, cmap="Blues", vmin=0, vmax=160, aspect="auto")
        axes.set_xticks(ages)
        axes.set_yticks(range(len(cohorts)), [cohort[:7] for cohort in cohorts])
        axes.set_xlabel("months later")


PLOTS: dict[str, Callable[[Figure, Rows], None]] = {
    "revenue-by-week": _revenue_by_week,
    "documents": _documents,
    "unpaid": _unpaid,
    "revenue-by-car": _revenue_by_car,
    "revenue-by-car-and-day": _revenue_by_car_and_day,
    "unmet-in-the-morning": _unmet_in_the_morning,
    "demand-by-zone": _demand_by_zone,
    "refusals-by-zone": _refusals_by_zone,
    "refusals-by-hour": _refusals_by_hour,
    "funnel": _funnel,
    "idle-cells": _idle_cells,
    "flows": _flows,
    "availability": _availability,
    "retention": _retention,
}
"""By the name of the image below the query."""


def _maps(figure: Figure, rows: Rows, column: str, what: str) -> None:
    """A map of each city, whose cells are the darker the more there is of it."""
    for axes, _, of_city in _side_by_side(figure, rows):
        amounts: Counter[str] = Counter()
        for row in of_city:
            amounts[row["cell"]] += int(row[column])
        shapes = [[(east, north) for north, east in h3.cell_to_boundary(cell)] for cell in amounts]
        cells = PolyCollection(shapes, array=list(amounts.values()), cmap=HEAT, edgecolor="white")
        axes.add_collection(cells)
        axes.autoscale_view()
        axes.set_aspect(1.6)  # a degree of latitude is so much longer than one of longitude here
        axes.tick_params(labelsize=7)
        figure.colorbar(cells, ax=axes, label=what)


def _often(rows: Rows) -> list[str]:
    """The reasons that have a colour of their own."""
    counted: Counter[str] = Counter()
    for row in rows:
        counted[row["code"]] += int(row["asks"])
    return [code for code, _ in counted.most_common(MOST_REASONS)]


def _reasons(rows: Rows, column: str, often: Sequence[str]) -> dict[str, Counter[Any]]:
    """How often for each reason, by the values of a column."""
    reasons: dict[str, Counter[Any]] = {code: Counter() for code in [*often, "others"]}
    for row in rows:
        reasons[row["code"] if row["code"] in often else "others"][row[column]] += int(row["asks"])
    return reasons


def _stacked(axes: Axes, reasons: dict[str, Counter[Any]], places: Sequence[Any]) -> None:
    below, across = Counter[Any](), range(len(places))
    for colour, (code, counted) in zip(COLOURS, reasons.items(), strict=False):
        heights, feet = [counted[place] for place in places], [below[place] for place in places]
        axes.bar(across, heights, bottom=feet, color=colour, label=code)
        below += counted
    _plain(axes, legend=False)


def _legend(figure: Figure) -> None:
    """One for all panels, beside them."""
    found = {label: bar for axes in figure.axes for bar, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    figure.legend(found.values(), found.keys(), frameon=False, loc="outside right center", fontsize=8)


def _bars_by_month(axes: Axes, rows: Rows, column: str, group: str) -> None:
    months = sorted({row["starts_on"] for row in rows})
    groups = _by(rows, group)
    width = 0.8 / len(groups)
    for number, (name, members) in enumerate(groups):
        places = [months.index(row["starts_on"]) + (number + 0.5) * width - 0.4 for row in members]
        axes.bar(places, _numbers(members, column), width, color=COLOURS[number], label=name)
    axes.set_xticks(range(len(months)), [month[:7] for month in months])
    _plain(axes, legend=False)


def _dated(figure: Figure) -> Axes:
    axes: Axes = figure.subplots()
    axes.xaxis_date()
    axes.xaxis.set_major_formatter(ConciseDateFormatter(axes.xaxis.get_major_locator()))
    return axes


def _side_by_side(figure: Figure, rows: Rows) -> Iterator[tuple[Axes, str, Rows]]:
    """A panel for each city."""
    cities = _by(rows, "city_id")
    panels = figure.subplots(1, len(cities), squeeze=False)[0]
    for axes, (city, of_city) in zip(panels, cities, strict=True):
        axes.set_title(city)
        yield axes, city, of_city


def _named(axes: Axes, y: str) -> None:
    axes.set_ylabel(y)
    _plain(axes)


def _plain(axes: Axes, *, grid: str = "y", legend: bool = True) -> None:
    axes.grid(visible=True, axis=grid, color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    if legend and len(axes.get_legend_handles_labels()[0]) > 1:
        axes.legend(frameon=False)


def _by(rows: Rows, column: str) -> list[tuple[str, Rows]]:
    """Rows with the same value, in the order of the values."""
    return [(value, [row for row in rows if row[column] == value]) for value in sorted({row[column] for row in rows})]


def _days(rows: Rows, column: str) -> list[date]:
    return [date.fromisoformat(row[column]) for row in rows]


def _numbers(rows: Rows, column: str, *, per: int = 1) -> list[float]:
    return [float(row[column] or 0) / per for row in rows]


if __name__ == "__main__":
    main()
