"""Clients in a process of their own that ask at a pace and note how long they wait, while others may ask for more.

It reads both requests as JSON from its standard input and writes the 99th percentile of the first one's milliseconds.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from statistics import quantiles
from typing import Any

import httpx2
import uvloop

CLIENTS, EACH_S = 8, 0.1
BESIDE_EACH_S = 0.251
"""No part of the others' pace, so that they meet at every moment of it."""
SECONDS = 6


@dataclass(frozen=True)
class Request:
    """What is asked for again and again."""

    method: str
    url: str
    token: str
    body: dict[str, Any] | None = None


async def waits_ms(request: Request, beside: Request | None) -> float:
    """The milliseconds in which 99 of 100 are answered, while others ask for something else."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    requests = [asdict(request), asdict(beside) if beside else None]
    out, _ = await process.communicate(json.dumps(requests).encode())
    if process.returncode:
        raise RuntimeError("a client failed: see above")
    return float(out)


async def _ask(request: Request, beside: Request | None) -> float:
    async with httpx2.AsyncClient(timeout=60) as client:
        ends = time.perf_counter() + SECONDS

        async def ask(what: Request, each_s: float, first: float) -> list[float]:
            waits = []
            at = time.perf_counter() + first
            while at < ends:
                await asyncio.sleep(max(0, at - time.perf_counter()))
                began = time.perf_counter()
                headers = {"Authorization": f"Bearer {what.token}"}
                answer = await client.request(what.method, what.url, json=what.body, headers=headers)
                answer.raise_for_status()
                waits.append((time.perf_counter() - began) * 1e3)
                at += each_s
            return waits

        asking = [ask(request, EACH_S, EACH_S * n / CLIENTS) for n in range(CLIENTS)]
        if beside is not None:
            asking.append(ask(beside, BESIDE_EACH_S, 0))
        found = await asyncio.gather(*asking)
    return quantiles([wait for waits in found[:CLIENTS] for wait in waits], n=100)[-1]


if __name__ == "__main__":
    one, other = json.load(sys.stdin)
    sys.stdout.write(str(uvloop.run(_ask(Request(**one), Request(**other) if other else None))))
