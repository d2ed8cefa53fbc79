"""Which adapter stands behind which port."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

import asyncpg
from anyio import to_thread

import projections
from adapters.embedded.broker import embedded_broker
from adapters.embedded.postgres import EmbeddedPostgres
from adapters.mail.messenger import FileMessenger, SmtpMessenger
from adapters.mqtt.batches import BatchWriter
from adapters.mqtt.gateway import MqttVehicleGateway
from adapters.mqtt.ingest import Ingest
from adapters.mqtt.lookups import ZoneMap
from adapters.payments.simulated import SimulatedPaymentProvider
from adapters.postgres.database import connect, with_lock_timeout
from adapters.postgres.erasure import PostgresErasure
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.followers.follower import Follower
from adapters.postgres.jobs.policy_runner import PolicyRunner
from adapters.postgres.jobs.queue import JobQueue
from adapters.postgres.jobs.worker import JobWorker
from adapters.postgres.locks import Lock
from adapters.postgres.machinery import PostgresMachinery
from adapters.postgres.migrate import migrate
from adapters.postgres.read_models import generations
from adapters.postgres.read_models.projection import Projection
from adapters.postgres.rulebooks import PublishedRulebooks
from adapters.postgres.telemetry import TelemetryStore
from adapters.postgres.webhooks.claims import WebhookClaims
from adapters.postgres.webhooks.subscriptions import PostgresWebhooks
from adapters.rulebooks import shipped_texts
from adapters.webhooks.deliverer import WebhookDeliverer
from adapters.webhooks.delivery import Outlet
from adapters.webhooks.sender import Sender
from api import cloudevents
from api.auth import TokenAuthority
from api.command_ids import CommandIds
from api.composition.checks import broker_answers, database_answers, keeping_up, stock_taker
from api.composition.effects import Effects
from api.composition.operators import Operators
from api.composition.publication import publish_first
from api.composition.queries import directory, fetcher, refresh_zones, waiter
from api.composition.runtime import Running
from api.composition.tracing import TracedDispatcher, traced
from api.observability import AppendMetrics, IngestFigures, MeasuredDispatcher, WebhookFigures
from api.services import service_of
from api.settings import Settings
from api.system import System
from domain import contexts
from domain.kernel.ports import Clock, Messenger
from projections.kernel.projector import Projector
from projections.members import MembersProjector


class UnreachableError(Exception):
    """A server that the settings name does not answer."""


class SystemClock:
    """The machine's clock, UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@asynccontextmanager
async def servers(settings: Settings, *, broker: bool = True) -> AsyncIterator[tuple[str, str]]:
    """The DSN of PostgreSQL and the URL of the broker: those of the settings, embedded ones otherwise."""
    async with AsyncExitStack() as stack:
        dsn = settings.postgres_dsn.get_secret_value() if settings.postgres_dsn else ""
        if not dsn:
            settings.make_data_dir()
            embedded = EmbeddedPostgres((settings.data_dir / "postgres").resolve())
            dsn = await to_thread.run_sync(embedded.start)
            stack.callback(embedded.stop)
        url = settings.mqtt_url.get_secret_value() if settings.mqtt_url else ""
        if not url and broker:
            url = await stack.enter_async_context(embedded_broker())
        yield dsn, url


async def prepare(dsn: str) -> list[str]:
    """Migrate the event store and make the read models; returns the migrations applied.

    Raises `UnreachableError` when there is no PostgreSQL at the DSN, `BusyError` when others keep it from its locks.
    """
    try:
        applied = await migrate(dsn)
        connection = await asyncpg.connect(dsn)
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError) as error:
        address = urlsplit(dsn)
        where = f"{address.hostname or 'its socket'}:{address.port or 5432}"
        raise UnreachableError(f"cannot reach PostgreSQL at {where}: {error}") from error
    try:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock($1)", Lock.SHARED_READ_MODELS)
            await connection.execute(projections.shared_sql())
        for projector in projections.PROJECTORS:
            await with_lock_timeout(f"the views of {projector.NAME}", partial(_prepare, connection, projector))
    finally:
        await connection.close()
    return applied


async def _prepare(connection: asyncpg.Connection, projector: Projector) -> None:
    async with connection.transaction():
        await generations.prepare(connection, projector)


@asynccontextmanager
async def composed(
    settings: Settings,
    dsn: str,
    mqtt_url: str,
    *,
    clock: Clock = SystemClock(),
    texts: Mapping[str, Mapping[str, str]] | None = None,
) -> AsyncIterator[Running]:
    """The system over a prepared database and a broker; nothing runs yet.

    Services that have never been published are, with the `texts` given or those that came along. Raises `ValueError`
    when the settings name a service that there is not.
    """
    async with AsyncExitStack() as stack:
        tracer = await stack.enter_async_context(traced())
        pool = await connect(dsn, max_size=20)
        stack.push_async_callback(_close, pool)
        store = PostgresEventStore(pool, master_key=settings.master_key_bytes, figures=AppendMetrics())
        stack.push_async_callback(store.close)
        rulebooks = PublishedRulebooks(store)
        dispatcher = (TracedDispatcher if tracer else MeasuredDispatcher)(store, clock, rulebooks, contexts.HANDLERS)
        await publish_first(shipped_texts() if texts is None else texts, dispatcher, rulebooks)
        if settings.service is not None:
            service_of(None, settings.service, rulebooks.services)
        gateway = await stack.enter_async_context(MqttVehicleGateway(mqtt_url, clock=clock))
        tokens = tokens_of(settings)
        followers = tuple(
            Projection(pool, store, projector, swap=settings.swap_when_built) for projector in projections.PROJECTORS
        )
        erasure = PostgresErasure(store, next(p for p in followers if p.name == MembersProjector.NAME))
        provider, messenger = SimulatedPaymentProvider(pool), _messenger(settings, pool)
        effects = Effects(gateway, provider, messenger, store, erasure, tokens)
        runner = PolicyRunner(contexts.POLICIES)
        policies = Follower(pool, store, "policies", runner, topics=runner.topics)
        jobs, webhooks = JobQueue(pool), PostgresWebhooks(pool, store)
        zones, figures, telemetry = ZoneMap(), IngestFigures(), TelemetryStore(pool)
        writer = BatchWriter(dispatcher, telemetry, directory(pool), zones=zones, metrics=figures)
        sender = await stack.enter_async_context(Sender(private=settings.webhook_private_receivers))
        system = System(
            settings=settings,
            dispatcher=dispatcher,
            store=store,
            clock=clock,
            tokens=tokens,
            command_ids=CommandIds(await store.keys.of_installation("command_ids")),
            rulebooks=rulebooks,
            fetch=fetcher(pool),
            wait_until=waiter(pool, followers),
            end=store.end,
            tracer=tracer,
            webhooks=webhooks,
            take_stock=stock_taker((*followers, policies), jobs, webhooks),
            checks=_checks(pool, mqtt_url, followers, policies),
        )
        yield Running(
            system=system,
            pool=pool,
            store=store,
            dsn=dsn,
            mqtt_url=mqtt_url,
            rulebooks=rulebooks,
            followers=followers,
            policies=policies,
            jobs=jobs,
            worker=JobWorker(jobs, store.listener.jobs, clock, contexts.COMMANDS, dispatcher.dispatch, effects.perform),
            webhooks=WebhookDeliverer(_outlet(settings, store, sender)),
            telemetry=telemetry,
            operators=Operators(dispatcher, store, PostgresMachinery(pool, followers, jobs, telemetry)),
            ingest=Ingest(mqtt_url, writer, clock=clock, metrics=figures),
            refresh_zones=lambda: refresh_zones(pool, zones),
        )


def tokens_of(settings: Settings) -> TokenAuthority:
    """Who signs this installation's tokens."""
    if settings.token_key:
        return TokenAuthority.from_pem(settings.token_key.get_secret_value())
    return TokenAuthority.from_file(settings.data_dir / "token-key.pem")


def _checks(
    pool: asyncpg.Pool, mqtt_url: str, followers: Sequence[Projection], policies: Follower
) -> dict[str, Callable[[], Awaitable[bool]]]:
    return {
        "database": database_answers(pool),
        "broker": broker_answers(mqtt_url),
        "projections": keeping_up(*followers),
        "policies": keeping_up(policies),
    }


def _outlet(settings: Settings, store: PostgresEventStore, sender: Sender) -> Outlet:
    return Outlet(
        store=store,
        claims=WebhookClaims(store.pool),
        sender=sender,
        to_body=cloudevents.to_body,
        content_type=cloudevents.MEDIA_TYPE,
        figures=WebhookFigures(),
        fail_after=timedelta(seconds=settings.webhook_fail_after_s),
    )


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


async def _close(pool: asyncpg.Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), 5)
    except TimeoutError:
        pool.terminate()
