"""Measures, and writes build/benchmarks.json. Server: `CSBE_TEST_POSTGRES_DSN`, else an embedded one.

Arguments are names of benchmarks; then only their figures are measured anew, and the others of the file stay. One that
fails is named at the end, and the others are measured all the same.
"""

import asyncio
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import asyncpg

from adapters.embedded.postgres import EmbeddedPostgres
from adapters.postgres.durability import DURABLE
from tests.benchmarks import (
    append,
    append_batches,
    append_emmett,
    append_processes,
    collisions,
    demand,
    demo,
    growth,
    ingest,
    invoice_documents,
    load,
    longest_quotes,
    overload,
    pricing,
    rebuild_workers,
    replay,
    reserve,
    tracing,
)

RESULT = Path("build/benchmarks.json")
WAL_FILES = 32
"""More than a benchmark of appends fills."""
BENCHMARKS: dict[str, Callable[[str], Mapping[str, object]]] = {
    "append": append.measure,
    "append_batches": append_batches.measure,
    "append_processes": append_processes.measure,
    "append_emmett": append_emmett.measure,
    "load": load.measure,
    "pricing": pricing.measure,
    "invoice_documents": invoice_documents.measure,
    "longest_quotes": longest_quotes.measure,
    "overload": overload.measure,
    "reserve": reserve.measure,
    "demand": demand.measure,
    "collisions": collisions.measure,
    "ingest": ingest.measure,
    "tracing": tracing.measure,
    "replay": replay.measure,
    "rebuild_workers": rebuild_workers.measure,
    "growth": growth.measure,
    "demo": demo.measure,
}


def main(names: list[str]) -> None:
    """Run these benchmarks, or all, one after the other."""
    if unknown := set(names) - set(BENCHMARKS):
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}: choose of {', '.join(BENCHMARKS)}")
    figures: dict[str, Any] = json.loads(RESULT.read_text("utf-8")) if names and RESULT.exists() else {}
    if dsn := os.environ.get("CSBE_TEST_POSTGRES_DSN"):
        _measure(dsn, names, figures)
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres")
        try:
            _measure(server.start(), names, figures)
        finally:
            server.stop()


def _measure(dsn: str, names: list[str], figures: dict[str, Any]) -> None:
    """What is measured is written at once, so that a later benchmark that fails takes nothing away."""
    RESULT.parent.mkdir(exist_ok=True)
    figures["server"] = asyncio.run(_server(dsn))
    asyncio.run(_break_in(dsn))
    failed = []
    for name in names or BENCHMARKS:
        try:
            found = BENCHMARKS[name](dsn)
        except Exception:  # noqa: BLE001 (whatever it is, the others are measured, and it is told)
            traceback.print_exc()
            failed.append(name)
            continue
        sys.stdout.write(json.dumps({name: found}, indent=2) + "\n")
        sys.stdout.flush()
        figures |= found
        RESULT.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    if failed:
        sys.exit(f"failed, see above: {', '.join(failed)}")


async def _server(dsn: str) -> str:
    """What is measured on. Exits when it may lose what it has confirmed."""
    connection = await asyncpg.connect(dsn)
    found = {name: await connection.fetchval(f"show {name}") for name in ("server_version", *DURABLE)}
    await connection.close()
    if unsafe := [name for name in DURABLE if found[name] != "on"]:
        sys.exit(f"figures of a server that may lose what it has confirmed mean nothing: turn on {', '.join(unsafe)}")
    return f"PostgreSQL {found['server_version'].split()[0]} with {', '.join(DURABLE)} on"


async def _break_in(dsn: str) -> None:
    """Let the server write over its old WAL files, as one in use does: making a new one takes 45 ms for each 16 MB."""
    connection = await asyncpg.connect(dsn)
    for _ in range(WAL_FILES):
        await connection.execute("select pg_logical_emit_message(false, 'csbe', repeat('x', 16 * 1024 * 1024))")
    await connection.execute("checkpoint")
    await connection.close()


if __name__ == "__main__":  # and not in the processes that a benchmark starts
    main(sys.argv[1:])
