"""Delivers webhooks: each follows the log by its own position, in order, at least once, and holds up no other."""

import asyncio
from uuid import UUID

import structlog

from adapters.postgres.database import TRANSIENT_ERRORS
from adapters.postgres.desks import Desk
from adapters.postgres.webhooks.claims import Claimed
from adapters.waiting import is_set_within
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
        self._busy: dict[asyncio.Task[None], UUID] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set; what is being sent then is waited for."""
        while not stop.is_set():
            try:
                async with self._claims.desk(self._busy.values()) as desk:
                    await self._work(desk, stop)
            except TRANSIENT_ERRORS as error:
                log.warning("webhooks lost the database; trying again", kind=type(error).__name__)
                await is_set_within(stop, POLL_SECONDS)
        await self._finish()

    async def _work(self, desk: Desk, stop: asyncio.Event) -> None:
        while not stop.is_set():
            seen, seconds = self._news.count, POLL_SECONDS
            if gone := await desk.clear_others():
                log.warning("webhooks of processes that are gone are free", processes=gone)
            if room := AT_ONCE - len(self._busy):
                for one in await self._claims.take(room, by=desk.number):
                    self._busy[asyncio.create_task(self._deliver(one, stop))] = one.id
                seconds = min(max(await self._claims.next_due_s(), LEAST_SECONDS), POLL_SECONDS)
            await self._wait(stop, seen, seconds)
        await self._finish()  # at the desk, so that nobody takes it for left behind

    async def _finish(self) -> None:
        if self._busy:
            await asyncio.wait(self._busy)
        self._let_go()

    async def _deliver(self, claimed: Claimed, stop: asyncio.Event) -> None:
        delivery = Delivery(self._outlet, claimed)
        try:
            more = await self._go_on(delivery, claimed, stop)
            await self._claims.release(claimed, more=more)
        except TRANSIENT_ERRORS as error:  # the claim runs out
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
            await asyncio.wait(waits | self._busy.keys(), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        self._let_go()

    def _let_go(self) -> None:
        """Forget what is done; a fault of ours comes out here."""
        for task in [task for task in self._busy if task.done()]:
            del self._busy[task]
            task.result()
