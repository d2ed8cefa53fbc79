"""Composes the running system: the one place that knows which adapter stands behind which port."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import asyncpg
import structlog
from anyio import to_thread

import projections
from adapters.broker import embedded_broker
from adapters.embedded import EmbeddedPostgres
from adapters.messenger import FileMessenger, SmtpMessenger
from adapters.mqtt.batches import BatchWriter, KnownVehicle
from adapters.mqtt.gateway import MqttVehicleGateway
from adapters.mqtt.ingest import Ingest
from adapters.mqtt.lookups import CachedDirectory, ZoneMap, ZoneShape
from adapters.payments import SimulatedPaymentProvider
from adapters.postgres.database import TRY_AGAIN, connect
from adapters.postgres.errors import FollowerStoppedError
from adapters.postgres.follower import Follower, wait_for
from adapters.postgres.migrate import migrate
from adapters.postgres.store import PostgresEventStore
from adapters.postgres.task_queue import ParkedTask, TaskQueue
from adapters.postgres.tasks import PolicyRunner, TaskWorker
from adapters.postgres.telemetry import TelemetryStore
from api.auth import TokenAuthority
from api.observability import LAG, TASKS_DUE, TASKS_LATE, TASKS_PARKED, AppendMetrics, IngestFigures, MeasuredDispatcher
from api.settings import Settings
from api.system import Row, System
from domain import contexts
from domain.billing.policies import payment_answer
from domain.kernel.ids import MemberId, VehicleId, ZoneId
from domain.kernel.messages import Command
from domain.kernel.policy import AskPaymentProvider, Effect, SendMessage, TellVehicle
from domain.kernel.ports import Clock, Messenger, PaymentGateway, VehicleGateway
from domain.rulebook.model import Rulebook
from domain.rulebook.services import RULEBOOKS

__all__ = [
    "Follower",
    "FollowerStoppedError",
    "ParkedTask",
    "Part",
    "Running",
    "composed",
    "prepare",
    "servers",
    "tokens_of",
]

log = structlog.get_logger(__name__)

ZONES_REFRESH_S = 5.0
READY_LAG = 10_000
"""A process whose read models are further behind than this many positions is not ready."""

_NO_ANSWER = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

_VEHICLE = "select vehicle_id, service from read_v1.vehicles where vin = $1"
_ZONES = "select service, zone_id, polygons from read_v1.zones where not retired"
_TASKS = """
select count(*) filter (where parked_at is null and due_at <= now()) as due,
    count(*) filter (where parked_at is not null) as parked,
    coalesce(extract(epoch from now() - min(due_at) filter (where parked_at is null and due_at <= now())), 0) as late_s
from csbe.tasks
"""
_IDLE = """
select not exists (select from csbe.tasks where parked_at is null and due_at <= $1)
    and (select count(*) from csbe.followers where name = any($2)
        and position = (select coalesce(max(notification_id), 0) from csbe.events)) = cardinality($2)
"""
"""In one statement, so of one moment: what moves on between two would be seen by neither."""
_EMAIL = "select email from read_v1.members where member_id = $1"


class Part(StrEnum):
    """The roles that a process can have: `csbe serve --only`."""

    API = "api"
    INGEST = "ingest"
    PROJECTIONS = "projections"
    POLICIES = "policies"


class SystemClock:
    """The machine's clock, UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True)
class Running:
    """A composed system and the loops that keep it going."""

    system: System
    pool: asyncpg.Pool
    store: PostgresEventStore
    mqtt_url: str
    followers: tuple[Follower, ...]
    """Of the projections."""
    policies: Follower
    tasks: TaskQueue
    worker: TaskWorker
    telemetry: TelemetryStore
    ingest: Ingest
    refresh_zones: Callable[[], Awaitable[None]]

    async def run(self, parts: Collection[Part], stop: asyncio.Event) -> None:
        """Run the loops of these parts until `stop` is set; each finishes what it has in hand."""
        async with asyncio.TaskGroup() as loops:
            if Part.PROJECTIONS in parts:
                for follower in self.followers:
                    loops.create_task(follower.run(stop))
            if Part.POLICIES in parts:
                loops.create_task(self.policies.run(stop))
                loops.create_task(self.worker.run(stop))
            if Part.INGEST in parts:
                loops.create_task(self.ingest.run(stop))
                loops.create_task(self._keep_zones(stop))

    @asynccontextmanager
    async def going(self, parts: Collection[Part]) -> AsyncIterator[asyncio.Task[None]]:
        """Run the loops of these parts during the block; yields the task, which ends early only by a fault of ours."""
        stop = asyncio.Event()
        loops = asyncio.create_task(self.run(parts, stop))
        try:
            yield loops
        finally:
            stop.set()
            await loops

    async def is_idle(self) -> bool:
        """Whether policies and projections have dealt with all that happened, and nothing is due."""
        names = [follower.name for follower in (*self.followers, self.policies)]
        idle: bool = await self.pool.fetchval(_IDLE, self.system.clock.now(), names)
        return idle

    async def _keep_zones(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.refresh_zones()
            except TRY_AGAIN as error:
                log.warning("zones could not be read; the old ones stand", error=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), ZONES_REFRESH_S)


@asynccontextmanager
async def servers(settings: Settings, *, broker: bool = True) -> AsyncIterator[tuple[str, str]]:
    """The DSN of PostgreSQL and the URL of the broker: those of the settings, embedded ones otherwise."""
    async with AsyncExitStack() as stack:
        dsn = settings.postgres_dsn.get_secret_value() if settings.postgres_dsn else ""
        if not dsn:
            embedded = EmbeddedPostgres((settings.data_dir / "postgres").resolve())
            dsn = await to_thread.run_sync(embedded.start)
            stack.callback(embedded.stop)
        url = settings.mqtt_url.get_secret_value() if settings.mqtt_url else ""
        if not url and broker:
            url = await stack.enter_async_context(embedded_broker())
        yield dsn, url


async def prepare(dsn: str) -> list[str]:
    """Migrate the event store and make the read models; returns the migrations applied."""
    applied = await migrate(dsn)
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(4842195)")
            await connection.execute(projections.schema_sql())
    finally:
        await connection.close()
    return applied


@asynccontextmanager
async def composed(
    settings: Settings,
    dsn: str,
    mqtt_url: str,
    *,
    clock: Clock = SystemClock(),
    rulebooks: Mapping[str, Rulebook] = RULEBOOKS,
) -> AsyncIterator[Running]:
    """The system over a prepared database and a broker; nothing runs yet."""
    async with AsyncExitStack() as stack:
        pool = await connect(dsn, max_size=20)
        stack.push_async_callback(_close, pool)
        store = PostgresEventStore(pool, master_key=settings.master_key_bytes, figures=AppendMetrics())
        stack.push_async_callback(store.close)
        dispatcher = MeasuredDispatcher(store, clock, rulebooks, contexts.HANDLERS)
        gateway = await stack.enter_async_context(MqttVehicleGateway(mqtt_url, clock=clock))
        tokens = tokens_of(settings)
        effects = Effects(gateway, SimulatedPaymentProvider(pool), _messenger(settings, pool), pool, tokens)
        followers = tuple(
            Follower(pool, store, projector.follower_name, projector.apply, topics=projector.topics)
            for projector in projections.PROJECTORS
        )
        policies = Follower(pool, store, "policies", PolicyRunner(contexts.POLICIES))
        tasks = TaskQueue(pool)
        zones, figures, telemetry = ZoneMap(), IngestFigures(), TelemetryStore(pool)
        writer = BatchWriter(dispatcher, telemetry, _directory(pool), zones=zones, metrics=figures)
        system = System(
            settings=settings,
            dispatcher=dispatcher,
            store=store,
            clock=clock,
            tokens=tokens,
            rulebooks=rulebooks,
            fetch=_fetch(pool),
            wait_until=_waiter(pool, followers),
            end=store.end,
            take_stock=_stock_taker(pool, (*followers, policies)),
            checks={"database": database_answers(pool), "projections": _keeping_up(followers)},
        )
        yield Running(
            system=system,
            pool=pool,
            store=store,
            mqtt_url=mqtt_url,
            followers=followers,
            policies=policies,
            tasks=tasks,
            worker=TaskWorker(
                tasks, store.listener.tasks, clock, contexts.COMMANDS, dispatcher.dispatch, effects.perform
            ),
            telemetry=telemetry,
            ingest=Ingest(mqtt_url, writer, clock=clock, metrics=figures),
            refresh_zones=lambda: _refresh_zones(pool, zones),
        )


@dataclass(frozen=True)
class Effects:
    """Carries out effects on the outside world."""

    vehicles: VehicleGateway
    payments: PaymentGateway
    messenger: Messenger
    pool: asyncpg.Pool
    tokens: TokenAuthority

    async def perform(self, effect: Effect, idempotency_key: str) -> Command | None:
        """Do it once per key; returns the command that brings the answer back. Raises `GatewayUnavailableError`."""
        match effect:
            case TellVehicle():
                await self.vehicles.send(effect)
            case AskPaymentProvider():
                answer = await self.payments.perform(effect, idempotency_key=idempotency_key)
                return payment_answer(effect, answer.accepted, answer.reference, answer.decline_code)
            case SendMessage():
                await self._send(effect, idempotency_key)
        return None

    async def _send(self, message: SendMessage, idempotency_key: str) -> None:
        address = await self._address(message.member_id)
        if address is None:  # erased: there is nobody to tell any more
            return
        if message.template == "verify_email":
            code = self.tokens.code("email", str(message.member_id))
            message = message.model_copy(update={"values": {**message.values, "code": code}})
        await self.messenger.send(message, address=address, idempotency_key=idempotency_key)

    async def _address(self, member_id: MemberId) -> str | None:
        found: str | None = await self.pool.fetchval(_EMAIL, member_id)
        return found


def tokens_of(settings: Settings) -> TokenAuthority:
    """Who signs this installation's tokens."""
    if settings.token_key:
        return TokenAuthority.from_pem(settings.token_key.get_secret_value())
    return TokenAuthority.from_file(settings.data_dir / "token-key.pem")


def _messenger(settings: Settings, pool: asyncpg.Pool) -> Messenger:
    if settings.smtp_host is None:
        return FileMessenger(settings.data_dir / "mail", sender=settings.mail_sender)
    return SmtpMessenger(
        pool,
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.mail_sender,
        username=settings.smtp_username,
        password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
    )


def _directory(pool: asyncpg.Pool) -> CachedDirectory:
    async def find(vin: str) -> KnownVehicle | None:
        row = await pool.fetchrow(_VEHICLE, vin)
        return KnownVehicle(VehicleId(row["vehicle_id"]), row["service"]) if row else None

    return CachedDirectory(find)


async def _refresh_zones(pool: asyncpg.Pool, zones: ZoneMap) -> None:
    rows = await pool.fetch(_ZONES)
    zones.replace(ZoneShape(row["service"], ZoneId(row["zone_id"]), row["polygons"]) for row in rows)


def _fetch(pool: asyncpg.Pool) -> Callable[..., Awaitable[list[Row]]]:
    async def fetch(sql: str, *values: object) -> list[Row]:
        return [dict(row) for row in await pool.fetch(sql, *values)]

    return fetch


def _waiter(pool: asyncpg.Pool, followers: tuple[Follower, ...]) -> Callable[[int], Awaitable[bool]]:
    async def wait_until(position: int) -> bool:
        waits = (wait_for(pool, follower.name, position) for follower in followers)
        return all(await asyncio.gather(*waits))

    return wait_until


def _stock_taker(pool: asyncpg.Pool, followers: tuple[Follower, ...]) -> Callable[[], Awaitable[None]]:
    async def take_stock() -> None:
        for follower in followers:
            LAG.labels(follower.name).set(await follower.lag())
        [tasks] = await pool.fetch(_TASKS)
        TASKS_DUE.set(tasks["due"])
        TASKS_PARKED.set(tasks["parked"])
        TASKS_LATE.set(float(tasks["late_s"]))

    return take_stock


def database_answers(pool: asyncpg.Pool) -> Callable[[], Awaitable[bool]]:
    """The check whether the database answers within two seconds."""

    async def answers() -> bool:
        try:
            return bool(await pool.fetchval("select true", timeout=2))
        except _NO_ANSWER:
            return False

    return answers


def _keeping_up(followers: tuple[Follower, ...]) -> Callable[[], Awaitable[bool]]:
    async def keeping_up() -> bool:
        try:
            return all([await follower.lag() < READY_LAG for follower in followers])
        except _NO_ANSWER:
            return False

    return keeping_up


async def _close(pool: asyncpg.Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), 5)
    except TimeoutError:
        pool.terminate()
