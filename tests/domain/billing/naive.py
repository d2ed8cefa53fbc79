"""The price of a trip a second time, as plainly as it can be said: second by second, charge by charge, in fractions.

It knows the data of tariffs and trips and nothing of the price engine, which must agree with it on every cent.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import pairwise
from math import ceil, floor
from typing import Any
from zoneinfo import ZoneInfo

from domain.billing.pricing.facts import TripFacts
from domain.rulebook import adjustments, bookings, rates
from domain.rulebook.conditions import Condition
from domain.rulebook.elements import Element, Package
from domain.rulebook.tariff import Tariff
from domain.rulebook.windows import Window

METRES = {"km": Fraction(1000), "mi": Fraction("1609.344")}
Tick = tuple[int, Fraction]
"""The second of the trip at which an interval begins, and how much of it counts."""


@dataclass(frozen=True)
class Charge:
    """So many minor units of an element, at a second of the trip; what a minimum adds falls at none."""

    of: str
    at: int | None
    minor: int


@dataclass
class Line:
    rule_id: str
    charges: list[Charge]
    quantity: Fraction = Fraction(1)

    @property
    def minor(self) -> int:
        return sum(charge.minor for charge in self.charges)

    @property
    def shares(self) -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        for charge in self.charges:
            found[charge.of] += charge.minor
        return dict(found)


def rounded(amount: Fraction) -> int:
    """Half away from zero."""
    whole = floor(abs(amount) + Fraction(1, 2))
    return whole if amount >= 0 else -whole


def naive_price(tariff: Tariff, facts: TripFacts) -> list[Line]:
    """The lines, of the cheapest package where the best is found after the trip."""
    if facts.package is not None:
        chosen = tariff.package(facts.package)
        return Pricing(tariff, facts, chosen if holds(chosen, tariff, facts, in_package=True) else None).lines()
    choices: list[Package | None] = [None]
    if tariff.best_package:
        choices += [p for p in tariff.packages if holds(p, tariff, facts, in_package=True)]
    return min((Pricing(tariff, facts, choice).lines() for choice in choices), key=total)


def total(lines: list[Line]) -> int:
    return sum(line.minor for line in lines)


def holds(part: Element | Package, tariff: Tariff, facts: TripFacts, *, in_package: bool) -> bool:
    """Whether `when` holds and `unless` does not."""
    zone = ZoneInfo(tariff.timezone)
    booking = "kept" if facts.booked_from else None
    if booking and facts.reservation_only:
        booking = "no_show" if facts.no_show else "cancelled" if facts.cancelled_at else None
    cancelled = facts.booked_from is not None and facts.cancelled_at is not None
    never = timedelta(days=10_000)
    since = (facts.cancelled_at - facts.booked_at if facts.cancelled_at and facts.booked_at else never).total_seconds()
    notice = (
        facts.booked_from - facts.cancelled_at if facts.booked_from and facts.cancelled_at else never
    ).total_seconds()

    def fulfilled(condition: Condition) -> bool:
        asked = [
            condition.option is None or condition.option in facts.options,
            not condition.begins or any(w.contains(facts.started_at.astimezone(zone)) for w in condition.begins),
            condition.start_zone is None or condition.start_zone in facts.start_zones,
            condition.end_zone is None or condition.end_zone in facts.end_zones,
            facts.duration_s >= condition.from_s,
            condition.until_s is None or facts.duration_s < condition.until_s,
            in_package or not condition.in_package,
            condition.booking is None or condition.booking == booking,
            condition.cancelled_within_s is None or (bool(facts.booked_at) and since <= condition.cancelled_within_s),
            condition.notice_from_s is None or (cancelled and notice >= condition.notice_from_s),
            condition.notice_until_s is None or (cancelled and notice < condition.notice_until_s),
            *(
                level is None or (seen is not None and (seen < float(level)) is below)
                for level, seen, below in (
                    (condition.start_energy_below, facts.energy_start, True),
                    (condition.end_energy_below, facts.energy_end, True),
                    (condition.end_energy_from, facts.energy_end, False),
                )
            ),
        ]
        return all(asked)

    return (part.when is None or fulfilled(part.when)) and not (part.unless is not None and fulfilled(part.unless))


@dataclass
class Pricing:
    tariff: Tariff
    facts: TripFacts
    package: Package | None
    done: list[Line] = field(default_factory=list)
    floors: list[tuple[str, int, set[str]]] = field(default_factory=list)
    """Minimums so far: id, amount, and what they cover."""

    def __post_init__(self) -> None:
        self.minor = 10**self.tariff.currency.exponent
        self.zone = ZoneInfo(self.tariff.timezone)
        self.phases = [span.phase for span in self.facts.spans for _ in range(span.seconds)]
        self.local = cache(self._local)
        if self.facts.reservation_only:
            self.package = None
        parts = (*self.tariff.packages, *self.tariff.elements)
        self.order = {part.id: n for n, part in enumerate(parts)}

    def lines(self) -> list[Line]:
        if self.package:
            self.done.append(self._once(self.package, Fraction(self.package.amount)))
        for element in self.tariff.elements:
            if self._is_for_this_trip(element) and (line := self._line(element)):
                self.done.append(line)
        return [line for line in self.done if line.minor]

    def _is_for_this_trip(self, element: Element) -> bool:
        if self.facts.reservation_only and not self._is_without_trip(element):
            return False
        return holds(element, self.tariff, self.facts, in_package=self.package is not None)

    def _is_without_trip(self, e: Element) -> bool:
        never_driven = e.when is not None and e.when.booking in ("cancelled", "no_show")
        came_to = self.facts.booked_from and (self.facts.no_show or self.facts.cancelled_at or None)
        by_kind = {
            "reservation": True,
            "flat": never_driven,
            "minimum": never_driven,
            "booking": came_to is not None,
            "agreed": came_to is not None,
        }
        return by_kind.get(e.kind, isinstance(e, adjustments.Adjustment))

    def _line(self, element: Element) -> Line | None:
        by_kind: dict[str, Callable[[Any], Line | None]] = {
            "time": self._time,
            "distance": self._distance,
            "reservation": self._reservation,
            "flat": lambda e: self._once(e, e.amount) if e.option is None or e.option in self.facts.options else None,
            "zone": lambda e: self._once(e, e.amount) if self._in_zones(e) else None,
            "agreed": self._agreed,
            "booking": self._booking,
            "late": self._late,
            "cap": self._cap,
            "ladder": self._ladder,
            "minimum": self._minimum,
            "percentage": self._percentage,
            "percentage_fee": self._percentage_fee,
            "credit": self._credit,
            "rounding": self._rounding,
        }
        return by_kind[element.kind](element)

    # what adds

    def _time(self, e: rates.TimeRate) -> Line | None:
        begin = self.package.duration_s if self.package and not e.in_package else 0
        end = len(self.phases)
        if e.clock == "trip":
            begin, end = max(begin, e.start_s), end if e.end_s is None else min(end, e.end_s)
        lasted = self._stretches(e.phase) if e.free_each_s else []
        runs = [s for s in range(begin, end) if e.phase in ("any", self.phases[s])]
        runs = [s for s in runs if not e.free_each_s or lasted[s] >= e.free_each_s]
        if e.calendar_day:
            days: dict[object, int] = {}
            for second in runs:
                days.setdefault(self.local(second).date(), second)
            return self._metered(e, [(second, Fraction(1)) for second in days.values()])
        start, stop = (0, None) if e.clock == "trip" else (e.start_s, e.end_s)
        ran = bool(runs) or (e.phase == "any" and begin <= len(self.phases))
        stopped = runs[-1] + 1 if runs else begin
        may_reach = ran and (e.clock == "phase" or e.end_s is None or stopped < e.end_s)
        found = intervals(
            Fraction(len(runs)), Fraction(e.interval_s), Fraction(start), stop, e.counting, may_reach, e.step_s
        )

        def second_of(reading: int) -> int:
            if e.counting == "reached" and reading > 0 and runs:
                return runs[reading - 1] + 1
            return runs[reading] if runs else begin

        return self._metered(e, [(second_of(int(reading)), share) for reading, share in found])

    def _distance(self, e: rates.DistanceRate) -> Line | None:
        driven = Fraction(self.facts.distance_m) / METRES[self.tariff.distance_unit]
        periods = max(1, ceil(Fraction(len(self.phases), e.included_every_s))) if e.included_every_s else 1
        included = self.package.included if self.package else e.included_once + e.included * periods
        if e.allowances and not self.package:
            included = self._grown(e.allowances)
        start = Fraction(max(e.start, included))
        runs = [s for s, phase in enumerate(self.phases) if phase == "driving"]
        end = None if e.end is None else Fraction(e.end)

        def second_of(place: Fraction) -> int:
            if not driven:
                return 0
            reading = floor(place / driven * len(runs))
            return runs[reading] if reading < len(runs) else runs[-1] + 1 if runs else len(self.phases)

        found = intervals(driven, Fraction(e.interval), start, end, e.counting, may_reach=True)
        return self._metered(e, [(second_of(place), share) for place, share in found])

    def _stretches(self, phase: str) -> list[int]:
        """For each second, how long the stretch in a phase that it lies in has lasted."""
        lasted: list[int] = []
        for second, now in enumerate(self.phases):
            goes_on = second > 0 and phase in ("any", self.phases[second - 1])
            lasted.append(lasted[-1] + 1 if goes_on and phase in ("any", now) else 0)
        return lasted

    def _grown(self, allowances: tuple[rates.Allowance, ...]) -> Decimal:
        begin, end = self._booked()
        lasts, seen, grown = max(len(self.phases), floor(end - begin), 1), 0, Decimal(0)
        for allowance in allowances:
            while seen < min(lasts, allowance.until_s):
                grown, seen = grown + allowance.more, seen + allowance.every_s
            seen = allowance.until_s
        return grown

    def _reservation(self, e: rates.ReservationRate) -> Line | None:
        if self.facts.reserved_at is None:
            return None
        held = max(0, int((self.facts.started_at - self.facts.reserved_at).total_seconds()))
        interval, free = Fraction(e.interval_s), Fraction(e.free_s)
        ticks = [(int(at) - held, n) for at, n in intervals(Fraction(held), interval, free, None, e.counting, True)]
        return self._metered(e, [tick for tick in ticks if not self._within(e.free_windows, tick[0])])

    def _booking(self, e: bookings.BookingRate) -> Line | None:
        begin, end = self._booked()
        ended, stays = Fraction(len(self.phases)), self.facts.reservation_only
        lengths = {
            "booked": end - begin,
            "unused": Fraction(0) if stays else end - max(begin, ended),
            "late": self._seconds_late() if begin != end else Fraction(0),
        }
        length = Fraction(max(0, floor(lengths[e.time])))
        if not length:
            return None
        found = intervals(length, Fraction(e.interval_s), Fraction(e.free_s), None, e.counting, True)
        places = {"booked": 0, "unused": int(ended), "late": int(ended - length)}
        return self._metered(e, [(places[e.time] + int(at) * (e.time == "late"), share) for at, share in found])

    def _booked(self) -> tuple[Fraction, Fraction]:
        """The begin and the end of the booked period, in seconds of the trip."""
        if self.facts.booked_from is None or self.facts.booked_until is None:
            return Fraction(0), Fraction(0)
        begin, end = (
            Fraction((moment - self.facts.started_at) / timedelta(microseconds=1)) / 1_000_000
            for moment in (self.facts.booked_from, self.facts.booked_until)
        )
        return begin, end

    def _seconds_late(self) -> Fraction:
        return Fraction(sum(1 for s in range(len(self.phases)) if s >= self._booked()[1]))

    def _late(self, e: bookings.LateFee) -> Line | None:
        reached = [rung for rung in e.rungs if self.facts.booked_from and self._seconds_late() >= rung.from_s]
        return self._once(e, reached[-1].amount) if reached else None

    def _metered(self, e: Any, ticks: list[Tick]) -> Line | None:
        windows = getattr(e, "windows", ())
        if windows:
            ticks = [tick for tick in ticks if self._within(windows, tick[0]) is not e.outside]
        sums = [Fraction(0)]
        for _, share in ticks:
            sums.append(sums[-1] + share * Fraction(e.rate) * self.minor)
        amounts = [rounded(after) - rounded(before) for before, after in pairwise(sums)]
        charges = [Charge(e.id, second, amount) for (second, _), amount in zip(ticks, amounts, strict=True)]
        return Line(e.id, charges, sum((share for _, share in ticks), Fraction(0))) if ticks else None

    def _once(self, part: Element | Package, amount: Any) -> Line:
        return Line(part.id, [Charge(part.id, 0, rounded(Fraction(amount) * self.minor))])

    def _in_zones(self, e: rates.ZoneFee) -> bool:
        asked = [(zone, at) for zone, at in ((e.start, self.facts.start_zones), (e.end, self.facts.end_zones)) if zone]
        return bool(asked) and all(zone in at for zone, at in asked)

    def _agreed(self, e: rates.AgreedAmount) -> Line | None:
        if e.name in self.facts.agreed:
            return self._once(e, self.facts.agreed[e.name].major)
        if e.optional:
            return None
        raise LookupError(e.name)

    # what adjusts

    def _cap(self, e: adjustments.Cap) -> Line | None:
        amount = rounded(Fraction(e.amount) * self.minor)
        standing = self._standing(e.covers)
        if e.period_s and e.beyond == "started":
            amount *= max(1, ceil(Fraction(len(self.phases), e.period_s)))
        elif e.period_s or e.calendar_day or e.calendar_week or e.calendar_month or e.windows:
            groups = self._grouped(standing, lambda at: self._period(e, at))
            cuts = [cut for group in groups for cut in self._cut(group, amount)]
            return self._capped(e, cuts)
        return Line(e.id, cuts) if (cuts := self._cut(standing, amount)) else None

    def _period(self, e: adjustments.Cap, at: int) -> object:
        if e.windows:
            began = [(n, w.began_on(self.local(at))) for n, w in enumerate(e.windows)]
            return next((occurrence for occurrence in began if occurrence[1] is not None), None)
        day = self.local(at).date()
        if e.calendar_day or e.calendar_week or e.calendar_month:
            return day if e.calendar_day else day.isocalendar()[:2] if e.calendar_week else (day.year, day.month)
        return at // (e.period_s or 1)

    def _ladder(self, e: adjustments.LadderCap) -> Line | None:
        rungs = sorted((rung.until_s, rounded(Fraction(rung.amount) * self.minor)) for rung in e.rungs)
        length = rungs[-1][0]
        cuts: list[Charge] = []
        tail = e.tail
        if tail:
            groups = self._grouped(
                [c for c in self._standing(e.covers) if c.at is None or c.at >= length],
                lambda at: (at - length) // tail.until_s,
            )
            cuts = [cut for g in groups for cut in self._cut(g, rounded(Fraction(tail.amount) * self.minor))]
        for group in self._grouped(
            self._standing(e.covers), lambda at: at // length if not tail or at < length else None
        ):
            period, spent, begins = max(0, group[0].at or 0) // length, 0, 0
            stay = min(length, len(self.phases) - period * length)
            for until, amount in rungs if e.beyond == "metered" else [r for r in rungs if stay <= r[0]][:1]:
                ends = length if e.beyond == "bracket" else until
                here = [c for c in group if begins <= max(0, c.at or 0) % length < ends]
                now = self._cut(here, amount - spent)
                cuts, spent, begins = cuts + now, spent + sum(c.minor for c in (*here, *now)), ends
        return self._capped(e, cuts)

    def _grouped(self, charges: list[Charge], period: Callable[[int], object]) -> list[list[Charge]]:
        groups: dict[object, list[Charge]] = defaultdict(list)
        for charge in charges:
            if charge.at is not None and (key := period(max(0, charge.at))) is not None:
                groups[key].append(charge)
        return list(groups.values())

    def _cut(self, charges: list[Charge], allowed: int) -> list[Charge]:
        """Takes back what came last, until no more than this is left."""
        excess, cuts = sum(c.minor for c in charges) - allowed, []
        for charge in reversed(charges):
            if excess > 0 and charge.minor > 0:
                cuts.append(Charge(charge.of, charge.at, -min(excess, charge.minor)))
                excess -= min(excess, charge.minor)
        return cuts

    def _capped(self, e: Element, cuts: list[Charge]) -> Line | None:
        """What this takes from under a minimum is added again."""
        line = Line(e.id, cuts)
        for id, amount, covered in self.floors:
            taken = -sum(c.minor for c in line.charges if c.of in covered)
            left = sum(c.minor for c in (*self._standing(None), *line.charges) if c.of in covered)
            if (again := min(taken, amount - left)) > 0:
                line.charges.append(Charge(id, None, again))
        return line if line.charges else None

    def _minimum(self, e: adjustments.MinimumFare) -> Line | None:
        standing, amount = self._standing(e.covers), rounded(Fraction(e.amount) * self.minor)
        self.floors.append((e.id, amount, {e.id, *(c.of for c in standing)}))
        missing = amount - sum(c.minor for c in standing)
        return Line(e.id, [Charge(e.id, None, missing)]) if missing > 0 else None

    def _percentage(self, e: adjustments.Percentage) -> Line | None:
        standing = self._standing(e.covers)
        if e.windows:
            standing = [c for c in standing if c.at is not None and self._within(e.windows, c.at)]
        base = Fraction(sum(c.minor for c in standing))
        change = base * Fraction(e.percent) / 100
        if e.at_most is not None:
            most = Fraction(e.at_most) * self.minor
            change = max(-most, min(most, change))
        if e.not_below is not None and change < 0:
            change = max(change, min(Fraction(0), Fraction(e.not_below) * self.minor - base))
        if len(self.phases) < e.from_s:
            return None
        return self._spread(e, change, standing)

    def _percentage_fee(self, e: adjustments.PercentageFee) -> Line | None:
        base = sum(c.minor for c in self._standing(e.covers))
        if base <= 0:
            return None
        fee = rounded(base * Fraction(e.percent) / 100)
        if e.at_least is not None:
            fee = max(fee, rounded(Fraction(e.at_least) * self.minor))
        if e.at_most is not None:
            fee = min(fee, rounded(Fraction(e.at_most) * self.minor))
        return Line(e.id, [Charge(e.id, 0, fee)])

    def _credit(self, e: adjustments.Credit) -> Line | None:
        standing = self._standing(e.covers)
        taken = min(Fraction(e.amount) * self.minor, Fraction(sum(c.minor for c in standing)))
        return self._spread(e, -taken, standing) if taken > 0 else None

    def _rounding(self, e: adjustments.Rounding) -> Line | None:
        standing, step = self._standing(e.covers), Fraction(e.to) * self.minor
        base = Fraction(sum(c.minor for c in standing))
        steps = {"nearest": rounded(base / step), "up": ceil(base / step), "down": floor(base / step)}
        return self._spread(e, steps[e.direction] * step - base, standing)

    def _spread(self, e: Element, change: Fraction, standing: list[Charge]) -> Line | None:
        """To each element its part, and that over its charges in the order of time."""
        base = sum(c.minor for c in standing)
        if not change or not base:
            return None
        charges, seen = [], 0
        for of in sorted({c.of for c in standing}, key=self.order.__getitem__):
            own = [c for c in standing if c.of == of]
            total = sum(c.minor for c in own)
            part = rounded(change * (seen + total) / base) - rounded(change * seen / base)
            seen, so_far = seen + total, 0
            for charge in own if total else ():
                before, so_far = so_far, so_far + charge.minor
                moved = rounded(Fraction(part * so_far, total)) - rounded(Fraction(part * before, total))
                charges.append(Charge(of, charge.at, moved))
        return Line(e.id, charges)

    def _standing(self, covers: tuple[str, ...] | None) -> list[Charge]:
        """What the covered elements cost so far, by time; at the same second in the order of the tariff."""
        sums: dict[tuple[int | None, str], int] = defaultdict(int)
        for charge in (c for line in self.done for c in line.charges if covers is None or c.of in covers):
            sums[charge.at, charge.of] += charge.minor
        by_time = sorted(sums, key=lambda key: (key[0] is None, key[0] or 0, self.order[key[1]]))
        return [Charge(of, at, sums[at, of]) for at, of in by_time]

    def _within(self, windows: Iterable[Window], second: int) -> bool:
        return any(window.contains(self.local(second)) for window in windows)

    def _local(self, second: int) -> datetime:
        return (self.facts.started_at + timedelta(seconds=second)).astimezone(self.zone)


def intervals(
    total: Fraction,
    interval: Fraction,
    start: Fraction,
    end: Any,
    counting: str,
    may_reach: bool,
    step: int | None = None,
) -> Iterator[tuple[Fraction, Fraction]]:
    """Where on a meter that ran to `total` each charged interval begins, and how much of it counts."""
    reaches = counting == "reached" and may_reach
    if interval == 0:
        if start < total or (start == total and reaches):
            yield start, Fraction(1)
        return
    place = start
    while end is None or place < end:
        until = place + interval if end is None else min(end, place + interval)
        if place < total:
            share = (min(until, total) - place) / interval
        elif place == total and reaches:
            share = Fraction(0)
        else:
            return
        if counting == "exact" and step:
            share = min(Fraction(1), ceil(share * interval / step) * Fraction(step) / interval)
        if counting != "completed" or share == 1:
            yield place, share if counting == "exact" else Fraction(1)
        place += interval
