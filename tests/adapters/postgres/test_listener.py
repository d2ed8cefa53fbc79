"""The listener: whatever happens to its connection, it hears again."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from adapters.postgres import listener
from adapters.postgres.database import connect
from adapters.postgres.listener import Listener


@pytest.fixture
async def guest(owner: asyncpg.Connection) -> AsyncIterator[str]:
    """A role that may log in."""
    name = f"csbe_test_{uuid4().hex[:12]}"
    await owner.execute(f"create role {name} login password 'guest' in role csbe_server")
    yield name
    await owner.execute(f"drop role {name}")


async def test_a_listener_outlives_being_locked_out(
    postgres_dsn: str,
    guest: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    owner: asyncpg.Connection,
) -> None:
    monkeypatch.setattr(listener, "RECONNECT_SECONDS", 0.02)
    url = urlsplit(postgres_dsn)
    as_guest = urlunsplit(url._replace(netloc=f"{guest}:guest@{url.netloc.rpartition('@')[2]}"))
    theirs = await connect(as_guest, min_size=0)
    listening = Listener(theirs)
    await listening.events.wait(0, 20)  # until it listens

    await owner.execute(f"alter role {guest} nologin")
    await owner.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = $1", guest)
    async with asyncio.timeout(20):
        while "not permitted to log in" not in caplog.text:
            await asyncio.sleep(0.01)
    await owner.execute(f"alter role {guest} login")
    heard = listening.events.count
    await listening.events.wait(heard, 20)
    again = listening.events.count
    await listening.close()
    theirs.terminate()

    assert again > heard
    assert "Traceback" in caplog.text


async def test_closing_a_listener_does_not_swallow_a_cancellation(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = asyncio.Event()

    async def listen_reluctantly(_self: Listener) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await let_go.wait()

    monkeypatch.setattr(Listener, "_listen_until_cut", listen_reluctantly)
    listening = Listener(pool)
    listening.start()
    await asyncio.sleep(0)
    closing = asyncio.create_task(listening.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait((closing,), timeout=20)
    let_go.set()

    assert closing.cancelled()
