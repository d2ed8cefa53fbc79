"""Clients in a process of their own, which imports nothing of the system: `python -m tests.benchmarks.clients URL`.

It reads the requests as JSON from its standard input and writes how many were answered per second.
"""

import asyncio
import json
import sys
import time
from typing import Any
from uuid import uuid4

import httpx2
import uvloop

CLIENTS = 16


async def rate_of(url: str, requests: list[dict[str, Any]]) -> float:
    """Requests per second of a process that sends these requests from concurrent clients."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, url, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate(json.dumps(requests).encode())
    if process.returncode:
        raise RuntimeError("a client failed: see above")
    return float(out)


async def _send(url: str, requests: list[dict[str, Any]]) -> float:
    async with httpx2.AsyncClient(limits=httpx2.Limits(max_connections=CLIENTS), timeout=60) as client:
        waiting = iter(requests)

        async def one() -> None:
            for request in waiting:
                headers = {"Authorization": f"Bearer {request['token']}", "Idempotency-Key": str(uuid4())}
                answer = await client.post(url, json=request["body"], headers=headers)
                answer.raise_for_status()

        started = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(CLIENTS)))
        return len(requests) / (time.perf_counter() - started)


if __name__ == "__main__":
    sys.stdout.write(str(uvloop.run(_send(sys.argv[1], json.load(sys.stdin)))))
