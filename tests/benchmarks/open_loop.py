"""Clients in a process of their own that ask at a rate, whether they are answered or not, as a crowd does.

`python -m tests.benchmarks.open_loop` reads what to ask as JSON from its standard input and writes what came of it. It
speaks HTTP by hand over connections that it keeps: a library for it would be at its own limit before the server.
"""

import asyncio
import json
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit

import uvloop

PER_ADDRESS, ADDRESSES = 180, 10
"""Below what one address may have, and below what all may."""


@dataclass(frozen=True)
class Crowd:
    """What is asked, so many times a second; with no rate, by `at_once` clients that each wait for their answer."""

    url: str
    token: str
    seconds: float
    body: dict[str, Any] | None = None
    """Posted; with none it is a GET."""
    per_s: float | None = None
    at_once: int = 32


@dataclass
class Outcome:
    """What came of it."""

    served_per_s: float = 0.0
    refused_per_s: float = 0.0
    unanswered: int = 0
    """Had no free connection within the time."""
    p99_ms: float = 0.0
    """In which 99 of 100 that were served are answered, from the moment at which they wanted to ask."""
    refused_p99_ms: float = 0.0
    failures: list[str] = field(default_factory=list)


async def outcome_of(crowd: Crowd) -> Outcome:
    """Let the crowd ask."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate(json.dumps(asdict(crowd)).encode())
    if process.returncode:
        raise RuntimeError("a client failed: see above")
    return Outcome(**json.loads(out))


class _Crowd:
    """Connections, and who wants one."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._where = urlsplit(crowd.url)
        self._request = self._written()
        self._wanted: deque[float] = deque()
        self._some = asyncio.Semaphore(0)
        self._served: list[float] = []
        self._refused: list[float] = []
        self._failures: set[str] = set()

    def _written(self) -> bytes:
        body = b"" if self._crowd.body is None else json.dumps(self._crowd.body).encode()
        head = [
            f"{'GET' if self._crowd.body is None else 'POST'} {self._where.path} HTTP/1.1",
            f"Host: {self._where.netloc}",
            f"Authorization: Bearer {self._crowd.token}",
            *(("Content-Type: application/json", f"Content-Length: {len(body)}") if body else ()),
        ]
        return "\r\n".join(head).encode() + b"\r\n\r\n" + body

    async def ask(self) -> Outcome:
        """All of it."""
        connections = self._crowd.at_once if self._crowd.per_s is None else PER_ADDRESS * ADDRESSES
        clients = [asyncio.create_task(self._client(number)) for number in range(connections)]
        began = time.perf_counter()
        if self._crowd.per_s is None:
            self._want(connections)
            await asyncio.sleep(self._crowd.seconds)
        else:
            await self._come(self._crowd.per_s, began)
        took = time.perf_counter() - began
        for client in clients:
            client.cancel()
        for ended in await asyncio.gather(*clients, return_exceptions=True):
            if isinstance(ended, Exception):
                self._failures.add(repr(ended))
        return Outcome(
            *(len(self._served) / took, len(self._refused) / took, len(self._wanted)),
            *(_p99_ms(self._served), _p99_ms(self._refused)),
            sorted(self._failures),
        )

    async def _come(self, per_s: float, began: float) -> None:
        asked = 0
        while (passed := time.perf_counter() - began) < self._crowd.seconds:
            due = int(passed * per_s) - asked
            self._want(due)
            asked += due
            await asyncio.sleep(0.002)

    def _want(self, count: int) -> None:
        now = time.perf_counter()
        for _ in range(count):
            self._wanted.append(now)
            self._some.release()

    async def _client(self, number: int) -> None:
        own = (f"127.0.0.{1 + number // PER_ADDRESS}", 0)
        reader, writer = await asyncio.open_connection(self._where.hostname, self._where.port, local_addr=own)
        try:
            while True:
                await self._some.acquire()
                since = self._wanted.popleft()
                writer.write(self._request)
                status = await _status(reader)
                waited = time.perf_counter() - since
                if status not in {b"200", b"503"}:
                    raise RuntimeError(f"answered {status.decode()}")
                (self._served if status == b"200" else self._refused).append(waited)
                if self._crowd.per_s is None:
                    self._want(1)
        finally:
            writer.close()


async def _status(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    await reader.readexactly(length)
    return head[9:12]


def _p99_ms(waits: list[float]) -> float:
    return quantiles(waits, n=100)[-1] * 1e3 if len(waits) > 1 else 0.0


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(uvloop.run(_Crowd(Crowd(**json.load(sys.stdin))).ask()))))
