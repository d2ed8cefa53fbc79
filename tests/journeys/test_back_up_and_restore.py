"""The page about backups, played through: a database comes back as it was at a moment, and holds against the audit."""

import asyncio
import os
import re
import shlex
import subprocess
import textwrap
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from anyio import to_thread
from pydantic import SecretStr

from adapters.embedded.postgres import PROGRAMS, EmbeddedPostgres, server_user
from adapters.postgres.database import connect
from adapters.postgres.erasure import PostgresErasure
from adapters.postgres.event_store.store import PostgresEventStore
from api.cli import main
from api.composition import prepare
from api.settings import Settings
from domain.members.member import Member
from tests.api.cli.terminal import destroy_keys, registered
from tests.support.canaries import Canaries, Found, in_database_files
from tests.support.databases import prepared
from tests.support.keys import KEYS
from tests.support.waiting import until

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "back-up-and-restore.md").read_text("utf-8")
ARCHIVING, BACKING_UP, EXPORTING, RESTORING, AUDITING, APPLYING = [
    textwrap.dedent(block) for block in re.findall(r"^    ```bash\n(.*?)^    ```", PAGE, re.MULTILINE | re.DOTALL)
]
CANARIES = Canaries(name="Kanarie Quuxdotter")
_KEY = "select key from csbe.keys where subject = $1"
MOMENT = "2027-01-05 12:26:00+00"


@pytest.fixture
def root() -> Iterator[Path]:
    """In the place of `/var/lib/postgresql`."""
    with TemporaryDirectory(prefix="csbe-pitr-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture
def postgres(root: Path) -> Iterator[EmbeddedPostgres]:
    root.chmod(0o777)
    server = EmbeddedPostgres(root / "main")
    yield server
    if (root / "restored" / "postmaster.pid").exists():
        _shell(root, f"pg_ctl stop --mode immediate --pgdata {root}/restored")
    server.stop()


def _shell(root: Path, commands: str) -> None:
    """What an operator types, as the user of PostgreSQL."""
    user = server_user()
    done = subprocess.run(  # noqa: S603 (the page's own words)
        ["/bin/bash", "-euc", commands.replace("/var/lib/postgresql", str(root))],
        env={
            **os.environ,
            "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
            "PGHOST": str(root / "main"),
            "PGUSER": "postgres",
        },
        cwd=root,
        user=user,
        group=user,
        stdout=subprocess.DEVNULL,
        stderr=(root / "said").open("w"),
        check=False,
    )
    assert done.returncode == 0, (root / "said").read_text()


async def _archived(dsn: str) -> None:
    """Once all that was written until now lies in the archive."""
    connection = await asyncpg.connect(dsn)
    try:
        last = await connection.fetchval("select pg_walfile_name(pg_switch_wal())")

        async def there() -> bool:
            return bool(await connection.fetchval("select last_archived_wal >= $1 from pg_stat_archiver", last))

        await until(there)
    finally:
        await connection.close()


@asynccontextmanager
async def owning(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """To look into everything."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def found(store: PostgresEventStore, owner: asyncpg.Connection) -> Found:
    """Whatever can be read of who was erased."""
    return (
        await CANARIES.in_events(store, []) | await CANARIES.in_tables(owner) | await CANARIES.in_database_files(owner)
    )


def _typed(root: Path, words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(shlex.split(words.replace("/var/lib/csbe", str(root)))[1:])
    return int(ended.value.code or 0)


async def test_a_database_comes_back_as_it_was_at_a_moment(
    postgres: EmbeddedPostgres, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play(commands: str) -> None:
        await to_thread.run_sync(_shell, root, commands)

    owner = await to_thread.run_sync(postgres.start)
    (root / "archive").mkdir()
    (root / "archive").chmod(0o777)
    await play(ARCHIVING)
    await play(f"psql --command \"alter system set unix_socket_directories = '{root}'\" "
               "--command \"alter system set listen_addresses = ''\"")  # fmt: skip
    await to_thread.run_sync(postgres.stop)
    await to_thread.run_sync(postgres.start)
    dsn = await prepared(owner)
    pool = await connect(dsn)
    store = PostgresEventStore(pool, master_keys=KEYS)
    before = await registered(store, CANARIES["name"])
    await play(BACKING_UP)

    since = await registered(store)
    end, moment = await store.end(), await pool.fetchval("select now()::text")
    lost = await registered(store)
    monkeypatch.setenv("CSBE_POSTGRES_DSN", dsn)
    erasing = f"csbe erase {before.id} --by olga --reason 'asked by letter' --yes"
    codes = [await asyncio.to_thread(_typed, root, line) for line in (erasing, EXPORTING)]
    await store.close()
    await pool.close()
    await _archived(owner)
    await to_thread.run_sync(postgres.stop)
    await play(RESTORING.replace(MOMENT, moment))

    restored = urlunsplit(urlsplit(owner)._replace(query=f"host={root}&port=5433"))
    serving = urlunsplit(urlsplit(dsn)._replace(query=f"host={root}&port=5433"))
    monkeypatch.setenv("CSBE_POSTGRES_DSN", restored)
    codes += [await asyncio.to_thread(_typed, root, line) for line in AUDITING.splitlines()]
    own = await prepare(Settings(postgres_dsn=SecretStr(serving)), serving)
    async with await connect(own) as pool, owning(restored) as connection:
        store = PostgresEventStore(pool, master_keys=KEYS)
        events = store.read(topics=[Member.Registered.TOPIC])
        names = {recorded.event.originator_id: vars(recorded.event)["name"] async for recorded in events}
        reached = await store.end()
        key, back = await connection.fetchval(_KEY, before.id), await found(store, connection)
        monkeypatch.setenv("CSBE_POSTGRES_DSN", own)
        codes.append(await asyncio.to_thread(_typed, root, APPLYING))
        erased = [recorded.event.originator_id async for recorded in store.read(topics=[Member.Erased.TOPIC])]
        await destroy_keys(store, PostgresErasure(store, ()))
        stayed, key_stayed = await found(store, connection), await in_database_files(connection, key)
        await store.close()

    assert codes == [0, 0, 0, 0, 0]
    assert erased == [before.id]
    assert lost.id not in names
    assert (reached, names) == (end, {before.id: CANARIES["name"], since.id: "Ada Lovelace"})
    assert back == {(Member.Registered.TOPIC, "name")}
    assert (stayed, key_stayed) == (set(), False)
