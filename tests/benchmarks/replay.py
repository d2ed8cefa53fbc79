"""How fast read models are made again from the log.

`replay_events_per_s` counts what the projectors project: an event that three of them know counts three times, and one
that is only passed over counts nothing. All read models are rebuilt one after the other by one worker, of which only
one side works at a time, Python or its one connection to PostgreSQL: it keeps one core busy, so the figure is per core.
Each event is read, projected, and its rows are written with all indexes and committed; of an event, the fields that its
projector reads are decrypted and validated.

Run with `python -m tests.benchmarks.replay [DSN]` (default `CSBE_TEST_POSTGRES_DSN`): in a database of its own.
"""

import asyncio
import json
import os
import sys
import time

import asyncpg
import uvloop

import projections
from adapters.postgres.database import connect
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.read_models.projection import Projection
from api.cli.terminal import spare_the_collector
from tests.benchmarks import history
from tests.benchmarks.databases import fresh_database
from tests.support.databases import as_owner
from tests.support.keys import KEYS

COPIES = 200

_KNOWN = "select count(*) from csbe.events where topic = any($1)"


def measure(server_dsn: str) -> dict[str, float]:
    """`replay_events_per_s`, and of each read model; needs no other load on the machine."""
    spare_the_collector()  # as the command does
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measure(server_dsn))


async def _measure(server_dsn: str) -> dict[str, float]:
    async with fresh_database(server_dsn) as dsn:
        pool = await connect(dsn)
        store = PostgresEventStore(pool, master_keys=KEYS)
        owner = await asyncpg.connect(as_owner(dsn, server_dsn))
        await history.write(store, await history.story(), COPIES, owner)
        await owner.close()
        figures, events, seconds = {}, 0, 0.0
        for projector in projections.PROJECTORS:
            began = time.perf_counter()
            await Projection(pool, store, projector).build()
            took = time.perf_counter() - began
            known = await pool.fetchval(_KNOWN, projector.topics)
            figures[f"replay_{projector.NAME}_events_per_s"] = float(round(known / took))
            events, seconds = events + known, seconds + took
        await store.close()
        await pool.close()
    return {"replay_events_per_s": float(round(events / seconds)), **figures}


if __name__ == "__main__":
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ["CSBE_TEST_POSTGRES_DSN"]
    sys.stdout.write(json.dumps(measure(given), indent=2) + "\n")
