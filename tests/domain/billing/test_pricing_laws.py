"""Laws of the price engine, for many tariffs and trips."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.billing.pricing import Span, TripFacts, price
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
from domain.rulebook.elements import Element
from domain.rulebook.rates import DAY, HOUR, Counting, DistanceRate, FlatFee, ReservationRate, TimeRate
from domain.rulebook.tariff import Tariff
from domain.rulebook.windows import Window
from tests.domain.billing.field_terms import cap, hours, minimum, tariff, time_rate, trip
from tests.domain.billing.worked_tariffs import tariff as make_tariff

START = datetime(2019, 5, 4, 8, tzinfo=UTC)
COUNTINGS: list[Counting] = ["started", "completed", "exact", "reached"]
amounts = st.decimals(Decimal(0), Decimal(100), places=2)
rates = st.decimals(Decimal(0), Decimal(3), places=4)
countings = st.sampled_from(COUNTINGS)
intervals = st.sampled_from([60, 300, 900, HOUR, DAY])


@st.composite
def plain_tariffs(draw: st.DrawFn) -> Tariff:
    """Rates, a fee, caps and a minimum: what only ever rises with time and distance."""
    elements: list[Element] = [
        TimeRate(
            id="drive",
            description="",
            rate=draw(rates),
            phase="driving",
            interval_s=draw(intervals),
            counting=draw(countings),
        ),
        TimeRate(
            id="park",
            description="",
            rate=draw(rates),
            phase="parked",
            interval_s=draw(intervals),
            counting=draw(countings),
        ),
        DistanceRate(id="km", description="", rate=draw(rates), included=draw(amounts), counting=draw(countings)),
        ReservationRate(id="hold", description="", rate=draw(rates), free_s=draw(st.integers(0, 1800))),
        FlatFee(id="fee", description="", amount=draw(amounts)),
    ]
    if draw(st.booleans()):
        elements.append(Cap(id="cap", description="", amount=draw(amounts), period_s=HOUR, covers=("drive", "park")))
    if draw(st.booleans()):
        elements.append(MinimumFare(id="minimum", description="", amount=draw(amounts)))
    return make_tariff("law", Currency.EUR, *elements)


@st.composite
def adjusted_tariffs(draw: st.DrawFn) -> Tariff:
    """Plain tariffs with a percentage at the end, a voucher, rounding, and a cap on everything by local day."""
    plain = draw(plain_tariffs())
    percent = draw(st.decimals(Decimal(-100), Decimal(50), places=1))
    discount = Percentage(id="percent", description="", percent=percent, not_below=draw(st.none() | amounts))
    voucher = Credit(id="voucher", description="", amount=draw(amounts))
    step = Rounding(id="round", description="", to=Decimal("0.05"))
    last = Cap(id="all", description="", amount=draw(amounts), calendar_day=True)
    return plain.model_copy(update={"elements": (*plain.elements, discount, voucher, step, last)})


TIMES = ("drive", "park", "any")
NIGHT = Window(begins=time(22), ends=time(6))
RUNGS = tuple(Rung(until_s=h * HOUR, amount=Decimal(a)) for h, a in ((1, 8), (3, 15), (12, 40)))
LIMITS: list[Element] = [
    Cap(id="hour", description="", amount=Decimal(9), period_s=HOUR, covers=TIMES),
    Cap(id="night", description="", amount=Decimal(2), windows=(NIGHT,), covers=TIMES),
    Cap(id="date", description="", amount=Decimal(20), calendar_day=True, covers=TIMES),
    Cap(id="days", description="", amount=Decimal(25), period_s=DAY, beyond="started", covers=TIMES),
    LadderCap(id="ladder", description="", rungs=RUNGS, covers=("drive", "any")),
    LadderCap(id="tail", description="", rungs=RUNGS[:2], tail=RUNGS[0], covers=TIMES),
    Cap(id="week", description="", amount=Decimal(30), calendar_week=True, covers=TIMES),
    MinimumFare(id="minimum", description="", amount=Decimal(5)),
    MinimumFare(id="least", description="", amount=Decimal(12), covers=TIMES),
]
LATE = tuple(LateRung(from_s=s, amount=Decimal(a)) for s, a in ((480, "12.50"), (900, "25"), (DAY, "50")))
AFTER: list[Element] = [
    Percentage(id="rush", description="", percent=Decimal(25), windows=(NIGHT,), covers=TIMES),
    Percentage(id="off", description="", percent=Decimal(-30), not_below=Decimal(3)),
    Credit(id="voucher", description="", amount=Decimal(7)),
    PercentageFee(id="service", description="", percent=Decimal(20), at_least=Decimal(2), at_most=Decimal(9)),
    Cap(id="all", description="", amount=Decimal(60)),
    Rounding(id="round", description="", to=Decimal("0.5")),
]


@st.composite
def rising_tariffs(draw: st.DrawFn) -> Tariff:
    """What the page about prices says of longer trips: caps and minimums of the time in any order, then others."""
    whole = st.sampled_from(["started", "reached"])
    named = {"description": "", "phase": "any", "interval_s": 60, "counting": "started"}
    elements: list[Element] = [
        TimeRate.model_validate(
            named
            | {"id": id, "phase": phase, "rate": draw(rates), "interval_s": draw(intervals), "counting": draw(whole)}
            | {"windows": draw(st.sampled_from([(), (NIGHT,)])), "outside": outside}
            | {"free_each_s": 0 if phase == "any" else draw(st.sampled_from([0, 300]))}
        )
        for id, phase, outside in (("drive", "driving", False), ("park", "parked", True), ("any", "any", False))
    ]
    elements += [
        DistanceRate(id="km", description="", rate=draw(rates)),
        FlatFee(id="fee", description="", amount=draw(amounts)),
        BookingRate(id="booked", description="", rate=draw(rates), time="booked"),
        BookingRate(id="over", description="", rate=draw(rates), time="late", interval_s=draw(intervals), free_s=300),
        LateFee(id="late", description="", rungs=LATE),
    ]
    elements += draw(
        st.lists(
            st.sampled_from(LIMITS), unique_by=lambda e: e.id if isinstance(e, Cap | LadderCap) else e.kind, max_size=4
        )
    )
    elements += draw(st.lists(st.sampled_from(AFTER), unique_by=lambda e: e.id, max_size=2))
    return make_tariff("law", Currency.EUR, *elements, timezone="Europe/Berlin")


spans = st.lists(
    st.builds(Span, phase=st.sampled_from(["driving", "parked"]), seconds=st.integers(0, 3 * HOUR)), max_size=5
).map(tuple)


@st.composite
def trips(draw: st.DrawFn) -> TripFacts:
    held = timedelta(seconds=draw(st.integers(0, 7200)))
    distance_m = draw(st.integers(0, 400_000))
    return TripFacts(started_at=START, spans=draw(spans), distance_m=distance_m, reserved_at=START - held)


@given(tariff=adjusted_tariffs(), trip=trips())
@settings(max_examples=150)
def test_the_lines_sum_to_the_total_and_every_share_has_an_owner(tariff: Tariff, trip: TripFacts) -> None:
    found = price(tariff, trip)

    assert Money.total((line.amount for line in found.lines), tariff.currency) == found.total
    for line in found.lines:
        assert Money.total(line.shares.values(), tariff.currency) == line.amount
    assert found.cost_of(*(e.id for e in tariff.elements)) == found.total


@given(tariff=adjusted_tariffs(), trip=trips())
@settings(max_examples=100)
def test_no_price_is_below_nothing(tariff: Tariff, trip: TripFacts) -> None:
    assert price(tariff, trip).total >= Money.zero(tariff.currency)


@given(tariff=plain_tariffs(), trip=trips(), more=st.integers(0, 7200), phase=st.sampled_from(["driving", "parked"]))
@settings(max_examples=150)
def test_a_longer_trip_never_costs_less(tariff: Tariff, trip: TripFacts, more: int, phase: str) -> None:
    longer = trip.model_copy(update={"spans": (*trip.spans, Span.model_validate({"phase": phase, "seconds": more}))})

    assert price(tariff, longer).total >= price(tariff, trip).total


evenings = st.sampled_from([START, START.replace(hour=19, minute=50), START.replace(hour=23, minute=17)])


@given(
    tariff=rising_tariffs(),
    trip=trips(),
    begins=evenings,
    more=st.integers(0, 7200),
    booked=st.integers(1, 200),
    phase=st.sampled_from(["driving", "parked"]),
)
@settings(max_examples=300)
def test_caps_and_minimums_in_any_order_never_make_a_longer_trip_cheaper(
    tariff: Tariff, trip: TripFacts, begins: datetime, more: int, booked: int, phase: str
) -> None:
    period = {"booked_from": begins, "booked_until": begins + timedelta(minutes=booked)}
    shorter = trip.model_copy(update={"started_at": begins, "reserved_at": None, **period})
    longer = shorter.model_copy(update={"spans": (*trip.spans, Span.model_validate({"phase": phase, "seconds": more}))})

    assert price(tariff, longer).total >= price(tariff, shorter).total


def test_no_minute_into_a_capped_night_makes_a_trip_with_a_minimum_cheaper() -> None:
    elements = (minimum("5"), cap("2", windows=hours(22, 6)))
    by_minute = [
        [price(tariff(time_rate("0.10"), *order), trip(minutes, at="2019-06-05 21:50")).total for minutes in range(90)]
        for order in (elements, elements[::-1])
    ]

    for totals in by_minute:
        assert totals == sorted(totals)


@given(tariff=plain_tariffs(), trip=trips(), more=st.integers(0, 100_000))
@settings(max_examples=100)
def test_a_longer_way_never_costs_less(tariff: Tariff, trip: TripFacts, more: int) -> None:
    further = trip.model_copy(update={"distance_m": trip.distance_m + more})

    assert price(tariff, further).total >= price(tariff, trip).total


@given(minutes=st.integers(0, 4 * 1440), cap=st.integers(1, 200), beyond=st.sampled_from(["metered", "started"]))
@settings(max_examples=100)
def test_a_cap_is_never_exceeded_in_its_periods(minutes: int, cap: int, beyond: str) -> None:
    day = Cap.model_validate({"id": "cap", "description": "", "amount": cap, "period_s": DAY, "beyond": beyond})
    tariff = make_tariff("cap", Currency.EUR, TimeRate(id="t", description="", rate=Decimal("0.31")), day)

    found = price(tariff, TripFacts.of(driving_s=minutes * 60))

    assert found.total <= Money.rounded(Decimal(cap) * max(1, -(-minutes // 1440)), Currency.EUR)
    assert found.total <= Money.rounded(Decimal(minutes) * Decimal("0.31"), Currency.EUR)


@given(
    minutes=st.integers(0, 60 * 60),
    more=st.integers(0, 600),
    beyond=st.sampled_from(["metered", "bracket"]),
)
@settings(max_examples=100)
def test_a_ladder_never_falls(minutes: int, more: int, beyond: str) -> None:
    rungs = tuple(Rung(until_s=h * HOUR, amount=Decimal(a)) for h, a in ((3, 50), (12, 80), (24, 110)))
    ladder = LadderCap.model_validate({"id": "cap", "description": "", "rungs": rungs, "beyond": beyond})
    tariff = make_tariff("ladder", Currency.USD, TimeRate(id="t", description="", rate=Decimal("0.49")), ladder)

    shorter, longer = (price(tariff, TripFacts.of(driving_s=m * 60)).total for m in (minutes, minutes + more))

    assert shorter <= longer
