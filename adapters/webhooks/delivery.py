"""One webhook, claimed by this process: the next events of the log that it wants are sent, one after the other."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Protocol

import asyncpg
import orjson
import structlog
from cryptography.exceptions import InvalidTag

from adapters.postgres.database import TRY_AGAIN
from adapters.postgres.store import PostgresEventStore
from adapters.postgres.webhook_claims import CLAIM, Claimed, Failure, WebhookClaims
from adapters.webhooks.sending import SEND_SECONDS, Answer, Sender
from adapters.webhooks.signing import signed_headers
from domain.kernel.errors import UnreadableEventError
from domain.kernel.ids import event_id
from domain.kernel.messages import RecordedEvent

log = structlog.get_logger(__name__)

BATCH = 200
"""How many positions a webhook goes on before it gives way to others that wait."""
FIRST_BACKOFF = timedelta(seconds=0.5)
MAX_BACKOFF = timedelta(minutes=10)
MAX_RETRY_AFTER = timedelta(hours=1)
"""A receiver may ask for more patience than ours, but not for more than this."""

_FRESH_SECONDS = CLAIM.total_seconds() - 2 * SEND_SECONDS
"""A process that was stopped for longer since it last moved on sends nothing more: the claim may be another's soon."""

ToBody = Callable[[RecordedEvent, bool], bytes]
"""An event as it is sent, with or without values about a person."""


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
    figures: DeliveryFigures
    park_after: timedelta
    """A webhook whose receiver has failed for so long is parked."""


class Delivery:
    """A batch of one webhook. No transaction is open while something is sent."""

    def __init__(self, outlet: Outlet, claimed: Claimed) -> None:
        self._outlet = outlet
        self._claims = outlet.claims
        self._claimed = claimed
        self._at = claimed.position
        self._attempts = claimed.attempts
        self._moved = monotonic()

    async def go_on(self, stop: asyncio.Event) -> None:
        """Send what is wanted of the next events, and pass over the rest; ends early when something is in the way."""
        passed = self._at
        for row in await self._outlet.store.reader.rows(self._at, BATCH):
            if self._wants(row) and (stop.is_set() or not await self._deliver(row)):
                return
            passed = row["notification_id"]
        if passed > self._at:
            await self._claims.move(self._claimed, self._at, passed)

    async def put_off(self, answer: Answer) -> None:
        """Leave off until the next attempt."""
        failure = Failure(answer.error or "", answer.status, pause(self._attempts, answer.retry_after_s), answer.gone)
        if await self._claims.fail(self._claimed, self._at, failure, park_after=self._outlet.park_after):
            log.warning("a webhook is parked", webhook=str(self._claimed.id), error=answer.error)

    def _wants(self, row: asyncpg.Record) -> bool:
        wanted = self._claimed.filter.wants(row["topic"], row["originator_id"])
        return wanted and orjson.loads(row["metadata"])["service"] == self._claimed.service

    async def _deliver(self, row: asyncpg.Record) -> bool:
        """Send one event and move on to it; false when the webhook must wait, or somebody changed it."""
        position: int = row["notification_id"]
        try:
            [recorded] = await self._outlet.store.reader.recorded([row])
            body = self._outlet.to_body(recorded, self._claimed.personal_data)
        except TRY_AGAIN:
            raise
        except Exception as error:  # whatever is wrong with the event, its webhook must stop here and be seen
            log.exception("a webhook cannot send an event", webhook=str(self._claimed.id), position=position)
            await self._claims.stop(self._claimed, position, _told(error))
            return False
        if monotonic() - self._moved > _FRESH_SECONDS:
            return False
        answer = await self._send(recorded, body)
        if answer.error is not None:
            await self.put_off(answer)
            return False
        if not await self._claims.move(self._claimed, self._at, position, status=answer.status):
            return False
        self._at, self._attempts, self._moved = position, 0, monotonic()
        return True

    async def _send(self, recorded: RecordedEvent, body: bytes) -> Answer:
        vault, begun = self._outlet.store.vault, monotonic()
        try:
            keys = [vault.unwrap(self._claimed.id, key) for key in self._claimed.secrets]
        except InvalidTag:
            return Answer(error="its secret was wrapped by another master key: rotate it")
        id = str(event_id(recorded.event.originator_id, recorded.event.originator_version))
        headers = signed_headers(id, datetime.now(UTC), body, keys) | {"Content-Type": self._outlet.content_type}
        answer = await self._outlet.sender.send(self._claimed.url, body, headers)
        self._outlet.figures.attempted("failed" if answer.error else "delivered", monotonic() - begun)
        return answer


def _told(error: Exception) -> str:
    """For the owner's eyes: only an error of reading is known to quote no value of the event."""
    return str(error) if isinstance(error, UnreadableEventError) else type(error).__name__


def pause(attempts: int, retry_after_s: float | None) -> timedelta:
    """How long to wait after so many failures before this one: twice as long each time, and as long as asked for."""
    ours: timedelta = min(FIRST_BACKOFF * (1 << min(attempts, 30)), MAX_BACKOFF)
    return max(ours, min(timedelta(seconds=retry_after_s or 0.0), MAX_RETRY_AFTER))
