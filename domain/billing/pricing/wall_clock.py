"""The clock on the wall along a trip: its days, and when windows open and close, in seconds from the start."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from domain.rulebook.windows import Window

_DAY = 86_400
_MILLION = 1_000_000


class Stretch(NamedTuple):
    """From one second of the trip until just before another. `day` is the local day that it belongs to, by ordinal."""

    begins: int
    ends: int
    day: int


class _Piece(NamedTuple):
    """A stretch in which the clock does not jump: a local time of so many seconds, less `shift`, is a second of it."""

    begins: int
    ends: int
    shift: int


class WallClock:
    """Local time from one second of the trip until just before another."""

    def __init__(self, start: datetime, zone: ZoneInfo, begins: int, ends: int) -> None:
        self._start, self._zone = start, zone
        self._pieces = self._between(begins, ends)

    def days(self) -> Iterator[Stretch]:
        """Each local day; one that the clock leaves and comes back to, in parts."""
        for piece in self._pieces:
            for day in range((piece.begins + piece.shift) // _DAY, (piece.ends - 1 + piece.shift) // _DAY + 1):
                yield from self._within(piece, day, day, 0, _DAY * _MILLION)

    def occurrences(self, window: Window) -> Iterator[Stretch]:
        """When the window holds; its day is the one on which it began."""
        opens, closes = _microseconds(window.begins), _microseconds(window.ends)
        for piece in self._pieces:
            for day in range((piece.begins + piece.shift) // _DAY, (piece.ends - 1 + piece.shift) // _DAY + 1):
                if window.season is not None and not window.in_season(date.fromordinal(day)):
                    continue
                if opens < closes:
                    if _begins_on(window, day):
                        yield from self._within(piece, day, day, opens, closes)
                    continue
                if closes and _begins_on(window, day - 1):
                    yield from self._within(piece, day - 1, day, 0, closes)
                if _begins_on(window, day):
                    yield from self._within(piece, day, day, opens, _DAY * _MILLION)

    def _within(self, piece: _Piece, began: int, day: int, opens: int, closes: int) -> Iterator[Stretch]:
        """The seconds at which the clock shows a time from `opens` until `closes` on a day, in microseconds of it."""
        midnight, fraction = day * _DAY - piece.shift, self._start.microsecond
        begins = max(piece.begins, midnight - (fraction - opens) // _MILLION)
        ends = min(piece.ends, midnight - (fraction - closes) // _MILLION)
        if begins < ends:
            yield Stretch(begins, ends, began)

    def _between(self, begins: int, ends: int) -> list[_Piece]:
        """Looked for where the distance to UTC at the end of a day is not that of its begin."""
        pieces, here = [], self._offset(begins)
        for end in (*range(begins + _DAY, ends, _DAY), ends - 1):
            there = self._offset(end)
            while here != there:
                jump = self._jump(begins, end, here)
                pieces.append(_Piece(begins, jump, self._shift(here)))
                begins, here = jump, self._offset(jump)
        return [*pieces, _Piece(begins, ends, self._shift(here))]

    def _jump(self, before: int, after: int, offset: timedelta) -> int:
        """The first second at which the distance to UTC is another."""
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (middle, after) if self._offset(middle) == offset else (before, middle)
        return after

    def _offset(self, second: int) -> timedelta:
        return (self._start + timedelta(seconds=second)).astimezone(self._zone).utcoffset() or timedelta()

    def _shift(self, offset: timedelta) -> int:
        utc = self._start
        midnight = utc.toordinal() * _DAY
        return midnight + utc.hour * 3600 + utc.minute * 60 + utc.second + offset // timedelta(seconds=1)


def _begins_on(window: Window, day: int) -> bool:
    if window.weekdays is not None and (day - 1) % 7 + 1 not in window.weekdays:
        return False
    return window.dates is None or date.fromordinal(day) in window.dates


def _microseconds(clock: time) -> int:
    return ((clock.hour * 60 + clock.minute) * 60 + clock.second) * _MILLION + clock.microsecond
