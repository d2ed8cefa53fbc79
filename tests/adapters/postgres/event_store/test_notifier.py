"""Who listens hears of every append, and seldom."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from adapters.postgres.database import connect
from adapters.postgres.event_store import notifier
from adapters.postgres.event_store.appender import AppendEntry
from adapters.postgres.event_store.group_commit import GroupCommit
from adapters.postgres.event_store.mapper import StoredState
from adapters.postgres.event_store.notifier import Notifier
from adapters.postgres.listener import EVENTS

LONG = 0.5
"""Longer than an append takes, so that those of a test come while the first news is fresh."""


class Ear:
    """Another process that listens."""

    def __init__(self) -> None:
        self._heard = 0
        self._something = asyncio.Condition()

    async def hear(self, *_: object) -> None:
        async with self._something:
            self._heard += 1
            self._something.notify_all()

    async def heard(self, least: int) -> int:
        """How often it has heard something, once that is so often at least."""
        async with asyncio.timeout(20), self._something:
            await self._something.wait_for(lambda: self._heard >= least)
            return self._heard


@pytest.fixture
async def ear(pool: asyncpg.Pool) -> AsyncIterator[Ear]:
    ear = Ear()
    async with pool.acquire() as connection:
        await connection.add_listener(EVENTS, ear.hear)
        yield ear
        await connection.remove_listener(EVENTS, ear.hear)


async def append(group_commit: GroupCommit, events: int = 1) -> None:
    rows = [StoredState(uuid4(), 1, "test.event", b"{}") for _ in range(events)]
    await group_commit.write(AppendEntry(uuid4(), "f", None, "{}", rows))


@pytest.mark.parametrize("events", [1, 2])
async def test_an_append_carries_the_news_of_itself(
    pool: asyncpg.Pool, ear: Ear, events: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifier, "PAUSE_SECONDS", 3600)

    await append(GroupCommit(pool), events)

    assert await ear.heard(1) == 1


async def test_what_comes_while_the_news_is_fresh_is_told_once_and_when_all_of_it_is_there(
    pool: asyncpg.Pool, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifier, "PAUSE_SECONDS", LONG)
    group_commit = GroupCommit(pool)

    for events in (1, 1, 2, 1):
        await append(group_commit, events)
    assert await ear.heard(2) == 2

    assert await pool.fetchval("select count(*) from csbe.events") == 5
    await group_commit.close()
    assert await ear.heard(2) == 2


async def test_closing_the_journal_tells_what_is_not_told_yet(
    pool: asyncpg.Pool, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifier, "PAUSE_SECONDS", LONG)
    group_commit = GroupCommit(pool)
    await append(group_commit)
    await append(group_commit)

    await group_commit.close()

    assert await ear.heard(2) == 2


async def test_news_that_finds_no_server_is_left_to_those_who_look_for_themselves(postgres_dsn: str) -> None:
    pool = await connect(postgres_dsn, min_size=1)
    gone = Notifier(pool)
    await pool.close()

    gone.follows()
    await gone.close()
