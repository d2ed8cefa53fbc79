"""How analysts and auditors connect, played through with psql as their pages say."""

import asyncio
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from adapters.embedded.postgres import EmbeddedPostgres
from adapters.postgres.opening import with_user
from api.composition import make_read_models
from tests.docs.test_code_blocks import ROOT, blocks
from tests.support.databases import prepared

pytestmark = [pytest.mark.docs, pytest.mark.skipif(shutil.which("psql") is None, reason="needs Debian's psql")]

PAGES = {"query-the-reports": "csbe_analyst", "read-the-history": "csbe_auditor"}
"""With the role of those who are to read it."""
_ROLES = """
select m.rolname as member, r.rolname as role from pg_auth_members a
join pg_roles m on m.oid = a.member join pg_roles r on r.oid = a.roleid
"""
REAL = "postgresql://{}@db.example/csbe"


@dataclass(frozen=True)
class Guide:
    """What a page says, with the account under a name that is free."""

    make: str
    """SQL of whoever administers the database."""
    real: str
    embedded: str
    account: str
    role: str


@pytest.fixture(params=PAGES)
def guide(request: pytest.FixtureRequest) -> Guide:
    page = ROOT / "docs" / "how-to" / f"{request.param}.md"
    [make] = [code for code in blocks(page, "sql") if code.startswith("create role")]
    [account] = re.findall(r"create role (\w+)", make)
    lines = [line for code in blocks(page, "bash") for line in code.splitlines() if line.startswith("psql ")]
    name = f"{account}_{uuid4().hex[:8]}"
    real, embedded = [re.sub(rf"\b{account}\b", name, line) for line in lines]
    return Guide(re.sub(rf"\b{account}\b", name, make), real, embedded, name, PAGES[request.param])


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Path, str]]:
    """Where `csbe serve` was started, and runs on an embedded database; and the DSN of that."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "csbe-data" / "postgres")
        try:
            dsn = server.start()
            asyncio.run(prepared(dsn))
            yield Path(folder), dsn
        finally:
            server.stop()


def shell(line: str, folder: Path = ROOT, **more: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | more
    return subprocess.run(
        ["/bin/bash"], input=line, cwd=folder, env=environment, text=True, capture_output=True, check=False
    )


async def as_administrator(dsn: str, statements: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statements)
        return await connection.fetch(_ROLES)
    finally:
        await connection.close()


def test_with_a_real_postgresql(guide: Guide, owner_dsn: str, postgres_dsn: str) -> None:
    asyncio.run(make_read_models(postgres_dsn))
    asyncio.run(as_administrator(owner_dsn, f"{guide.make}; alter role {guide.account} password 'a long one'"))
    named = REAL.format(guide.account)
    assert named in guide.real

    answer = shell(guide.real.replace(named, with_user(owner_dsn, guide.account)), PGPASSWORD="a long one")

    asyncio.run(as_administrator(owner_dsn, f"drop role {guide.account}"))
    assert (answer.returncode, answer.stderr) == (0, "")
    assert re.search(r"\(\d+ rows?\)", answer.stdout)  # of whatever tests before it have left


def test_with_the_embedded_postgresql(guide: Guide, running: tuple[Path, str]) -> None:
    folder, dsn = running
    granted = {row["member"]: row["role"] for row in asyncio.run(as_administrator(dsn, guide.make))}

    answer = shell(guide.embedded, folder)

    assert granted[guide.account] == guide.role
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "(0 rows)" in answer.stdout
