"""A webhook is delivered by one process at a time, from where it stands."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from adapters.postgres.webhooks.claims import WebhookClaims
from domain.webhooks.commands import Subscribe
from domain.webhooks.subscription import EventFilter
from tests.support.webhooks import Desk

SUBSCRIBE = Subscribe(webhook_id=UUID(int=1), url="https://acme.example/", filter=EventFilter(types=("csbe.",)))


async def test_a_webhook_is_claimed_with_its_newest_position_and_by_one_at_a_time(
    desk: Desk, pool: asyncpg.Pool, owner: asyncpg.Connection
) -> None:
    await desk.change(SUBSCRIBE)
    await owner.execute(
        "insert into csbe.events (originator_id, originator_version, topic, state)"
        " select gen_random_uuid(), 1, 'test', '' from generate_series(1, 100)"
    )
    moved: list[int] = []

    async def go_on() -> None:
        claims = WebhookClaims(pool)
        while len(moved) < 100:
            for claimed in await claims.take(1):
                assert await claims.move(claimed, claimed.position, claimed.position + 1)
                moved.append(claimed.position + 1)
                await claims.release(claimed, more=True)

    await asyncio.gather(*(go_on() for _ in range(4)))

    assert moved == list(range(2, 102))


async def test_a_connection_that_is_lost_amid_a_claim_leaves_nothing_claimed_in_vain(
    desk: Desk, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch, owner: asyncpg.Connection
) -> None:
    await desk.change(SUBSCRIBE)
    await owner.execute(
        "insert into csbe.events (originator_id, originator_version, topic, state)"
        " values (gen_random_uuid(), 1, 'test', '')"
    )
    fetch, left = asyncpg.Pool.fetch, ["one statement"]

    async def fetch_once(self: asyncpg.Pool, *statement: Any) -> list[asyncpg.Record]:
        if not left:
            raise ConnectionResetError
        left.pop()
        rows: list[asyncpg.Record] = await fetch(self, *statement)
        return rows

    monkeypatch.setattr(asyncpg.Pool, "fetch", fetch_once)
    [claimed] = await WebhookClaims(pool).take(1)

    assert (claimed.position, claimed.end) == (1, await pool.fetchval("select max(notification_id) from csbe.events"))
