"""Somebody who is sent events: a real HTTP server that can be told to fail, hang, redirect or lie."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request, Response
from standardwebhooks import Webhook as Oracle

from adapters.embedded.broker import free_port
from api.server import served_app

Misdeed = Callable[[], Response | None]
"""What the receiver does instead of taking an event; none for taking it."""


@dataclass
class Received:
    """A request as it came."""

    body: bytes
    headers: dict[str, str]

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event

    @property
    def position(self) -> int:
        return int(self.event["sequence"])

    def verified_by(self, secret: str) -> bool:
        """Whether the official library takes the signature. Raises its error otherwise."""
        return bool(Oracle(secret).verify(self.body, self.headers) == self.event)


@dataclass
class Receiver:
    """Keeps every request, and apart from them those that it took."""

    port: int = field(default_factory=free_port)
    seen: list[Received] = field(default_factory=list)
    taken: list[Received] = field(default_factory=list)
    misdeed: Misdeed = field(default=lambda: None)
    hanging: asyncio.Event | None = None
    """While there is one that is not set, requests are not answered."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks?of=csbe"

    @property
    def positions(self) -> list[int]:
        return [received.position for received in self.taken]

    async def take(self, request: Request) -> Response:
        received = Received(await request.body(), dict(request.headers))
        self.seen.append(received)
        if self.hanging is not None:
            await self.hanging.wait()
        if refused := self.misdeed():
            return refused
        self.taken.append(received)
        return Response(status_code=204)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Receiver"]:
        """Take events during the block."""
        app = FastAPI(openapi_url=None)
        app.add_api_route("/{path:path}", self.take, methods=["POST", "GET"])
        async with served_app(app, "127.0.0.1", self.port):
            yield self


def answers(status: int, headers: dict[str, str] | None = None, body: str = "") -> Misdeed:
    """Always this answer."""
    return lambda: Response(body, status, headers)
