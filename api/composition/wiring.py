"""Which adapter stands behind which port."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from functools import partial

import asyncpg

import projections
from adapters.documents.writer import DocumentWriter
from adapters.mail.messenger import FileMessenger, SmtpMessenger
from adapters.mail.sent import SentMessages
from adapters.mqtt.batches import BatchWriter
from adapters.mqtt.client import TlsFiles
from adapters.mqtt.findings import Received
from adapters.mqtt.gateway import MqttVehicleGateway
from adapters.mqtt.ingest import Ingest, IngestOptions
from adapters.mqtt.lookups import ZoneMap
from adapters.mqtt.roll_call import RollCall
from adapters.mqtt.sharing import SharedIngest
from adapters.postgres.allowances import CodeAllowance, MailAllowance
from adapters.postgres.database import TRANSIENT_ERRORS
from adapters.postgres.dead_letters import DeadLetters
from adapters.postgres.demand import PostgresDemand
from adapters.postgres.erasure import PostgresErasure
from adapters.postgres.followers.follower import Follower
from adapters.postgres.ingest_sessions import FIRST, IngestSessions
from adapters.postgres.jobs.policy_runner import PolicyRunner
from adapters.postgres.jobs.queue import JobQueue
from adapters.postgres.jobs.worker import JobWorker
from adapters.postgres.machinery import PostgresMachinery
from adapters.postgres.personal_reads import PersonalReads
from adapters.postgres.read_models.projection import Projection
from adapters.postgres.retention import KeptDays, Retention
from adapters.postgres.watch import DatabaseWatch
from adapters.postgres.webhooks.changes import WebhookChanges
from adapters.postgres.webhooks.claims import Claimed, WebhookClaims
from adapters.postgres.webhooks.subscriptions import PostgresWebhooks
from adapters.rulebooks import shipped_texts
from adapters.webhooks.deliverer import WebhookDeliverer
from adapters.webhooks.delivery import Outlet
from adapters.webhooks.sender import Sender
from api import cloudevents
from api.command_ids import CommandIds
from api.composition.checks import (
    broker_answers,
    database_answers,
    delivering,
    going_on,
    keeping_up,
    letting_in,
    listening,
    stock_taker,
    working_off,
    writing,
)
from api.composition.effects import Effects
from api.composition.foundation import Foundation, foundation
from api.composition.logins import Logins, logins
from api.composition.operators import Operators
from api.composition.parts import Parts
from api.composition.payments import Payments, payments
from api.composition.publication import publish_first
from api.composition.queries import directory, evidence, extractor, fetcher, refresh_zones, waiter
from api.composition.runtime import Running
from api.composition.servers import broker_tls
from api.edge.outage import Availability
from api.observability import (
    PAYMENTS_SIMULATED,
    BrokerFigures,
    DemandFigures,
    IngestFigures,
    RetentionFigures,
    WebhookFigures,
)
from api.readiness import Check, Readiness
from api.reads import whose
from api.services import service_of
from api.settings import Settings
from api.system import System
from domain import contexts
from domain.kernel.messages import RecordedEvent
from domain.kernel.ports import Clock, GatewayUnavailableError, Messenger, VehicleGateway
from domain.kernel.reads import PersonalRead
from domain.rulebook.model import FleetLimits

_CODES_PER_MEMBER = 10
"""Tries in an hour."""


@asynccontextmanager
async def composed(
    settings: Settings,
    dsn: str,
    mqtt_url: str,
    *,
    clock: Clock | None = None,
    texts: Mapping[str, Mapping[str, str]] | None = None,
) -> AsyncIterator[Running]:
    """The system over a prepared database and a broker; nothing runs yet. By the database's clock, unless one is given.

    Services that have never been published are, with the `texts` given or those that came along. Raises `ValueError`
    when the settings name a service that there is not.
    """
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(foundation(settings, dsn, clock))
        await publish_first(shipped_texts() if texts is None else texts, base.dispatcher, base.rulebooks)
        if settings.service is not None:
            service_of(None, settings.service, base.rulebooks.services)
        tls, zones = broker_tls(settings, mqtt_url), ZoneMap()
        gateway = MqttVehicleGateway(mqtt_url, clock=base.clock, metrics=BrokerFigures(), tls=tls)
        await stack.enter_async_context(gateway)
        login = await stack.enter_async_context(logins(base))
        sender = await stack.enter_async_context(Sender(private=settings.webhook_private_receivers))
        reads = await stack.enter_async_context(PersonalReads(base.pool))
        followers, policies, jobs = _projections(base), _policies(base), JobQueue(base.pool)
        changes, demand = _webhook_changes(base), PostgresDemand(base.pool, DemandFigures(), zones.names)
        ingest, roll_call, letters = await _ingest(base, mqtt_url, tls, gateway, zones)
        parts, messenger, paid = Parts(), _messenger(settings, base.pool), payments(base)
        checks = _outside(base, mqtt_url, login, messenger) | {"ingest": listening(ingest), "loops": going_on(parts)}
        readiness = Readiness(checks | _followed(followers, policies, changes, jobs), base.clock)
        system = await _system(base, login, (*followers, policies, changes), jobs, readiness, demand, reads, paid)
        yield Running(
            system=system,
            pool=base.pool,
            store=base.store,
            dsn=dsn,
            master_keys=base.master_keys,
            mqtt_url=mqtt_url,
            rulebooks=base.rulebooks,
            followers=followers,
            policies=policies,
            jobs=jobs,
            logins=login,
            worker=_worker(base, jobs, _effects(base, login, gateway, paid, messenger, followers)),
            webhooks=WebhookDeliverer(_outlet(base, sender, reads)),
            webhook_changes=changes,
            telemetry=base.telemetry,
            dead_letters=letters,
            operators=Operators(
                base.dispatcher, base.store, PostgresMachinery(base.pool, followers, jobs, base.telemetry, letters)
            ),
            ingest=ingest,
            roll_call=roll_call,
            parts=parts,
            demand=demand,
            reads=reads,
            retention=_retention(base),
            watch=DatabaseWatch(dsn, system.availability.tell),
            refresh_zones=partial(refresh_zones, base.pool, zones),
        )


async def _system(
    base: Foundation,
    login: Logins,
    followers: tuple[Projection | Follower, ...],
    jobs: JobQueue,
    readiness: Readiness,
    demand: PostgresDemand,
    reads: PersonalReads,
    paid: Payments,
) -> System:
    webhooks = PostgresWebhooks(base.pool, base.store)
    availability = Availability()
    return System(
        settings=base.settings,
        dispatcher=base.dispatcher,
        store=base.store,
        beside=base.twins,
        clock=base.clock,
        tokens=base.tokens,
        authenticate=login.authenticate,
        login=login.login,
        sealer=login.sealer,
        command_ids=CommandIds(await base.store.keys.of_installation("command_ids")),
        rulebooks=base.rulebooks,
        fetch=fetcher(base.pool),
        extract=extractor(base.pool),
        documents=DocumentWriter(),
        demand=demand,
        reads=reads,
        wait_until=waiter(base.pool, [one.name for one in followers if isinstance(one, Projection)]),
        end=base.store.end,
        tracer=base.tracer,
        availability=availability,
        outages=(*TRANSIENT_ERRORS, TimeoutError, asyncpg.ObjectNotInPrerequisiteStateError, GatewayUnavailableError),
        mail_allowance=await _mail_allowance(base),
        code_allowance=await _code_allowance(base),
        webhooks=webhooks,
        take_stock=stock_taker(base.pool, followers, jobs, webhooks),
        describe_method=paid.gateway.describe,
        provider_notices=paid.notices,
        readiness=readiness,
        warnings=paid.warnings,
    )


def _outside(
    base: Foundation, mqtt_url: str, login: Logins, messenger: FileMessenger | SmtpMessenger
) -> dict[str, Check]:
    """What the process works with."""
    return {
        "database": database_answers(base.pool),
        "writes": writing(base.pool),
        "broker": broker_answers(mqtt_url),
        "mail": delivering(messenger),
        "identity provider": letting_in(login.provider),
    }


def _retention(base: Foundation) -> Retention:
    settings = base.settings
    kept = KeptDays(
        telemetry=settings.telemetry_kept_days,
        dead_letters=settings.dead_letters_kept_days,
        reads=settings.reads_kept_days,
        messages=settings.messages_kept_days,
        demand=settings.demand_kept_days,
    )
    days, figures = base.telemetry.days, RetentionFigures()
    return Retention(base.pool, kept, base.clock, days=days, evidence=evidence(base.pool), metrics=figures)


def _followed(
    followers: tuple[Projection, ...], policies: Follower, changes: Follower, jobs: JobQueue
) -> dict[str, Check]:
    """What follows from the log."""
    return {
        "projections": keeping_up(*followers),
        "policies": keeping_up(policies),
        "webhooks": keeping_up(changes),
        "jobs": working_off(jobs),
    }


async def _mail_allowance(base: Foundation) -> Callable[[str], Awaitable[float | None]]:
    key = await base.store.keys.of_installation("allowances")
    return MailAllowance(base.pool, key, base.settings.mails_per_address).take


async def _code_allowance(base: Foundation) -> Callable[[str], Awaitable[float | None]]:
    key = await base.store.keys.of_installation("allowances")
    return CodeAllowance(base.pool, key, _CODES_PER_MEMBER).take


def _projections(base: Foundation) -> tuple[Projection, ...]:
    swap = base.settings.swap_when_built
    return tuple(Projection(base.pool, base.store, projector, swap=swap) for projector in projections.PROJECTORS)


def _policies(base: Foundation) -> Follower:
    runner = PolicyRunner(contexts.POLICIES)
    return Follower(base.pool, base.store, "policies", runner, topics=runner.topics)


def _webhook_changes(base: Foundation) -> Follower:
    return Follower(base.pool, base.store, "webhooks", WebhookChanges(base.store), topics=WebhookChanges.TOPICS)


def _worker(base: Foundation, jobs: JobQueue, effects: Effects) -> JobWorker:
    news, dispatch = base.store.listener.jobs, base.dispatcher.dispatch
    return JobWorker(jobs, news, base.clock, contexts.COMMANDS, dispatch, effects.perform)


def _effects(
    base: Foundation,
    login: Logins,
    gateway: VehicleGateway,
    paid: Payments,
    messenger: Messenger,
    followers: tuple[Projection, ...],
) -> Effects:
    erasure = PostgresErasure(base.store, followers)
    PAYMENTS_SIMULATED.set(paid.is_simulated)
    return Effects(gateway, paid.gateway, messenger, base.store, erasure, login.codes, base.clock)


async def _ingest(
    base: Foundation, mqtt_url: str, tls: TlsFiles | None, gateway: VehicleGateway, zones: ZoneMap
) -> tuple[SharedIngest, RollCall, DeadLetters]:
    figures, known = IngestFigures(), directory(base.pool)

    def rules(service: str) -> FleetLimits:
        version = base.rulebooks.in_force(service, base.clock.now())
        return version.rulebook.fleet if version else FleetLimits()

    writer = BatchWriter(base.dispatcher, base.telemetry, known, zones=zones, rules=rules, metrics=figures)
    installation = (await base.store.keys.of_installation("mqtt")).hex()[:8]

    def session(number: int) -> Ingest:
        options = IngestOptions(f"csbe-{installation}-ingest-{number}", f"csbe-{installation}", first=number == FIRST)
        return Ingest(mqtt_url, writer, clock=base.clock, options=options, metrics=figures, tls=tls)

    ingest = SharedIngest(IngestSessions(base.pool), session)
    roll_call = RollCall(
        base.telemetry, known, base.dispatcher, gateway, base.clock,
        listens=lambda: ingest.hears_everything, rules=rules,
    )  # fmt: skip

    async def redeliver(topic: str, payload: bytes, received_at: datetime) -> None:
        await refresh_zones(base.pool, zones)
        await writer.write([Received(topic, payload, received_at)])

    return ingest, roll_call, DeadLetters(base.pool, redeliver)


def _outlet(base: Foundation, sender: Sender, reads: PersonalReads) -> Outlet:
    async def note(webhook: Claimed, recorded: RecordedEvent, body: bytes) -> None:
        right = "personal data granted" if webhook.personal_data else "subscription"
        to = (webhook.service, webhook.owner_role, webhook.owner_id, f"webhook {webhook.id}", right)
        await reads.note([PersonalRead(base.clock.now(), *to, member) for member in whose(recorded, body)])

    return Outlet(
        store=base.store,
        claims=WebhookClaims(base.pool),
        sender=sender,
        to_body=cloudevents.to_body,
        content_type=cloudevents.MEDIA_TYPE,
        note=note,
        figures=WebhookFigures(),
        fail_after=timedelta(seconds=base.settings.webhook_fail_after_s),
    )


def _messenger(settings: Settings, pool: asyncpg.Pool) -> FileMessenger | SmtpMessenger:
    if settings.smtp_host is None:
        return FileMessenger(settings.data_dir / "mail", SentMessages(pool), sender=settings.mail_sender)
    return SmtpMessenger(
        SentMessages(pool),
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.mail_sender,
        username=settings.smtp_username,
        password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
    )
