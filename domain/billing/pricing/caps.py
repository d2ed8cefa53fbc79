"""Caps: of what a trip costs in a period, a day, a window or altogether, what came last is taken back."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from operator import add, attrgetter

from domain.billing.pricing.course import Course
from domain.billing.pricing.first_come import first_come
from domain.billing.pricing.parts import Entry, Floor, Layer, Part, Sheet
from domain.rulebook.adjustments import Cap, LadderCap
from domain.rulebook.timetable import Occurrence

_until = attrgetter("until_s")


Group = tuple[Sequence[int], int, bool]
"""Cells that together cost so much at most, in the order of time; whether what those before them cost counts too."""


def cap(element: Cap, sheet: Sheet) -> None:
    """At most so much in the trip, in each period, on each day, or in each occurrence of a window."""
    course, amount, period = sheet.course, sheet.minor(element.amount), element.period_s
    if period is not None and element.beyond == "started":
        amount, period = amount * max(1, -(-course.duration_s // period)), None
    if element.windows or element.calendar or period is not None:
        groups = [(cells, amount, False) for cells in _cells_of(element, period, course)]
        _reduce(element, sheet, groups)
        return
    parts = sheet.standing(element.covers)
    excess = sum([part.minor for part in parts]) - amount
    if excess <= 0:
        return
    cuts = _Cuts(course, parts)
    for n, part in reversed([*enumerate(parts)]):  # what a minimum added comes last
        cuts.timeless[n] = taken = max(0, min(excess, part.timeless))
        excess -= taken
    cuts.take(range(course.cells), excess)
    _enter(element, sheet, cuts, floors=[])


def ladder(element: LadderCap, sheet: Sheet) -> None:
    """Caps that rise with the time, and begin again after the last, or go on by its tail."""
    course = sheet.course
    groups: list[Group] = []
    steps = [(rung.until_s, sheet.minor(rung.amount)) for rung in sorted(element.rungs, key=_until)]
    length, tail = steps[-1][0], element.tail
    for begins in (0,) if tail else range(0, course.duration_s + 1, length):
        if element.beyond == "bracket":
            stay = min(length, course.duration_s - begins)
            amount = next(amount for until, amount in steps if stay <= until)
            groups.append((course.cells_from(begins, begins + length), amount, False))
            continue
        after = 0
        for until, amount in steps:
            if begins + after <= course.duration_s:
                groups.append((course.cells_from(begins + after, begins + until), amount, after > 0))
            after = until
    if tail:
        begin, each = range(length, course.duration_s + 1, tail.until_s), sheet.minor(tail.amount)
        groups += [(course.cells_from(begins, begins + tail.until_s), each, False) for begins in begin]
    cells, amount, _ = groups[0]
    groups[0] = range(cells[-1] + 1), amount, False  # with what the car was held for
    _reduce(element, sheet, groups)


def _cells_of(element: Cap, period: int | None, course: Course) -> Iterable[Sequence[int]]:
    """The cells of each period, day or occurrence; a hold belongs to that in which the trip starts."""
    if period is not None:
        firsts = [course.cell_of(second) for second in range(period, course.duration_s + 1, period)]
        yield from (range(first, behind) for first, behind in pairwise((0, *firsts, course.cells)))
        return
    groups: dict[Occurrence, list[int]] = {}
    for cell, occurrence in enumerate(course.occurrences(element)):
        if cell >= course.first and occurrence is not None:
            groups.setdefault(_together(element, occurrence), []).append(cell)
    for group in groups.values():
        yield [*range(course.first), *group] if group[0] == course.first else group


def _together(element: Cap, occurrence: Occurrence) -> Occurrence:
    """The same for all days of a week or a month that is capped as one."""
    place, day = occurrence
    if element.calendar == "calendar_week":
        return place, (day - 1) // 7
    if element.calendar == "calendar_month":
        return place, date.fromordinal(day).replace(day=1).toordinal()
    return occurrence


class _Cuts:
    """What is left of each part, in each cell, and what is taken of that which a minimum added."""

    def __init__(self, course: Course, parts: list[Part]) -> None:
        self._course, self.parts = course, parts
        self.cells = [part.cells.copy() for part in parts]
        self.timeless = [0] * len(parts)

    def take(self, cells: Sequence[int], excess: int) -> None:
        """Take so much of what these cells cost, the last of it first; what is below nothing stays."""
        for cell in reversed(cells):
            if excess <= 0:
                return
            here = [left for left in self.cells if left[cell] > 0]
            amount = sum([left[cell] for left in here])
            if amount > excess:
                self._take_some(cell, amount - excess)
                return
            for left in here:
                left[cell] = 0
            excess -= amount

    def _take_some(self, cell: int, room: int) -> None:
        here = [(part, left) for part, left in zip(self.parts, self.cells, strict=True) if left[cell] > 0]
        kept = first_come([part for part, _ in here], cell, self._course, room)
        for (_, left), minor in zip(here, kept, strict=True):
            left[cell] = minor


def _reduce(element: Cap | LadderCap, sheet: Sheet, groups: Iterable[Group]) -> None:
    if not (parts := sheet.standing(element.covers)):
        return
    cuts: _Cuts | None = None
    costs = [0] * sheet.course.cells
    for part in parts:
        costs = [*map(add, costs, part.cells)]
    spent = 0
    for cells, allowed, goes_on in groups:
        cost = sum(costs[cells.start : cells.stop] if isinstance(cells, range) else [costs[cell] for cell in cells])
        spent = cost + (spent if goes_on else 0)
        if (excess := spent - allowed) > 0:
            cuts = cuts or _Cuts(sheet.course, parts)
            cuts.take(cells, excess)
            spent = allowed
    if cuts:
        _enter(element, sheet, cuts, sheet.floors)


def _enter(element: Cap | LadderCap, sheet: Sheet, cuts: _Cuts, floors: list[Floor]) -> None:
    before = sum(part.minor for part in cuts.parts)
    shares: dict[str, int] = {}
    for part, cells, timeless in zip(cuts.parts, cuts.cells, cuts.timeless, strict=True):
        taken = sum(part.cells) - sum(cells)
        if taken or timeless:
            shares[part.of] = -taken - timeless
            part.timeless -= timeless
        if taken:
            part.cells = cells
            part.layers.append(_kept(cells))
    for floor in floors:
        _fill_up(floor, sheet, shares)
    if shares:
        facts = {"before": sheet.major(before)} | _used(element)
        sheet.entries.append(Entry(element.id, element.description, shares, unit="cap", facts=facts))


def _used(element: Cap | LadderCap) -> dict[str, str]:
    if isinstance(element, Cap):
        return {"cap": str(element.amount), "period_s": str(element.period_s)}
    rungs = sorted(element.rungs, key=_until)
    tail = {} if element.tail is None else {"then": f"{element.tail.amount} each {element.tail.until_s} s"}
    return {"caps": ", ".join(f"{rung.amount} until {rung.until_s} s" for rung in rungs), **tail}


def _kept(cells: list[int]) -> Layer:
    return lambda cell, amount: min(amount, cells[cell])


def _fill_up(floor: Floor, sheet: Sheet, shares: dict[str, int]) -> None:
    """What was taken from under a minimum is added again."""
    taken = -sum(minor for of, minor in shares.items() if of in floor.covers)
    left = sum(part.minor for part in sheet.parts.values() if part.of in floor.covers)
    if (again := min(taken, floor.minor - left)) > 0:
        sheet.parts[floor.of].timeless += again
        shares[floor.of] = shares.get(floor.of, 0) + again
