"""Make up some months, ask the guide's queries, and write what they answer into build/reports.json."""

import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from adapters.embedded.postgres import EmbeddedPostgres
from tests.months.page import queries
from tests.months.told import Row, lived, told
from tests.support.databases import empty_database, prepared

RESULT = Path("build/reports.json")


async def _answers(server_dsn: str) -> dict[str, Sequence[Row]]:
    async with empty_database(server_dsn, "months") as owner_dsn:
        months = await lived(await prepared(owner_dsn))
        return await told(owner_dsn, queries(), months.end)


def main() -> None:
    """On an embedded server."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres")
        try:
            answers = asyncio.run(_answers(server.start()))
        finally:
            server.stop()
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(answers, indent=1, default=str), "utf-8")
    for name, rows in answers.items():
        sys.stdout.write(f"{name}: {len(rows)} rows\n")


if __name__ == "__main__":
    main()
