"""Who is served when more is asked than can be done."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import IntEnum
from time import monotonic

PATIENT_S = 1.0
"""How long a request may wait in a burst."""
HURRIED_S = 0.1
"""The same once the queue has not been empty for `PATIENT_S`: then waiting longer would help nobody."""


class Urgency(IntEnum):
    """What is served first."""

    ENDING = 0
    """What ends a trip or a claim: somebody pays until it is done, and it makes room."""
    COMMAND = 1
    READING = 2
    COSTLY = 3
    """Quotes, reports, history."""


class OverloadedError(Exception):
    """More is asked than can be done."""


@dataclass(eq=False)
class _Waiting:
    since: float
    admitted: asyncio.Future[bool]


class Admission:
    """Lets so many in at the same time; others wait by urgency, and not for long (controlled delay, as CoDel).

    A burst is worked off. A queue that stands is kept short, so that who is served is served soon.
    """

    def __init__(self, at_once: int, queue: int) -> None:
        self._room = at_once
        self._queue = queue
        self._waiting: dict[Urgency, deque[_Waiting]] = {urgency: deque() for urgency in Urgency}
        self._empty_at = monotonic()

    async def enter(self, urgency: Urgency) -> None:
        """Wait for a place. Raises `OverloadedError` when there is none in time. Who has one must `leave`."""
        if self._room > 0:
            self._room -= 1
            return
        if len(self) >= self._queue and not self._send_away_less_urgent_than(urgency):
            raise OverloadedError
        await self._wait(_Waiting(monotonic(), asyncio.get_running_loop().create_future()), urgency)

    def is_full_for(self, urgency: Urgency, after: int = 0) -> bool:
        """Whether who comes after so many others would be sent away at once."""
        return len(self) + after - self._room >= self._queue and not self._has_less_urgent_than(urgency)

    def leave(self) -> None:
        """Give the place to who waits, the most urgent and longest waiting first."""
        now = monotonic()
        patience = PATIENT_S if now - self._empty_at < PATIENT_S else HURRIED_S
        for queue in self._waiting.values():
            while queue:
                first = queue.popleft()
                if first.admitted.done():
                    continue
                in_time = now - first.since <= patience
                first.admitted.set_result(in_time)
                if in_time:
                    return
        self._empty_at = now
        self._room += 1

    def __len__(self) -> int:
        return sum(len(queue) for queue in self._waiting.values())

    @asynccontextmanager
    async def place(self, urgency: Urgency) -> AsyncIterator[None]:
        """A place during the block."""
        await self.enter(urgency)
        try:
            yield
        finally:
            self.leave()

    async def _wait(self, one: _Waiting, urgency: Urgency) -> None:
        queue = self._waiting[urgency]
        queue.append(one)
        try:
            async with asyncio.timeout(PATIENT_S):
                admitted = await one.admitted
        except (TimeoutError, asyncio.CancelledError) as error:
            if one.admitted.done() and not one.admitted.cancelled() and one.admitted.result():
                self.leave()  # the place came too late
            if one in queue:
                queue.remove(one)
            if isinstance(error, asyncio.CancelledError):
                raise
            raise OverloadedError from error
        if not admitted:
            raise OverloadedError

    def _has_less_urgent_than(self, urgency: Urgency) -> bool:
        return any(self._waiting[less] for less in Urgency if less > urgency)

    def _send_away_less_urgent_than(self, urgency: Urgency) -> bool:
        """The one that came last of the least urgent."""
        for less in reversed(Urgency):
            if less <= urgency:
                return False
            if self._waiting[less]:
                last = self._waiting[less].pop()
                if not last.admitted.done():
                    last.admitted.set_result(False)
                return True
        return False
