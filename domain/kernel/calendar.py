"""Periods that may not overlap: who is promised what, from when until when."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self
from uuid import UUID

from pydantic import Field, model_validator

from domain.kernel.values import LAST, Instant, Seconds, Value


class Period(Value):
    """From its begin until just before its end, in UTC: its length is time that passes, whatever the clocks do."""

    begins: Instant
    ends: Instant

    @model_validator(mode="after")
    def _goes_forward(self) -> Self:
        if self.begins >= self.ends:
            msg = "a period ends after it begins"
            raise ValueError(msg)
        return self

    @property
    def length(self) -> timedelta:
        """How much time passes in it."""
        return self.ends.astimezone(UTC) - self.begins.astimezone(UTC)

    def overlaps(self, other: "Period") -> bool:
        """Whether a moment lies in both."""
        return self.begins < other.ends and other.begins < self.ends


class Entry(Value):
    """A period that is promised, the time after it that nobody else may have, and the time before it to keep free."""

    id: UUID
    """Of what it is promised to."""
    period: Period
    buffer_s: Seconds = 0
    lead_s: Seconds = 0
    """How long before its begin nothing begins that has no end."""

    @property
    def closed(self) -> Period:
        """The period with its buffer, as far as there is time for it."""
        ends = self.period.ends + timedelta(seconds=self.buffer_s)
        return Period(begins=self.period.begins, ends=min(ends, LAST))

    @property
    def led_from(self) -> datetime:
        """When the time before it begins."""
        return self.period.begins - timedelta(seconds=self.lead_s)


class Free(NamedTuple):
    """Time that is promised to nobody; without an end where nothing follows."""

    begins: datetime
    ends: datetime | None


class Calendar(Value):
    """Who is promised what, in the order of the periods' begins."""

    entries: tuple[Entry, ...] = Field(default=())

    def in_the_way(self, wanted: Entry) -> list[Entry]:
        """The entries of others that a new or changed one would meet."""
        return [e for e in self.entries if e.id != wanted.id and e.closed.overlaps(wanted.closed)]

    def with_entry(self, entry: Entry) -> "Calendar":
        """Promise a period, in place of what the same had. The caller has seen that nothing is in the way."""
        others = (e for e in self.entries if e.id != entry.id)
        return Calendar(entries=tuple(sorted((*others, entry), key=lambda e: e.period.begins)))

    def without(self, id: UUID) -> "Calendar":
        """Promise it no more; what is not promised changes nothing."""
        return Calendar(entries=tuple(e for e in self.entries if e.id != id))

    def entry(self, id: UUID) -> Entry | None:
        """What is promised to somebody."""
        return next((e for e in self.entries if e.id == id), None)

    def next_entry(self, at: datetime) -> Entry | None:
        """The first one that is not over at a time: it is on, or comes next."""
        return next((e for e in self.entries if e.period.ends > at), None)

    def leads_at(self, at: datetime) -> Entry | None:
        """The entry that is on at a time, or whose lead is."""
        return next((e for e in self.entries if e.led_from <= at < e.period.ends), None)

    def gaps(self, since: datetime, buffer: timedelta = timedelta(0)) -> list[Free]:
        """What can be promised from a time on, with a buffer after it."""
        free, begins = [], since
        for entry in self.entries:
            ends = entry.period.begins - buffer
            if begins < ends:
                free.append(Free(begins, ends))
            begins = max(begins, entry.closed.ends)
        return [*free, Free(begins, None)]

    def nearest(self, wanted: Period, since: datetime, buffer: timedelta) -> list[Period]:
        """Periods as long as the wanted one that can be promised instead: the last before it, the first after it."""
        fits = [gap for gap in self.gaps(since, buffer) if gap.ends is None or gap.ends - gap.begins >= wanted.length]
        before = [gap.ends for gap in fits if gap.ends is not None and gap.ends - wanted.length < wanted.begins]
        after = [
            max(g.begins, wanted.begins) for g in fits if g.ends is None or g.ends - wanted.length >= wanted.begins
        ]
        begins = [*(max(before) - wanted.length for _ in before[:1]), *(min(after) for _ in after[:1])]
        return [Period(begins=at, ends=at + wanted.length) for at in begins]
