"""The loops that keep a process going, each by itself: one that fails takes neither the others nor the process."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

import structlog

from adapters.waiting import Backoff
from api.observability import PART_FAILURES

log = structlog.get_logger(__name__)

STEADY_S = 5.0
"""A part that has gone on for so long since it failed is well again."""

Loop = Callable[[asyncio.Event], Awaitable[None]]
"""Goes on until the event is set."""


class Parts:
    """Begins a part again that failed, after a pause that grows while it fails again."""

    def __init__(self) -> None:
        self._failed_at: dict[str, float] = {}

    def troubled(self) -> list[str]:
        """Which have failed just now."""
        return [name for name, at in self._failed_at.items() if monotonic() - at <= STEADY_S]

    async def keep(self, name: str, loop: Loop, stop: asyncio.Event) -> None:
        """Have a part going until told to stop."""
        backoff = Backoff(most_s=STEADY_S / 2)
        while not stop.is_set():
            began = monotonic()
            try:
                await loop(stop)
            except Exception:  # a fault of ours; what it was is logged, and it is told by readiness and metric
                log.exception("part_failed", part=name)
                PART_FAILURES.labels(name).inc()
                self._failed_at[name] = monotonic()
                if monotonic() - began > STEADY_S:
                    backoff.reset()
                await backoff.wait(stop)
