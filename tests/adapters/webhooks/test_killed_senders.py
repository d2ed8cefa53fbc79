"""A webhook that a killed process had in hand is taken by another one at once, not when its claim runs out."""

import asyncio
import sys

from adapters.postgres.webhooks.claims import CLAIM, WebhookClaims
from tests.adapters.webhooks.outlets import Outlets, reached
from tests.support.receiver import Receiver
from tests.support.waiting import until, until_desks_are_free

PATIENCE_S = CLAIM.total_seconds() / 2

CLAIMS_AND_HANGS = """
import asyncio, sys
from adapters.postgres.database import connect
from adapters.postgres.webhooks.claims import WebhookClaims

async def main(dsn):
    claims = WebhookClaims(await connect(dsn))
    async with claims.desk([]) as desk:
        print(len(await claims.take(10, by=desk.number)), flush=True)
        await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_what_a_killed_process_had_in_hand_is_sent_by_one_that_works_already(
    outlets: Outlets, receiver: Receiver, postgres_dsn: str
) -> None:
    await outlets.subscribe(receiver.url)
    last = await outlets.strike(1)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CLAIMS_AND_HANGS, postgres_dsn, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    assert await process.stdout.readline() == b"1\n"

    async with outlets.delivering():
        await outlets.subscribe(f"{receiver.url}/other")
        later = await outlets.strike(1)
        await until(lambda: _has(receiver, later), PATIENCE_S)
        meanwhile = receiver.positions.copy()
        process.kill()
        await process.wait()
        async with asyncio.timeout(PATIENCE_S):
            await reached(outlets, later, later)

    assert meanwhile == [later]
    assert sorted(receiver.positions) == [last, later, later]


async def test_what_a_living_process_has_in_hand_stays_its_own(outlets: Outlets, receiver: Receiver) -> None:
    await outlets.subscribe(receiver.url)
    await outlets.strike(1)
    claims = WebhookClaims(outlets.pool)
    async with claims.desk([]) as one, claims.desk([]) as other:
        [claimed] = await claims.take(10, by=one.number)

        assert await other.clear_others() == 0
        assert await claims.take(10, by=other.number) == []
        assert await claims.move(claimed, claimed.position, claimed.end)


async def test_who_begins_where_another_one_died_takes_what_that_left_and_not_what_is_in_hand(
    outlets: Outlets, receiver: Receiver
) -> None:
    for _ in range(2):
        await outlets.subscribe(receiver.url)
    await outlets.strike(1)
    claims = WebhookClaims(outlets.pool)
    async with claims.desk([]) as first:
        left, kept = await claims.take(10, by=first.number)
    await until_desks_are_free(outlets.pool)

    async with claims.desk([kept.id]) as second:
        taken = await claims.take(10, by=second.number)

    assert [one.id for one in taken] == [left.id]


async def _has(receiver: Receiver, position: int) -> bool:
    return position in receiver.positions
