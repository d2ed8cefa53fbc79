"""Measures, and writes build/benchmarks.json. Server: `CSBE_TEST_POSTGRES_DSN`, else an embedded one."""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from adapters.embedded import EmbeddedPostgres
from tests.benchmarks import append, demo, growth, replay, reserve

RESULT = Path("build/benchmarks.json")


def main() -> None:
    """Run all benchmarks, one after the other."""
    if dsn := os.environ.get("CSBE_TEST_POSTGRES_DSN"):
        figures = _measure(dsn)
    else:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            Path(folder).chmod(0o755)
            server = EmbeddedPostgres(Path(folder) / "postgres")
            try:
                figures = _measure(server.start())
            finally:
                server.stop()
    RESULT.parent.mkdir(exist_ok=True)
    text = json.dumps(figures, indent=2) + "\n"
    RESULT.write_text(text, "utf-8")
    sys.stdout.write(text)


def _measure(dsn: str) -> dict[str, Any]:
    return {
        **append.measure(dsn),
        **reserve.measure(dsn),
        **demo.measure(),
        **replay.measure(dsn),
        **growth.measure(dsn),
    }


main()
