"""What every test may ask for: a database, an event store, a broker."""

import asyncio
import logging
import os
import tempfile
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest
import structlog
from hypothesis import settings

from adapters.embedded.postgres import EmbeddedPostgres
from adapters.postgres.database import connect
from adapters.postgres.event_store.store import PostgresEventStore
from tests.support.brokers import MOSQUITTO, EmbeddedBroker, MosquittoBroker
from tests.support.databases import login, migrated, prepared
from tests.support.keys import KEYS

T = TypeVar("T")

settings.register_profile("unhurried", deadline=None)  # how long an example takes is not what a test is about
settings.load_profile("unhurried")
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))

_EMPTY = """
do $$
declare written regclass;
begin
    set local session_replication_role = replica;  -- so that the log lets go of its rows
    for written in
        select oid from pg_class
        where relnamespace = 'csbe'::regnamespace and relkind in ('r', 'p') and not relispartition
            and relname not in ('append_order', 'generations', 'installation', 'locks', 'migrations')
    loop
        execute format('delete from %s', written);
    end loop;
    perform setval(oid::regclass, 1, false) from pg_class where relnamespace = 'csbe'::regnamespace and relkind = 'S';
    insert into csbe.followers (name) select follower from csbe.generations where state <> 'dropped';
end $$
"""
"""Deletes row by row: tests write few, and a truncated table is two new files and an fsync."""


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """DSN of a server: `CSBE_TEST_POSTGRES_DSN`, else an embedded one."""
    if dsn := os.environ.get("CSBE_TEST_POSTGRES_DSN"):
        yield dsn
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres")
        try:
            yield server.start()
        finally:
            server.stop()


@pytest.fixture(scope="session")
def owner_dsn(postgres_server: str) -> Iterator[str]:
    """A fresh, migrated database for this session, as its owner."""
    with _database(postgres_server) as dsn:
        _in_thread(migrated(dsn))
        _in_thread(_execute(dsn, "grant create on schema public to csbe_server"))  # where tests keep their own tables
        yield dsn


@pytest.fixture(scope="session")
def template(postgres_server: str) -> Iterator[str]:
    """The name of a database with empty read models: a copy of it is there sooner than one that is made anew."""
    with _database(postgres_server) as dsn:
        _in_thread(prepared(dsn))
        yield urlsplit(dsn).path.removeprefix("/")


@pytest.fixture(scope="session")
def postgres_dsn(owner_dsn: str) -> str:
    """The same, as the server works there: whatever a test does, it does with no more rights than that has."""
    return _in_thread(login(owner_dsn, "server"))


@pytest.fixture
async def owner(owner_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the database's owner, for what a server cannot do."""
    connection = await asyncpg.connect(owner_dsn)
    yield connection
    await connection.close()


@pytest.fixture
async def forger(owner: asyncpg.Connection) -> asyncpg.Connection:
    """The same where triggers stay silent: changes even what is recorded."""
    await owner.execute("set session_replication_role = replica")
    return owner


@pytest.fixture
async def pool(postgres_dsn: str, owner: asyncpg.Connection) -> AsyncIterator[asyncpg.Pool]:
    """Connections of the server to the database, with the store's tables empty."""
    await owner.execute(_EMPTY)
    pool = await connect(postgres_dsn)
    yield pool
    pool.terminate()


@pytest.fixture
async def store(pool: asyncpg.Pool) -> AsyncIterator[PostgresEventStore]:
    """An empty event store."""
    store = PostgresEventStore(pool, master_keys=KEYS)
    yield store
    await store.close()


@pytest.fixture(scope="session")
def mqtt_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a broker that no other process of this run uses: `CSBE_TEST_MQTT_URL`, or one started for it."""
    given = os.environ.get("CSBE_TEST_MQTT_URL")
    if given and os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0":
        yield given
        return
    broker = MosquittoBroker(tmp_path_factory.mktemp("mosquitto")) if given and MOSQUITTO else EmbeddedBroker()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(broker.start(), loop).result(20)
        yield broker.url
    finally:
        asyncio.run_coroutine_threadsafe(broker.stop(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


@contextmanager
def _database(server_dsn: str) -> Iterator[str]:
    name = f"csbe_test_{uuid4().hex[:12]}"
    _in_thread(_execute(server_dsn, f"create database {name}"))
    yield urlunsplit(urlsplit(server_dsn)._replace(path=f"/{name}"))
    _in_thread(_execute(server_dsn, f"drop database {name} with (force)"))


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _in_thread(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end even where an event loop is running already."""
    result: list[T] = []
    thread = threading.Thread(target=lambda: result.append(asyncio.run(work)))
    thread.start()
    thread.join()
    return result[0]
