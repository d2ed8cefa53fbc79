"""Several processes on one broker: none takes another's place, the load is shared, and what one leaves others take."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiomqtt
import asyncpg
import pytest

from adapters.mqtt.batches import BatchWriter
from adapters.mqtt.client import client_options
from adapters.mqtt.ingest import Ingest, IngestOptions
from adapters.mqtt.metrics import NoMetrics
from adapters.mqtt.sharing import SharedIngest
from adapters.postgres.database import connect
from adapters.postgres.ingest_sessions import FIRST, IngestSessions
from domain.fleet.commands import NoteContact, ObserveVehicle
from tests.adapters.mqtt.cars import Car, LastReported, until
from tests.support.brokers import MOSQUITTO, MosquittoBroker
from tests.support.clocks import SystemClock

pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="there is no mosquitto on this machine")

MESSAGES = 60


@dataclass
class Figures(NoMetrics):
    """Of one process."""

    stored: int = 0
    connected_times: int = 0

    def batch(self, *, messages: int, seconds: float, lag_s: float) -> None:
        del seconds, lag_s
        self.stored += messages

    def connected(self, *, up: bool) -> None:
        self.connected_times += up


@dataclass
class Process:
    """Ingest as one process of several runs it."""

    pool: asyncpg.Pool
    ingest: SharedIngest
    figures: Figures
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    work: "asyncio.Task[None] | None" = None

    async def start(self) -> None:
        self.work = asyncio.create_task(self.ingest.run(self.stop))
        await asyncio.sleep(0)  # it has begun, and is not ready
        await until(lambda: self.ingest.trouble is None)

    async def end(self) -> None:
        """As after SIGTERM."""
        self.stop.set()
        if self.work:
            await asyncio.wait_for(self.work, 20)

    async def die(self) -> None:
        """As after `kill -9`: connections are cut, nothing in hand is finished."""
        assert self.work
        self.work.cancel()
        with suppress(asyncio.CancelledError):
            await self.work
        self.pool.terminate()


Start = Callable[[], Awaitable[Process]]


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[str]:
    mosquitto = MosquittoBroker(tmp_path)
    await mosquitto.start()
    yield mosquitto.url
    await mosquitto.stop()


@pytest.fixture(params=["", "?version=5"], ids=["3.1.1", "5"])
def url(broker: str, request: pytest.FixtureRequest) -> str:
    return f"{broker}{request.param}"


@asynccontextmanager
async def processes(url: str, postgres_dsn: str, writer: BatchWriter) -> AsyncIterator[Start]:
    """Starts processes, each with connections of its own; those that live are ended after the block."""
    started: list[Process] = []
    async with AsyncExitStack() as stack:

        async def start() -> Process:
            pool, figures = await connect(postgres_dsn), Figures()
            stack.callback(pool.terminate)

            def session(number: int) -> Ingest:
                options = IngestOptions(f"csbe-test-ingest-{number}", "csbe-test", first=number == FIRST)
                return Ingest(url, writer, clock=SystemClock(), options=options, metrics=figures)

            process = Process(pool, SharedIngest(IngestSessions(pool), session, look_s=0.05), figures)
            started.append(process)
            await process.start()
            return process

        try:
            yield start
        finally:
            await asyncio.gather(*(p.end() for p in started if p.work and not p.work.done()))


@pytest.fixture
async def start(url: str, postgres_dsn: str, writer: BatchWriter) -> AsyncIterator[Start]:
    async with processes(url, postgres_dsn, writer) as start:
        yield start


@pytest.fixture
async def on_the_road(broker: str, vin: str) -> AsyncIterator[Car]:
    async with aiomqtt.Client(**client_options(broker)) as client:
        yield Car(client, vin)


async def seqs(pool: asyncpg.Pool, car: Car) -> list[int]:
    return [row[0] for row in await pool.fetch("select seq from csbe.telemetry where vin = $1 order by seq", car.vin)]


async def sent(car: Car, numbers: range) -> None:
    for seq in numbers:
        await car.report(seq, locked=seq % 2 == 0)


async def stored(pool: asyncpg.Pool, car: Car, count: int) -> list[int]:
    """The numbers of all that is stored, once so many different ones are."""

    async def enough() -> bool:
        return len(set(await seqs(pool, car))) >= count

    await until(enough, timeout_s=30)
    return await seqs(pool, car)


def is_shared(url: str) -> bool:
    return "version=5" in url


async def test_two_processes_never_take_each_other_over_and_share_the_load_where_the_broker_can(
    url: str, start: Start, on_the_road: Car, pool: asyncpg.Pool, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = await start(), await start()

    await sent(on_the_road, range(MESSAGES))

    assert await stored(pool, on_the_road, MESSAGES) == list(range(MESSAGES))
    assert (one.figures.connected_times, other.figures.connected_times) == (1, is_shared(url))
    await until(lambda: one.figures.stored + other.figures.stored == MESSAGES)
    assert other.figures.stored == (MESSAGES / 2 if is_shared(url) else 0)
    assert [record for record in caplog.records if record.name == "mqtt"] == []


async def test_who_stood_by_goes_on_where_the_other_was_ended(
    start: Start, on_the_road: Car, pool: asyncpg.Pool
) -> None:
    one, other = await start(), await start()

    await one.end()
    await sent(on_the_road, range(MESSAGES))

    assert await stored(pool, on_the_road, MESSAGES) == list(range(MESSAGES))
    assert other.ingest.trouble is None


@pytest.mark.parametrize("first_dies", [True, False])
async def test_what_a_killed_process_leaves_is_taken_by_the_others_and_its_session_is_ended(
    start: Start, on_the_road: Car, pool: asyncpg.Pool, first_dies: bool
) -> None:
    dying, living = (await start(), await start())[:: 1 if first_dies else -1]

    await dying.die()
    await sent(on_the_road, range(MESSAGES))

    assert await stored(pool, on_the_road, MESSAGES) == list(range(MESSAGES))
    assert living.work
    assert not living.work.done()
    await until(lambda: _sessions(pool, at_most=1))


async def test_when_all_were_away_nothing_that_came_meanwhile_is_lost(
    start: Start, on_the_road: Car, pool: asyncpg.Pool
) -> None:
    one, other = await start(), await start()
    await one.die()
    await other.die()

    await sent(on_the_road, range(MESSAGES))
    await start()

    assert await stored(pool, on_the_road, MESSAGES) == list(range(MESSAGES))


async def test_a_lost_database_connection_ends_the_claims_and_they_are_taken_again(
    start: Start, on_the_road: Car, pool: asyncpg.Pool, owner: asyncpg.Connection
) -> None:
    one, other = await start(), await start()
    for process in (one, other):
        await process.pool.expire_connections()
    await owner.execute(
        "select pg_terminate_backend(pid) from csbe.session_locks "
        "join pg_locks on key = (classid::bigint << 32) | objid::bigint "
        "join pg_stat_activity using (pid) "
        "where locktype = 'advisory' and datname = current_database() and name = 'ingest_session'"
    )

    await sent(on_the_road, range(MESSAGES))

    assert set(await stored(pool, on_the_road, MESSAGES)) == set(range(MESSAGES))
    await until(lambda: one.ingest.trouble is None and other.ingest.trouble is None)


async def test_a_car_is_never_worked_on_by_two_and_what_is_told_of_it_only_goes_forward(
    start: Start, on_the_road: Car, pool: asyncpg.Pool, reported: LastReported
) -> None:
    await start()
    await start()

    await sent(on_the_road, range(MESSAGES))
    await stored(pool, on_the_road, MESSAGES)  # for who speaks after it has gone offline is back
    for status in (b"online", b"offline", b"online"):
        await on_the_road.publish("status", status)
    await until(lambda: [c for c, _ in reported.commands if isinstance(c, NoteContact)][2:])

    observed = [c.observation for c, _ in reported.commands if isinstance(c, ObserveVehicle)]
    contacts = [c.online for c, _ in reported.commands if isinstance(c, NoteContact)]
    assert [o.observed_at for o in observed] == sorted(o.observed_at for o in observed)
    assert observed[-1].locked == ((MESSAGES - 1) % 2 == 0)
    assert contacts == [True, False, True]


async def _sessions(pool: asyncpg.Pool, *, at_most: int) -> bool:
    count: int = await pool.fetchval("select count(*) from csbe.ingest_sessions")
    return count <= at_most
