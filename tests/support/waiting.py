"""Waiting for what another process, or another part of this one, is going to do."""

import asyncio
from collections.abc import Awaitable, Callable

PATIENCE_S = 20.0


async def until(holds: Callable[[], Awaitable[bool]], patience_s: float = PATIENCE_S, every_s: float = 0.02) -> None:
    """Ask again and again until it is so."""
    async with asyncio.timeout(patience_s):
        while not await holds():
            await asyncio.sleep(every_s)
