"""Measures, and writes build/benchmarks.json. Server: `CSBE_TEST_POSTGRES_DSN`, else an embedded one.

Arguments are names of benchmarks; then only their figures are measured anew, and the others of the file stay.
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from adapters.embedded import EmbeddedPostgres
from tests.benchmarks import (
    append,
    append_batches,
    append_emmett,
    append_processes,
    demo,
    growth,
    ingest,
    load,
    rebuild_workers,
    replay,
    reserve,
    tracing,
)

RESULT = Path("build/benchmarks.json")
BENCHMARKS: dict[str, Callable[[str], Mapping[str, object]]] = {
    "append": append.measure,
    "append_batches": append_batches.measure,
    "append_processes": append_processes.measure,
    "append_emmett": append_emmett.measure,
    "load": load.measure,
    "reserve": reserve.measure,
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
    for name in names or BENCHMARKS:
        found = BENCHMARKS[name](dsn)
        sys.stdout.write(json.dumps({name: found}, indent=2) + "\n")
        sys.stdout.flush()
        figures |= found
        RESULT.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


if __name__ == "__main__":  # and not in the processes that a benchmark starts
    main(sys.argv[1:])
