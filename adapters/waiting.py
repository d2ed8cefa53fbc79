"""Waiting, but no longer than it is worth."""

import asyncio
from contextlib import suppress


async def is_set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait until it is set, or the time is up; whether it is set then."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):  # unlike `wait_for` of Python 3.11, never swallows a cancellation
            await event.wait()
    return event.is_set()


async def is_listening(host: str, port: int, seconds: float = 2.0) -> bool:
    """Whether somebody takes connections at an address within so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            _, connection = await asyncio.open_connection(host, port)
    except OSError:  # a timeout too
        return False
    connection.close()
    return True


class Backoff:
    """Doubles the wait after each failure, from `first_s` to `most_s`."""

    def __init__(self, *, first_s: float = 0.1, most_s: float = 10.0) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._next_s = first_s

    def reset(self) -> None:
        """After a success."""
        self._next_s = self._first_s

    async def wait(self, stop: asyncio.Event) -> None:
        """Wait, or return at once when `stop` is set."""
        seconds, self._next_s = self._next_s, min(self._next_s * 2, self._most_s)
        await is_set_within(stop, seconds)
