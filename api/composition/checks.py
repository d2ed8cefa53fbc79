"""Whether the system is well, and its gauges."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol
from urllib.parse import urlsplit

import asyncpg

from adapters.mail.messenger import FileMessenger, SmtpMessenger
from adapters.mqtt.sharing import SharedIngest
from adapters.oidc.provider import OidcProvider
from adapters.postgres.errors import GenerationError
from adapters.postgres.followers.follower import FollowerStatus
from adapters.postgres.jobs.queue import JobQueue
from adapters.postgres.webhooks.subscriptions import PostgresWebhooks
from adapters.postgres.write_check import why_writes_stand
from adapters.waiting import is_listening
from api.composition.parts import Parts
from api.observability import (
    CHARGES_IN_REVIEW,
    JOBS_DUE,
    JOBS_FAILED,
    JOBS_LATE,
    LAG,
    LAG_SECONDS,
    REFUNDS_FAILED,
    WEBHOOK_LAG,
    WEBHOOKS,
)
from api.readiness import WELL, Check, Finding, PartState
from domain.webhooks.subscription import WebhookState

LATE_S = 30.0
"""What waits for longer than this is late."""

_MONEY = """
select (select count(*) from read_v1.charges where state = 'in_review') as in_review,
    (select count(*) from read_v1.refunds where state in ('failed', 'given_up', 'by_hand')) as failed
"""
_UNKNOWN = Finding(PartState.FAILED, "the database does not answer", "see database")
_SOMEBODY = "see that a process runs this part (csbe serve --only), and what its log says"
_NO_ANSWER = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Stands(Protocol):
    """A follower, or a projection by its live generation."""

    async def status(self) -> FollowerStatus: ...


def stock_taker(
    pool: asyncpg.Pool, followers: tuple[Stands, ...], jobs: JobQueue, webhooks: PostgresWebhooks
) -> Callable[[], Awaitable[None]]:
    """Brings the gauges up to date."""
    shown: set[str] = set()

    async def take_stock() -> None:
        nonlocal shown
        shown = await _show_lags(followers, shown)
        backlog = await jobs.backlog()
        JOBS_DUE.set(backlog.due)
        JOBS_FAILED.set(backlog.failed)
        JOBS_LATE.set(backlog.late_s)
        with suppress(asyncpg.UndefinedTableError):  # no generation with these tables is live
            [money] = await pool.fetch(_MONEY)
            CHARGES_IN_REVIEW.set(money["in_review"])
            REFUNDS_FAILED.set(money["failed"])
        by_state = await webhooks.by_state()
        for state, found in by_state.items():
            WEBHOOKS.labels(state).set(found.number)
        WEBHOOK_LAG.set(by_state[WebhookState.ACTIVE].lag)

    return take_stock


async def _show_lags(followers: tuple[Stands, ...], before: set[str]) -> set[str]:
    """Show how far each is behind, and no longer what is not followed any more; returns who is shown."""
    names = set()
    for follower in followers:
        with suppress(GenerationError):  # none is live: not ready
            status = await follower.status()
            LAG.labels(status.name).set(status.lag)
            LAG_SECONDS.labels(status.name).set(status.behind_s)
            names.add(status.name)
    for gone in before - names:
        LAG.remove(gone)
        LAG_SECONDS.remove(gone)
    return names


def database_answers(pool: asyncpg.Pool) -> Check:
    """Whether the database answers within two seconds."""

    async def answers() -> Finding:
        try:
            await pool.fetchval("select true", timeout=2)
        except _NO_ANSWER as error:
            why = f"PostgreSQL does not answer: {type(error).__name__}"
            return Finding(PartState.FAILED, why, "start it, or mend the way to it (CSBE_POSTGRES_DSN)")
        return WELL

    return answers


def writing(pool: asyncpg.Pool) -> Check:
    """Whether appends go through; if not, why."""

    async def goes_through() -> Finding:
        try:
            why = await why_writes_stand(pool)
        except _NO_ANSWER:
            return _UNKNOWN
        if why is None:
            return WELL
        helps = "let the server at CSBE_POSTGRES_DSN be the one that takes writes; end a session that holds a lock"
        return Finding(PartState.FAILED, why, helps)

    return goes_through


def keeping_up(*followers: Stands) -> Check:
    """Whether followers go on, and are not late."""

    async def keeping_up() -> Finding:
        try:
            statuses = [await follower.status() for follower in followers]
        except GenerationError as error:
            return Finding(PartState.FAILED, str(error), "a server that starts shows what was built, or makes one")
        except _NO_ANSWER:
            return _UNKNOWN
        if stopped := [f"{one.name} at position {one.failed_position}" for one in statuses if one.failed_position]:
            helps = "csbe followers status says why; then csbe followers retry, or skip"
            return Finding(PartState.FAILED, f"stopped at an event: {', '.join(stopped)}", helps)
        if late := [f"{one.name} by {one.behind_s:.0f} s" for one in statuses if one.behind_s > LATE_S]:
            return Finding(PartState.DEGRADED, f"behind the log: {', '.join(late)}", _SOMEBODY)
        return WELL

    return keeping_up


def working_off(jobs: JobQueue) -> Check:
    """Whether what is due is done."""

    async def working_off() -> Finding:
        try:
            backlog = await jobs.backlog()
        except _NO_ANSWER:
            return _UNKNOWN
        if backlog.late_s > LATE_S:
            why = f"{backlog.due} jobs are due, the oldest for {backlog.late_s:.0f} s"
            return Finding(PartState.DEGRADED, why, _SOMEBODY)
        return WELL

    return working_off


def broker_answers(url: str) -> Check:
    """Whether somebody listens where the broker should be."""
    address = urlsplit(url)
    port = address.port or (8883 if address.scheme == "mqtts" else 1883)

    async def answers() -> Finding:
        if await is_listening(address.hostname or "", port):
            return WELL
        why = "nobody listens where the broker should be: cars are neither heard nor told anything"
        return Finding(PartState.FAILED, why, "start the broker, or mend CSBE_MQTT_URL")

    return answers


def listening(ingest: SharedIngest) -> Check:
    """Whether ingest hears the cars, where it is told to."""

    async def listening() -> Finding | None:
        if not ingest.is_told_to_work:
            return None
        if ingest.trouble:
            helps = "see that the broker runs, knows this user and lets it subscribe (docs: secure the broker)"
            return Finding(PartState.FAILED, ingest.trouble, helps)
        if ingest.unsettled:
            why = f"the broker ends its connection again and again: another client may be {ingest.unsettled} too"
            return Finding(PartState.DEGRADED, why, "end the other one; a copy of a database needs a broker of its own")
        return WELL

    return listening


def delivering(messenger: FileMessenger | SmtpMessenger) -> Check:
    """Whether mail can be handed over."""

    async def delivering() -> Finding:
        trouble = await messenger.trouble()
        if trouble is None:
            return WELL
        why = f"mail waits, and with it logging in: {trouble}"
        return Finding(PartState.DEGRADED, why, "see that the mail server is there and lets us in (CSBE_SMTP_HOST)")

    return delivering


def letting_in(provider: OidcProvider | None) -> Check:
    """Whether the provider of staff's logins answers, where there is one."""

    async def letting_in() -> Finding | None:
        if provider is None:
            return None
        trouble = await provider.trouble()
        if trouble is None:
            return WELL
        why = f"staff cannot log in, the identity provider does not answer: {trouble}"
        return Finding(PartState.DEGRADED, why, "see that it runs, and that CSBE_OIDC_ISSUER is its address")

    return letting_in


def going_on(parts: Parts) -> Check:
    """Whether no loop of the process has failed just now."""

    async def going_on() -> Finding:
        if troubled := parts.troubled():
            why = f"failed just now and begin again: {', '.join(troubled)}"
            return Finding(PartState.DEGRADED, why, "the log has each under part_failed")
        return WELL

    return going_on
