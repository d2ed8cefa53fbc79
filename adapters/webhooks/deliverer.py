"""Delivers webhooks: each follows the log by its own position, in order, at least once, and holds up no other."""

import asyncio

import structlog

from adapters.postgres.database import TRANSIENT_ERRORS
from adapters.postgres.webhooks.claims import Claimed
from adapters.webhooks.delivery import Delivery, Outlet
from adapters.webhooks.sender import DeliveryAnswer

log = structlog.get_logger(__name__)

AT_ONCE = 200
"""How many webhooks a process delivers at the same time: most of them wait for their receivers."""
POLL_SECONDS = 0.5
LEAST_SECONDS = 0.01


class WebhookDeliverer:
    """Any number of processes may run it: each webhook is delivered by one at a time."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._claims = outlet.claims
        self._news = outlet.store.listener.events
        self._busy: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set; what is being sent then is waited for."""
        while not stop.is_set():
            seen, seconds = self._news.count, POLL_SECONDS
            try:
                if room := AT_ONCE - len(self._busy):
                    taken = await self._claims.take(room)
                    self._busy |= {asyncio.create_task(self._deliver(one, stop)) for one in taken}
                    seconds = min(max(await self._claims.next_due_s(), LEAST_SECONDS), POLL_SECONDS)
            except TRANSIENT_ERRORS as error:
                log.warning("webhooks lost the database; trying again", kind=type(error).__name__)
            await self._wait(stop, seen, seconds)
        if self._busy:
            await asyncio.wait(self._busy)
        self._let_go()

    async def _deliver(self, claimed: Claimed, stop: asyncio.Event) -> None:
        delivery = Delivery(self._outlet, claimed)
        try:
            more = await self._go_on(delivery, claimed, stop)
            await self._claims.release(claimed, more=more)
        except TRANSIENT_ERRORS as error:  # the claim runs out by itself
            log.warning("a webhook lost the database", webhook=str(claimed.id), kind=type(error).__name__)

    async def _go_on(self, delivery: Delivery, claimed: Claimed, stop: asyncio.Event) -> bool:
        try:
            return await delivery.go_on(stop)
        except TRANSIENT_ERRORS:
            raise
        except Exception as error:  # a fault of ours, but no other webhook's: it must be seen, and go on later
            log.exception("a webhook cannot be delivered", webhook=str(claimed.id))
            await delivery.put_off(DeliveryAnswer(error=type(error).__name__))
            return False

    async def _wait(self, stop: asyncio.Event, seen: int, seconds: float) -> None:
        """Until there may be something to do: news, an attempt that is due, a webhook that gave way, or the end."""
        waits = {asyncio.create_task(self._news.wait(seen, seconds)), asyncio.create_task(stop.wait())}
        try:
            await asyncio.wait(waits | self._busy, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        self._let_go()

    def _let_go(self) -> None:
        """Forget what is done; a fault of ours comes out here."""
        done = {task for task in self._busy if task.done()}
        self._busy -= done
        for task in done:
            task.result()
