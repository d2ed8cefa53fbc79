"""Tariffs and trips of every kind that the language has, for properties."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from domain.billing.pricing import Span, TripFacts
from domain.kernel.money import Currency, Money
from domain.rulebook.adjustments import (
    Cap,
    Credit,
    LadderCap,
    MinimumFare,
    Percentage,
    PercentageFee,
    Rounding,
    Rung,
)
from domain.rulebook.bookings import BookingRate, LateFee, LateRung
from domain.rulebook.conditions import Condition
from domain.rulebook.elements import Element, Package
from domain.rulebook.rates import AgreedAmount, Allowance, DistanceRate, FlatFee, ReservationRate, TimeRate, ZoneFee
from domain.rulebook.tariff import Tariff
from domain.rulebook.windows import Window
from tests.domain.billing.worked_tariffs import tariff as make_tariff

HOUR = 3600
CLOCKS = [time(0), time(2, 30), time(6), time(6, 30), time(21, 59, 30), time(22), time(23, 0, 0, 500_000)]
NAMES = ["airport", "toll", "gold"]

amounts = st.decimals(Decimal(0), Decimal(60), places=2)
rates = st.sampled_from([Decimal(r) for r in ("0.31", "0.2955", "1", "0.333333333", "0", "-0.31", "7.5")])
countings = st.sampled_from(["started", "completed", "exact", "reached"])
lengths = st.sampled_from([0, 1, 59, 60, 600, 1800, 3000, HOUR, HOUR + 1, 5 * HOUR, 24 * HOUR, 30 * HOUR])
periods = st.sampled_from([900, HOUR, 5 * HOUR, 24 * HOUR])
tails = st.none() | st.builds(Rung, until_s=periods, amount=amounts)
maybe = st.booleans()
windows = st.builds(
    Window,
    begins=st.sampled_from(CLOCKS),
    ends=st.sampled_from(CLOCKS),
    weekdays=st.none() | st.sets(st.integers(1, 7), min_size=1).map(lambda days: tuple(sorted(days))),
    season=st.none() | st.sampled_from([((4, 1), (10, 31)), ((11, 1), (3, 31))]),
    dates=st.none() | st.just((date(2019, 3, 30), date(2019, 3, 31), date(2019, 10, 27))),
)
some_windows = st.lists(windows, max_size=2).map(tuple)
conditions = st.none() | st.builds(
    Condition,
    option=st.none() | st.sampled_from(NAMES),
    begins=some_windows,
    start_zone=st.none() | st.sampled_from(NAMES),
    from_s=lengths,
    until_s=st.none() | lengths,
    in_package=maybe,
    booking=st.sampled_from([None, None, "kept", "cancelled", "no_show"]),
    cancelled_within_s=st.sampled_from([None, None, None, HOUR]),
    notice_from_s=st.sampled_from([None, None, None, 0, HOUR]),
    notice_until_s=st.sampled_from([None, None, None, 24 * HOUR]),
    start_energy_below=st.sampled_from([None, None, None, Decimal(25)]),
    end_energy_below=st.sampled_from([None, None, None, Decimal(10)]),
    end_energy_from=st.sampled_from([None, None, None, Decimal("90.5")]),
)
PHASES: list[Literal["driving", "parked", "any"]] = ["driving", "parked", "any"]


@st.composite
def adding(draw: st.DrawFn, id: str) -> Element:
    """An element that adds."""
    named: dict[str, Any] = {"id": id, "description": "", "when": draw(st.none() | conditions)}
    metered = {**named, "rate": draw(rates), "counting": draw(countings)}
    start_s = draw(lengths)
    kinds: dict[str, Any] = {
        "time": lambda: TimeRate(
            **metered,
            phase=draw(st.sampled_from(PHASES)),
            interval_s=draw(st.sampled_from([0, 7, 60, 300, 900, HOUR, 24 * HOUR])),
            start_s=start_s,
            end_s=draw(st.none() | lengths.map(lambda more: start_s + 1 + more)),
            clock=draw(st.sampled_from(["phase", "trip"])),
            calendar_day=draw(st.sampled_from([False, False, True])),
            windows=draw(some_windows),
            outside=draw(maybe),
            in_package=draw(maybe),
            free_each_s=draw(st.sampled_from([0, 0, 60, 1800])),
            step_s=draw(st.none() | st.sampled_from([1, 60, 900])),
        ),
        "distance": lambda: DistanceRate(
            **metered,
            interval=draw(st.sampled_from([Decimal(i) for i in ("0", "0.1", "1", "7.25")])),
            included=draw(amounts),
            included_once=draw(amounts),
            start=draw(amounts),
            included_every_s=draw(st.none() | periods),
            allowances=tuple(
                Allowance(until_s=until_s, every_s=draw(periods), more=draw(amounts))
                for until_s in sorted(draw(st.sets(periods, max_size=3)))
            ),
            end=draw(st.none() | st.decimals(Decimal(61), Decimal(200), places=1)),
        ),
        "reservation": lambda: ReservationRate(
            **metered, interval_s=draw(periods), free_s=draw(lengths), free_windows=draw(some_windows)
        ),
        "flat": lambda: FlatFee(**named, amount=draw(rates), option=draw(st.none() | st.sampled_from(NAMES))),
        "zone": lambda: ZoneFee(**named, amount=draw(amounts), start="airport", end=draw(st.none() | st.just("toll"))),
        "agreed": lambda: AgreedAmount(**named, name=draw(st.sampled_from(NAMES)), optional=True),
        "booking": lambda: BookingRate(
            **metered,
            time=draw(st.sampled_from(["booked", "unused", "late"])),
            interval_s=draw(periods),
            free_s=draw(st.sampled_from([0, 60, HOUR])),
        ),
        "late": lambda: LateFee(
            **named,
            rungs=tuple(
                LateRung(from_s=from_s, amount=Decimal(5 * n + 3))
                for n, from_s in enumerate(
                    sorted(draw(st.sets(st.sampled_from([1, 480, 900, HOUR, 24 * HOUR]), min_size=1)))
                )
            ),
        ),
    }
    element: Element = kinds[draw(st.sampled_from(["time", "time", "time", "distance", "distance", *kinds]))]()
    return element


@st.composite
def adjusting(draw: st.DrawFn, id: str, before: list[str]) -> Element:
    """An element that works on some of those before it, or on all."""
    covers = draw(st.none() | st.sets(st.sampled_from(before), min_size=1).map(lambda ids: tuple(sorted(ids))))
    named: dict[str, Any] = {"id": id, "description": "", "covers": covers, "when": draw(st.none() | conditions)}
    untils = draw(st.sets(periods, min_size=1).map(sorted))
    rungs = tuple(Rung(until_s=until, amount=Decimal(7 * n + 5)) for n, until in enumerate(untils))
    which = draw(st.sampled_from(["trip", "period", "day", "week", "month", "windows"]))
    kinds: dict[str, Any] = {
        "cap": lambda: Cap(
            **named,
            amount=draw(amounts),
            period_s=draw(periods) if which == "period" else None,
            calendar_day=which == "day",
            calendar_week=which == "week",
            calendar_month=which == "month",
            windows=draw(some_windows) if which == "windows" else (),
            beyond=draw(st.sampled_from(["metered", "started"])),
        ),
        "ladder": lambda: LadderCap(
            **named, rungs=rungs, tail=draw(tails), beyond=draw(st.sampled_from(["metered", "bracket"]))
        ),
        "minimum": lambda: MinimumFare(**named, amount=draw(amounts)),
        "percentage": lambda: Percentage(
            **named,
            percent=draw(st.decimals(Decimal(-100), Decimal(60), places=1)),
            not_below=draw(st.none() | amounts),
            at_most=draw(st.none() | amounts),
            from_s=draw(lengths),
            windows=draw(some_windows),
        ),
        "percentage_fee": lambda: PercentageFee(
            **named,
            percent=draw(st.sampled_from([Decimal(p) for p in ("0.5", "20", "33.3", "150")])),
            at_least=draw(st.none() | amounts),
            at_most=draw(st.none() | amounts),
        ),
        "credit": lambda: Credit(**named, amount=draw(amounts)),
        "rounding": lambda: Rounding(
            **named,
            to=draw(st.sampled_from([Decimal("0.05"), Decimal("0.5"), Decimal(3)])),
            direction=draw(st.sampled_from(["nearest", "up", "down"])),
        ),
    }
    element: Element = kinds[draw(st.sampled_from(["cap", "cap", "ladder", *kinds]))]()
    return element


@st.composite
def tariffs(draw: st.DrawFn) -> Tariff:
    """Up to eight elements in any order, packages, another city, another unit."""
    packages = tuple(
        Package(
            id=id,
            description="",
            amount=draw(amounts),
            duration_s=draw(lengths.filter(bool)),
            included=draw(amounts),
            when=draw(st.none() | conditions),
        )
        for id in draw(st.sampled_from([(), ("short",), ("short", "long")]))
    )
    elements: list[Element] = [draw(adding("e0"))]
    for n in range(1, draw(st.integers(2, 8))):
        before = [e.id for e in (*packages, *elements) if not isinstance(e, Cap | LadderCap | Percentage)]
        elements.append(draw(adding(f"e{n}") | adjusting(f"e{n}", before)))
    return make_tariff(
        "any",
        draw(st.sampled_from([Currency.EUR, Currency.JPY, Currency.KWD])),
        *elements,
        packages=packages,
        best_package=draw(maybe),
        distance_unit=draw(st.sampled_from(["km", "mi"])),
        timezone=draw(st.sampled_from(["Europe/Berlin", "America/St_Johns", "America/Santiago", "UTC"])),
    )


NIGHTS = [
    datetime(2019, 3, 31, 0, 30, tzinfo=ZoneInfo("Europe/Berlin")),
    datetime(2019, 10, 26, 23, 17, tzinfo=ZoneInfo("Europe/Berlin")),
    datetime(2019, 9, 7, 22, 5, tzinfo=ZoneInfo("America/Santiago")),
    datetime(2019, 4, 6, 21, 30, 0, 1, tzinfo=ZoneInfo("America/Santiago")),
    datetime(2019, 11, 1, 4, 59, 59, 999_999, tzinfo=UTC),
    datetime(2019, 6, 5, 18, tzinfo=UTC),
]
"""Jumps of the clock at night and at midnight, the end of a season, and a day like others."""


@st.composite
def trips(draw: st.DrawFn, tariff: Tariff) -> TripFacts:
    """Up to six stretches, most of them short, held before for a while, with choices."""
    started_at = draw(st.sampled_from(NIGHTS)).astimezone(UTC)
    held = timedelta(seconds=draw(lengths), microseconds=draw(st.sampled_from([0, 250_000])))
    span = st.builds(Span, phase=st.sampled_from(["driving", "parked"]), seconds=lengths | st.integers(0, 2 * HOUR))
    names = st.sets(st.sampled_from(NAMES)).map(tuple)
    agreed = st.dictionaries(
        st.sampled_from(NAMES),
        st.integers(-2_000, 5_000).map(lambda minor: Money(amount_minor=minor, currency=tariff.currency)),
    )
    booked = draw(st.none() | st.tuples(lengths, periods, st.sampled_from([0, 1, HOUR]), st.booleans()))
    booking: dict[str, Any] = {}
    if booked:
        before, length, ahead, cancelled = booked
        booked_from = started_at - timedelta(seconds=before, microseconds=draw(st.sampled_from([0, 250_000])))
        booking = {"booked_from": booked_from, "booked_until": booked_from + timedelta(seconds=length)}
        booking["booked_at"] = draw(st.none() | st.just(booked_from - timedelta(seconds=ahead + HOUR)))
        booking["cancelled_at"] = booked_from - timedelta(seconds=ahead) if cancelled else None
        booking["no_show"] = not cancelled and draw(maybe)
    levels = st.none() | st.sampled_from([0.0, 9.9, 10.0, 25.0, 90.4, 90.5, 100.0])
    return TripFacts(
        **booking,
        energy_start=draw(levels),
        energy_end=draw(levels),
        started_at=started_at,
        spans=tuple(draw(st.lists(span, max_size=6))),
        distance_m=draw(st.sampled_from([0, 999, 4_300, 61_000]) | st.integers(0, 250_000)),
        reserved_at=draw(st.none() | st.just(started_at - held)),
        start_zones=draw(names),
        end_zones=draw(names),
        options=draw(names),
        package=draw(st.sampled_from([None, *(p.id for p in tariff.packages)])),
        agreed=draw(agreed),
        reservation_only=draw(st.sampled_from([False, False, False, True])),
    )


def priced_trips() -> st.SearchStrategy[tuple[Tariff, TripFacts]]:
    """A tariff with a trip by it."""
    return tariffs().flatmap(lambda tariff: st.tuples(st.just(tariff), trips(tariff)))
