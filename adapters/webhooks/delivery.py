"""One webhook, claimed by this process: the next events of the log that it wants are sent, one after the other."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Protocol

import asyncpg
import structlog
from cryptography.exceptions import InvalidTag

from adapters.postgres.database import TRANSIENT_ERRORS
from adapters.postgres.event_store.reader import Filter
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.webhooks.claims import CLAIM, Claimed, DeliveryFailure, WebhookClaims
from adapters.webhooks.sender import SEND_SECONDS, DeliveryAnswer, Sender
from adapters.webhooks.signature import signed_headers
from domain.kernel.errors import UnreadableEventError
from domain.kernel.ids import event_id
from domain.kernel.messages import RecordedEvent, Role
from domain.webhooks.subscription import TYPE_PREFIX

log = structlog.get_logger(__name__)

BATCH = 200
"""How many events a webhook is sent before others that wait come first."""
SPAN = 10_000
"""How many positions of the log it looks through for them."""
FIRST_BACKOFF = timedelta(seconds=0.5)
MAX_BACKOFF = timedelta(minutes=10)
MAX_RETRY_AFTER = timedelta(hours=1)
"""A receiver may ask for more patience than ours, but not for more than this."""

_FRESH_SECONDS = CLAIM.total_seconds() - 2 * SEND_SECONDS
"""A process that was stopped for longer since it last moved on sends nothing more: the claim may be another's soon."""

ToBody = Callable[[RecordedEvent, Role, bool], bytes]
"""An event as it is sent to somebody with a role, with or without values about a person."""


NoteSent = Callable[[Claimed, RecordedEvent, bytes], Awaitable[None]]
"""Puts on record whom it tells of, before it is sent: to which webhook, the event and its body."""


class DeliveryFigures(Protocol):
    """Told of every attempt."""

    def attempted(self, result: str, seconds: float) -> None: ...


@dataclass(frozen=True)
class Outlet:
    """What stands between the log and the receivers."""

    store: PostgresEventStore
    claims: WebhookClaims
    sender: Sender
    to_body: ToBody
    content_type: str
    note: NoteSent
    figures: DeliveryFigures
    fail_after: timedelta
    """A webhook whose receiver has failed for so long is `failed`."""


class Delivery:
    """A batch of one webhook. No transaction is open while something is sent."""

    def __init__(self, outlet: Outlet, claimed: Claimed) -> None:
        self._outlet = outlet
        self._claims = outlet.claims
        self._claimed = claimed
        self._at = claimed.position
        self._attempts = claimed.attempts
        self._moved = monotonic()

    async def go_on(self, stop: asyncio.Event) -> bool:
        """Send what is wanted of the next events, and pass over the rest; whether it may go on so at once.

        Not when something is in the way, or at the end of the log as it was when the webhook was claimed.
        """
        until = min(self._at + SPAN, self._claimed.end)
        rows = await self._outlet.store.reader.rows(self._at, BATCH, self._wanted(until))
        for row in rows:
            if stop.is_set() or not await self._deliver(row):
                return False
        passed = until if len(rows) < BATCH else self._at
        if passed > self._at and not await self._claims.move(self._claimed, self._at, passed):
            return False
        return passed < self._claimed.end

    async def put_off(self, answer: DeliveryAnswer) -> None:
        """Leave off until the next attempt."""
        failure = DeliveryFailure(
            answer.error or "", answer.status, pause(self._attempts, answer.retry_after_s), answer.gone
        )
        if await self._claims.fail(self._claimed, self._at, failure, fail_after=self._outlet.fail_after):
            log.warning("a webhook has failed", webhook=str(self._claimed.id), error=answer.error)

    def _wanted(self, until: int) -> Filter:
        """Told by beginnings of types, not by topics: another process may record some that this one does not know."""
        filter = self._claimed.filter
        return Filter(
            until, topics_like=patterns_of(filter.types), service=self._claimed.service, aggregate_id=filter.subject
        )

    async def _deliver(self, row: asyncpg.Record) -> bool:
        """Send one event and move on to it; false when the webhook must wait, or somebody changed it."""
        position: int = row["notification_id"]
        try:
            [recorded] = await self._outlet.store.reader.recorded([row])
            body = self._outlet.to_body(recorded, self._claimed.owner_role, self._claimed.personal_data)
        except TRANSIENT_ERRORS:
            raise
        except Exception as error:  # whatever is wrong with the event, its webhook must stop here and be seen
            log.exception("a webhook cannot send an event", webhook=str(self._claimed.id), position=position)
            await self._claims.stop(self._claimed, position, _told(error))
            return False
        if monotonic() - self._moved > _FRESH_SECONDS:
            return False
        await self._outlet.note(self._claimed, recorded, body)
        answer = await self._send(recorded, body)
        if answer.error is not None:
            await self.put_off(answer)
            return False
        if not await self._claims.move(self._claimed, self._at, position, status=answer.status):
            return False
        self._at, self._attempts, self._moved = position, 0, monotonic()
        return True

    async def _send(self, recorded: RecordedEvent, body: bytes) -> DeliveryAnswer:
        key_store, begun = self._outlet.store.keys, monotonic()
        try:
            keys = [key_store.unwrap(self._claimed.id, key) for key in self._claimed.secrets]
        except InvalidTag:
            return DeliveryAnswer(error="its secret was wrapped by another master key: rotate it")
        id = str(event_id(recorded.event.originator_id, recorded.event.originator_version))
        headers = signed_headers(id, datetime.now(UTC), body, keys) | {"Content-Type": self._outlet.content_type}
        answer = await self._outlet.sender.send(self._claimed.url, body, headers)
        self._outlet.figures.attempted("failed" if answer.error else "delivered", monotonic() - begun)
        return answer


def patterns_of(types: Iterable[str]) -> list[str]:
    """What the topics of a filter's types are like."""
    literal = [(type, re.sub(r"([\\%_])", r"\\\1", type.removeprefix(TYPE_PREFIX))) for type in types]
    return [text + "%" * type.endswith(".") for type, text in literal]


def _told(error: Exception) -> str:
    """For the owner's eyes: only an error of reading is known to quote no value of the event."""
    return str(error) if isinstance(error, UnreadableEventError) else type(error).__name__


def pause(attempts: int, retry_after_s: float | None) -> timedelta:
    """How long to wait after so many failures before this one: twice as long each time, and as long as asked for."""
    ours: timedelta = min(FIRST_BACKOFF * (1 << min(attempts, 30)), MAX_BACKOFF)
    return max(ours, min(timedelta(seconds=retry_after_s or 0.0), MAX_RETRY_AFTER))
