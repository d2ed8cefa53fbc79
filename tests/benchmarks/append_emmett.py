"""How fast events are appended, against Emmett's PostgreSQL event store: 32 clients, an event of 300 bytes each time.

Each append names the version it expects, on both sides. Emmett runs in Node, with its default pool of connections, in a
database of its own on the same server; its packages are installed by npm below build/.
"""

import asyncio
import shutil
from pathlib import Path

import uvloop

from tests.benchmarks.appending import ROUND_SECONDS, ROUNDS, medians, ours
from tests.benchmarks.databases import fresh_database
from tests.support.databases import as_owner

SOURCE = Path(__file__).parent / "emmett"
FOLDER = Path("build/emmett")
CLIENTS = 32


def measure(server_dsn: str) -> dict[str, float]:
    """Events per second of Emmett, and how many times as many are ours. Raises `RuntimeError` when Node says no."""
    return uvloop.run(_measure(server_dsn))


async def _measure(server_dsn: str) -> dict[str, float]:
    shutil.copytree(SOURCE, FOLDER, dirs_exist_ok=True)
    await _run("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error")
    async with fresh_database(server_dsn) as our_dsn, fresh_database(server_dsn) as their_dsn:
        return medians([await _round(our_dsn, as_owner(their_dsn, server_dsn)) for _ in range(ROUNDS)])


async def _round(our_dsn: str, their_dsn: str) -> dict[str, float]:
    theirs = float(await _run("node", "append.js", their_dsn, str(CLIENTS), str(ROUND_SECONDS)))
    return {
        "append_vs_emmett_32": (await ours(our_dsn, CLIENTS)).rate / theirs,
        "emmett_events_per_s_32": theirs,
    }


async def _run(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=FOLDER, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, problems = await process.communicate()
    if process.returncode:
        msg = f"{' '.join(command[:2])} failed: {problems.decode()}"
        raise RuntimeError(msg)
    return out.decode()
