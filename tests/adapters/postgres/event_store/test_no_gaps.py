"""No way to append leaves a gap in the history of an aggregate, whatever the log has lost behind a running process.

Only a server that was started anew can have lost what was confirmed, so it is asked for the version before only then.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from adapters.embedded.postgres import EmbeddedPostgres
from adapters.postgres.database import Connection, connect
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.migrate import migrate
from domain.kernel.errors import VersionConflictError
from tests.support.boxes import Box, FillBox, give, save, versions
from tests.support.keys import KEYS

Version = tuple[UUID, int]
Append = Callable[[Connection, Sequence[Version]], Awaitable[None]]

_APPEND = "select status from csbe.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) order by entry"
_BATCH = "select csbe.append_batch($1, $2, $3, {known_server}, true)"
_ONE = "select csbe.append_one($1, $2, 'f', null, $3, $4, 't', '', '{{}}', {known_server}, true)"

THIS_SERVER = "pg_postmaster_start_time()"
ANOTHER_SERVER = "pg_postmaster_start_time() - interval '1 day'"


def columns(events: Sequence[Version], places: Sequence[int], entries: int) -> list[Any]:
    commands: list[list[Any]] = [
        [uuid4() for _ in range(entries)],
        [uuid4() for _ in range(entries)],
        ["f"] * entries,
        [None] * entries,
    ]
    ids, numbers = [id for id, _ in events], [version for _, version in events]
    facts = [["t"] * len(events), [b""] * len(events), ["{}"] * len(events)]
    return [*commands, list(places), ids, numbers, *facts]


def one_by_one(query: str) -> Append:
    async def append(connection: Connection, events: Sequence[Version]) -> None:
        for event in events:
            await connection.execute(query, uuid4(), uuid4(), *event)

    return append


def at_once(query: str) -> Append:
    async def append(connection: Connection, events: Sequence[Version]) -> None:
        command = (uuid4(), "f", None, len(events))
        rows = [(*event, "t", b"", "{}") for event in events]
        await connection.execute(query, [command], uuid4(), rows)

    return append


ON_ANOTHER_SERVER = [
    one_by_one(_ONE.format(known_server=ANOTHER_SERVER)),
    at_once(_BATCH.format(known_server=ANOTHER_SERVER)),
]
ON_THIS_SERVER = [
    one_by_one(_ONE.format(known_server=THIS_SERVER)),
    at_once(_BATCH.format(known_server=THIS_SERVER)),
]
ON_NO_SERVER = [one_by_one(_ONE.format(known_server="null")), at_once(_BATCH.format(known_server="null"))]


@pytest.mark.parametrize("append", [*ON_ANOTHER_SERVER, *ON_NO_SERVER])
@pytest.mark.parametrize("gap", [[2], [1, 3], [1, 2, 4]], ids=str)
async def test_a_version_without_the_one_before_it_is_refused(
    pool: asyncpg.Pool, append: Append, gap: list[int]
) -> None:
    box, other = uuid4(), uuid4()

    async with pool.acquire() as connection:
        with pytest.raises(asyncpg.UniqueViolationError, match="predecessor"):
            await append(connection, [(other, 1), *((box, version) for version in gap)])

    stored = await versions(pool, other)
    assert await versions(pool, box) == (gap[:-1] if stored else [])


@pytest.mark.parametrize("append", ON_THIS_SERVER)
async def test_it_is_refused_by_a_server_that_confirms_what_it_has_not_flushed(
    pool: asyncpg.Pool, append: Append
) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("set local synchronous_commit = off")
        with pytest.raises(asyncpg.UniqueViolationError, match="predecessor"):
            await append(connection, [(uuid4(), 2)])


@pytest.mark.parametrize("append", [*ON_THIS_SERVER, *ON_ANOTHER_SERVER, *ON_NO_SERVER])
async def test_a_version_after_the_one_before_it_is_taken(pool: asyncpg.Pool, append: Append) -> None:
    box, other = uuid4(), uuid4()

    async with pool.acquire() as connection:
        await append(connection, [(box, 1), (box, 2), (other, 1)])
        await append(connection, [(other, 2), (other, 3), (box, 3)])

    assert await versions(pool, box) == await versions(pool, other) == [1, 2, 3]


async def test_of_many_entries_the_one_with_a_gap_is_in_conflict(pool: asyncpg.Pool) -> None:
    with_gap, first, second = uuid4(), uuid4(), uuid4()
    events = [(first, 1), (with_gap, 1), (with_gap, 3), (second, 2), (second, 1)]

    found = await pool.fetch(_APPEND, *columns(events, [1, 2, 2, 3, 3], 3))

    assert [row["status"] for row in found] == ["appended", "conflict", "appended"]
    assert await versions(pool, with_gap) == []
    assert sorted(await versions(pool, second)) == [1, 2]


class ServerWithBackup:
    """A server of its own, which goes back to what it was when a copy of it was made."""

    def __init__(self, folder: Path) -> None:
        self._data, self._copy = folder / "postgres", folder / "backup"
        self._server = EmbeddedPostgres(self._data)

    async def start(self) -> str:
        """Returns the DSN."""
        return await asyncio.to_thread(self._server.start)

    async def back_up(self) -> None:
        """Make the copy, and go on."""
        await asyncio.to_thread(self._server.stop)
        copying = await asyncio.create_subprocess_exec("cp", "-a", self._data, self._copy)  # keeps the owner
        assert await copying.wait() == 0
        await self.start()

    async def restore(self) -> None:
        """Lose everything since, and go on."""
        await asyncio.to_thread(self._server.stop)
        await asyncio.to_thread(shutil.rmtree, self._data)
        await asyncio.to_thread(self._copy.rename, self._data)
        await self.start()

    def stop(self) -> None:
        """For good."""
        self._server.stop()


@pytest.fixture
def server() -> Iterator[ServerWithBackup]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = ServerWithBackup(Path(folder))
        yield server
        server.stop()


async def test_who_remembers_what_a_restored_server_has_lost_decides_again(server: ServerWithBackup) -> None:
    dsn = await server.start()
    await migrate(dsn)
    earlier = await connect(dsn)
    by_command, by_hand = Box.make(), Box.make()
    await save(PostgresEventStore(earlier, master_keys=KEYS), by_command, by_hand)
    earlier.terminate()
    await server.back_up()
    pool = await connect(dsn)
    store = PostgresEventStore(pool, master_keys=KEYS, cache_size=10)
    await store.listener.erasures.wait(0, 20)  # what is remembered is forgotten once, when listening begins
    await give(store, FillBox(box_id=by_command.id, weight_g=3))
    held = await store.load(Box, by_hand.id)
    held.fill(1)
    await save(store, held)

    await server.restore()
    held.fill(2)
    with pytest.raises(VersionConflictError):
        await save(store, held)
    await give(store, FillBox(box_id=by_command.id, weight_g=4))

    assert await versions(pool, by_hand.id) == [1]
    assert await versions(pool, by_command.id) == [1, 2]
    assert (await PostgresEventStore(pool, master_keys=KEYS).load(Box, by_command.id)).total_g == 4
    pool.terminate()
