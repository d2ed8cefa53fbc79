"""The eventsourcing library's own test cases for recorders, run against our store through a synchronous adapter."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any, TypeVar
from uuid import UUID, uuid4

import asyncpg
import pytest
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    IntegrityError,
    Notification,
    StoredEvent,
    Subscription,
)
from eventsourcing.tests import persistence as contract

from adapters.postgres.database import connect
from adapters.postgres.event_store.appender import AppendEntry, AppendStatus
from adapters.postgres.event_store.group_commit import GroupCommit
from adapters.postgres.event_store.key_store import KeyStore
from adapters.postgres.event_store.mapper import StoredState
from adapters.postgres.event_store.reader import Filter, LogReader

T = TypeVar("T")


class Bridge:
    """Runs the store on an event loop in a thread."""

    def __init__(self, dsn: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.pool: asyncpg.Pool = self.run(connect(dsn))
        self.run(self._prepare())

    async def _prepare(self) -> None:
        self.group_commit = GroupCommit(self.pool)
        self.reader = LogReader(self.pool, KeyStore(self.pool))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def close(self) -> None:
        self.run(self.pool.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)


class OurAggregateRecorder(AggregateRecorder):
    """Inserts and selects the events of one aggregate."""

    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        self.append(stored_events)
        return None

    def append(self, stored_events: Sequence[StoredEvent]) -> int:
        rows = [StoredState(_uuid(e.originator_id), e.originator_version, e.topic, e.state) for e in stored_events]
        written = self.bridge.run(self.bridge.group_commit.write(AppendEntry(uuid4(), "f", None, "{}", rows)))
        if written.status is not AppendStatus.APPENDED:
            raise IntegrityError
        return written.position

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        chosen = Filter(aggregate_id=_uuid(originator_id))
        rows = self.bridge.run(self.bridge.reader.rows(0, 1000, chosen))
        events = [
            StoredEvent(*row[:4])
            for row in rows
            if (gt is None or row["originator_version"] > gt) and (lte is None or row["originator_version"] <= lte)
        ]
        return (events[::-1] if desc else events)[:limit]


class OurApplicationRecorder(OurAggregateRecorder, ApplicationRecorder):
    """Also reads the log of all aggregates."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        last = self.append(stored_events)
        return list(range(last - len(stored_events) + 1, last + 1))

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        after = 0 if start is None else start - inclusive_of_start
        rows = self.bridge.run(self.bridge.reader.rows(after, limit, Filter(until=stop, topics=topics or None)))
        return [Notification(row[0], row[1], row[2], row[3], id=row["notification_id"]) for row in rows]

    def max_notification_id(self) -> int | None:
        newest: int | None = self.bridge.run(self._newest())
        return newest

    async def _newest(self) -> Any:
        return await self.bridge.pool.fetchval("select max(notification_id) from csbe.events")

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        raise NotImplementedError


@pytest.mark.usefixtures("pool")  # which empties the tables
class _OnBridge:
    bridge: Bridge

    @pytest.fixture(autouse=True)
    def _bridge(self, postgres_dsn: str) -> Iterator[None]:
        self.bridge = Bridge(postgres_dsn)
        yield
        self.bridge.close()


class TestAggregateRecorder(_OnBridge, contract.AggregateRecorderTestCase):
    """Versions, atomicity, ranges."""

    def create_recorder(self) -> AggregateRecorder:
        return OurAggregateRecorder(self.bridge)


class TestApplicationRecorder(_OnBridge, contract.ApplicationRecorderTestCase[ApplicationRecorder]):
    """Positions, filters, concurrency."""

    def create_recorder(self) -> ApplicationRecorder:
        return OurApplicationRecorder(self.bridge)


class TestPositionsOfOneAppend(_OnBridge, contract.NonInterleavingNotificationIDsBaseCase):
    """Never interleaved with another's."""

    def create_recorder(self) -> ApplicationRecorder:
        return OurApplicationRecorder(self.bridge)


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)
