"""While the database is away, nobody waits for it: 503, and when to come again."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Problem


class Availability:
    """Whether the database can be written to, as far as is known. What is under way when it goes is given up."""

    def __init__(self) -> None:
        self.is_up = True
        self._under_way: set[asyncio.Timeout] = set()

    def tell(self, is_up: bool) -> None:
        """What was found."""
        self.is_up = is_up
        if not is_up:
            for one in self._under_way:
                one.reschedule(0)
            self._under_way.clear()

    @contextmanager
    def until_lost(self, given_up: asyncio.Timeout) -> Iterator[None]:
        """Have something that is under way end with `TimeoutError` when the database goes."""
        self._under_way.add(given_up)
        try:
            yield
        finally:
            self._under_way.discard(given_up)


class Outage:
    """Answers what needs the database while it is away, and what has waited for it when it goes.

    A command that was under way may have been carried out: repeated under its key, it tells.
    """

    def __init__(self, app: ASGIApp, availability: Availability) -> None:
        self._app = app
        self._availability = availability

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        if not self._availability.is_up:
            await Problem.unavailable().response()(scope, receive, send)
            return
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        given_up = asyncio.timeout(None)
        try:
            async with given_up:
                with self._availability.until_lost(given_up):
                    await self._app(scope, receive, noted)
        except TimeoutError:
            if begun or not given_up.expired():
                raise
            await Problem.unavailable().response()(scope, receive, send)
