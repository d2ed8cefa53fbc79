"""What has grown too old is deleted: one table of what is cut, by which age, and how.

A batch is a transaction of its own, and passes over rows that others have locked: nobody waits for it. What is not
named here is kept for ever, or ends by a time of its own: see docs/how-to/retention.md.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, Protocol

import asyncpg
import structlog

from adapters.postgres.database import TRANSIENT_ERRORS
from adapters.postgres.drives import DURING_DRIVES, Drive, during
from adapters.postgres.errors import BusyError
from adapters.postgres.telemetry_days import TelemetryDays, name_of
from adapters.waiting import is_set_within
from domain.kernel.ports import Clock

log = structlog.get_logger(__name__)

BATCH = 5_000
"""So many rows go in one transaction at most."""
EVERY_S = 3600.0
AGAIN_S = 60.0
"""When it is tried again after trouble with the database."""

_TROUBLE: tuple[type[Exception], ...] = (*TRANSIENT_ERRORS, BusyError)


@dataclass(frozen=True)
class KeptDays:
    """For how many days rows are kept."""

    telemetry: int
    dead_letters: int
    reads: int
    messages: int
    demand: int


class Cut(NamedTuple):
    """A batch of rows that were deleted."""

    table: str
    rows: int


class RetentionMetrics(Protocol):
    """Hears of what was deleted."""

    def deleted(self, table: str, rows: int, /) -> None: ...


Evidence = Callable[[datetime, datetime], Awaitable[Sequence[Drive]]]
"""Given a moment and the time: the drives since before that moment whose cost is open."""


def _delete(table: str, which: str, most: str) -> str:
    """Deletes so many rows at most, and tells how many it were."""
    return f"""
    with gone as (
        delete from {table} where ctid = any(array(
            select ctid from {table} t where {which} limit {most} for update skip locked
        )) returning 1
    )
    select count(*) from gone
    """  # noqa: S608 (our own words)


def _no_evidence(of_its_car: str) -> str:
    return f"not exists (select from {DURING_DRIVES} and {of_its_car})"


_OLD_DAY = "day < ($1::timestamptz at time zone 'UTC')::date"
_DEAD_LETTERS = _delete("csbe.dead_letters", f"received_at < $4 and {_no_evidence('strpos(t.topic, d.vin) > 0')}", "$5")


class _Kind(NamedTuple):
    """A table that is cut by age alone."""

    table: str
    days: Callable[[KeptDays], int]
    delete: str
    """Of what is older than `$1`, at most `$2` rows."""


_BY_AGE = (
    _Kind("csbe.personal_reads", lambda kept: kept.reads, "select csbe.drop_reads($1, $2)"),
    _Kind("csbe.messages_sent", lambda kept: kept.messages, "select csbe.drop_messages_sent($1, $2)"),
    _Kind("csbe.demand", lambda kept: kept.demand, _delete("csbe.demand", _OLD_DAY, "$2")),
    _Kind("csbe.refusals", lambda kept: kept.demand, _delete("csbe.refusals", _OLD_DAY, "$2")),
    _Kind("csbe.zone_demand", lambda kept: kept.demand, _delete("csbe.zone_demand", _OLD_DAY, "$2")),
    _Kind("csbe.zone_refusals", lambda kept: kept.demand, _delete("csbe.zone_refusals", _OLD_DAY, "$2")),
)
TABLES = (*(kind.table for kind in _BY_AGE), "csbe.dead_letters", "csbe.telemetry")


class Retention:
    """Cuts each of `TABLES` at its old end."""

    def __init__(
        self, pool: asyncpg.Pool, kept: KeptDays, clock: Clock, *,
        days: TelemetryDays, evidence: Evidence, metrics: RetentionMetrics,
    ) -> None:  # fmt: skip
        self._pool = pool
        self._kept = kept
        self._clock = clock
        self._days = days
        self._evidence = evidence
        self._metrics = metrics

    async def run(self, stop: asyncio.Event) -> None:
        """Cut once an hour, until told to stop."""
        while not stop.is_set():
            pause = EVERY_S
            try:
                await self._cut_until(stop)
            except _TROUBLE as error:
                log.warning("what is too old could not be deleted yet", error=str(error))
                pause = AGAIN_S
            await is_set_within(stop, pause)

    async def cut(self) -> AsyncGenerator[Cut, None]:
        """Delete what is too old now, and tell each batch. Raises `BusyError` and the database's connection errors.

        What a car sent during a drive that is evidence is kept, whatever its age.
        """
        now, kept = self._clock.now(), self._kept
        for kind in _BY_AGE:
            async for cut in self._batches(kind.table, kind.delete, now - timedelta(days=kind.days(kept))):
                yield cut
        letters, telemetry = (now - timedelta(days=days) for days in (kept.dead_letters, kept.telemetry))
        drives = await self._evidence(max(letters, telemetry), now)
        async for cut in self._batches("csbe.dead_letters", _DEAD_LETTERS, *during(drives), letters):
            yield cut
        async for cut in self._telemetry(telemetry.astimezone(UTC).date(), drives):
            yield cut

    async def _cut_until(self, stop: asyncio.Event) -> None:
        async with aclosing(self.cut()) as cuts:
            async for _ in cuts:
                if stop.is_set():
                    return

    async def _telemetry(self, first_kept: date, drives: Sequence[Drive]) -> AsyncGenerator[Cut, None]:
        """By whole days; of a day with evidence, all rows but that."""
        old = await self._days.before(first_kept)
        wanted = [day for day in old if any(_has(day, drive) for drive in drives)]
        for day in wanted:
            delete = _delete(name_of(day), _no_evidence("t.vin = d.vin"), "$4")
            async for cut in self._batches("csbe.telemetry", delete, *during(drives)):
                yield cut
        if dropped := await self._days.drop_before(first_kept, but=wanted):
            log.info("telemetry_dropped", days=[str(day) for day in dropped], kept_as_evidence=len(wanted))

    async def _batches(self, table: str, delete: str, *values: object) -> AsyncGenerator[Cut, None]:
        """Until one is not full: what others have locked goes the next time."""
        rows = BATCH
        while rows == BATCH:
            rows = await self._pool.fetchval(delete, *values, BATCH)
            if rows:
                self._metrics.deleted(table, rows)
                log.info("old_rows_deleted", table=table, rows=rows)
                yield Cut(table, rows)


def _has(day: date, drive: Drive) -> bool:
    """Whether some of the drive was on this day (UTC)."""
    return drive.since.astimezone(UTC).date() <= day and (
        drive.until is None or drive.until.astimezone(UTC).date() >= day
    )
