"""The clock on the wall along a trip: its days, and when windows open and close, in seconds from the start."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from domain.rulebook.timetable import Occurrences, Timetable
from domain.rulebook.windows import DAY_US

_DAY = 86_400
_MILLION = 1_000_000
_SECOND = timedelta(seconds=1)


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

    def days(self) -> range:
        """The local days that it touches, by ordinal."""
        return range((self.begins + self.shift) // _DAY, (self.ends - 1 + self.shift) // _DAY + 1)


class WallClock:
    """Local time from one second of the trip until just before another."""

    def __init__(self, start: datetime, zone: ZoneInfo, begins: int, ends: int) -> None:
        self._utc, self._zone = start.replace(tzinfo=zone), zone
        """What a clock in UTC shows at the start, as `tzinfo.fromutc` takes it."""
        self._pieces = self._between(begins, ends)

    def days(self) -> Iterator[Stretch]:
        """Each local day; one that the clock leaves and comes back to, in parts."""
        for piece in self._pieces:
            for day in piece.days():
                begins, ends = self._within(piece, day, 0, DAY_US)
                if begins < ends:
                    yield Stretch(begins, ends, day)

    def hours(self, timetable: Timetable) -> Iterator[tuple[int, Occurrences]]:
        """All hours of a timetable: the second from which on they are, and the windows that hold then."""
        for piece in self._pieces:
            for day in piece.days():
                for opens, closes, occurrences in timetable.on(day):
                    begins, ends = self._within(piece, day, opens, closes)
                    if begins < ends:
                        yield begins, occurrences

    def _within(self, piece: _Piece, day: int, opens: int, closes: int) -> tuple[int, int]:
        """The seconds at which the clock shows a time from `opens` until `closes` on a day, in microseconds of it."""
        midnight, fraction = day * _DAY - piece.shift, self._utc.microsecond
        begins = midnight - (fraction - opens) // _MILLION
        ends = midnight - (fraction - closes) // _MILLION
        return max(piece.begins, begins), min(piece.ends, ends)

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

    def _jump(self, before: int, after: int, offset: int) -> int:
        """The first second at which the distance to UTC is another."""
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (middle, after) if self._offset(middle) == offset else (before, middle)
        return after

    def _offset(self, second: int) -> int:
        """The distance to UTC, in seconds."""
        utc = self._utc + timedelta(seconds=second)
        return (self._zone.fromutc(utc) - utc) // _SECOND

    def _shift(self, offset: int) -> int:
        utc = self._utc
        return utc.toordinal() * _DAY + utc.hour * 3600 + utc.minute * 60 + utc.second + offset
