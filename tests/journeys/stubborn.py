"""A client that does not give up: what every client should do with its idempotency keys."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2

PAUSE_S = 0.2


@dataclass(frozen=True)
class Acknowledged:
    """A command and the outcome that the server gave its word for."""

    path: str
    body: dict[str, Any] | None
    headers: dict[str, str]
    status: int
    id: str
    position: int


@dataclass
class StubbornClient:
    """Repeats what was not answered, or answered by an error of the server, under its key until it is answered."""

    api: httpx2.AsyncClient
    sent: int = 0
    acknowledged: list[Acknowledged] = field(default_factory=list)

    async def post(self, path: str, body: dict[str, Any] | None, by: dict[str, str]) -> httpx2.Response:
        """A command under a key of its own. What is acknowledged is remembered, a refusal is not."""
        headers = {"Idempotency-Key": str(uuid4()), **by}
        self.sent += 1
        answer = await self._answer("POST", path, json=body, headers=headers)
        if answer.is_success:
            outcome = answer.json()
            self.acknowledged.append(
                Acknowledged(path, body, headers, answer.status_code, outcome["id"], outcome["position"])
            )
        return answer

    async def get(self, path: str, by: dict[str, str]) -> dict[str, Any]:
        """What is there to read."""
        answer = await self._answer("GET", path, headers=by)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    async def repeat(self, done: Acknowledged) -> httpx2.Response:
        """The same request again."""
        return await self._answer("POST", done.path, json=done.body, headers=done.headers)

    async def _answer(self, method: str, path: str, **request: Any) -> httpx2.Response:
        while True:
            try:
                answer = await self.api.request(method, path, **request)
            except httpx2.TransportError:
                await asyncio.sleep(PAUSE_S)
                continue
            if not answer.is_server_error:
                return answer
            await asyncio.sleep(PAUSE_S)
