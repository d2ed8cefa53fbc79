"""What was decided before the newest publication of a rulebook is not appended, alone or among others."""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import asyncpg

from adapters.postgres.event_store.appender import AppendEntry, AppendStatus, AppendWriter
from adapters.postgres.event_store.group_commit import GroupCommit
from adapters.postgres.event_store.mapper import StoredState
from adapters.postgres.event_store.notifier import Notifier
from adapters.postgres.event_store.server_epoch import KnownServer
from domain.rulebook.published import PublishedRulebook

PUBLISHED = PublishedRulebook.Published.TOPIC


def entry(publication: int | None, *topics: str) -> AppendEntry:
    id = uuid4()
    rows = [StoredState(id, version, topic, b"{}") for version, topic in enumerate(topics or ("test.event",), 1)]
    return AppendEntry(uuid4(), "f", None, "{}", rows, publication)


async def written(pool: asyncpg.Pool, entries: Sequence[AppendEntry]) -> list[AppendStatus]:
    """What becomes of entries that go to the database together."""
    writer = AppendWriter(pool, KnownServer(pool), Notifier(pool))
    statuses = [one.status for one in await writer.write(list(entries), uuid4())]
    await writer.close()
    return statuses


async def test_an_entry_of_before_the_newest_publication_is_left_out(pool: asyncpg.Pool) -> None:
    first = await GroupCommit(pool).write(entry(0, PUBLISHED))

    old, new, none = [await written(pool, [entry(known)]) for known in (0, first.position, None)]

    assert old == [AppendStatus.SUPERSEDED]
    assert new == none == [AppendStatus.APPENDED]


async def test_in_a_batch_each_entry_counts_by_itself(pool: asyncpg.Pool) -> None:
    first = await GroupCommit(pool).write(entry(0, PUBLISHED))
    known = (first.position, 0, None, first.position)

    statuses = await written(pool, [entry(one) for one in known])

    assert statuses == [
        AppendStatus.APPENDED,
        AppendStatus.SUPERSEDED,
        AppendStatus.APPENDED,
        AppendStatus.APPENDED,
    ]


async def test_what_stands_behind_a_publication_in_its_own_batch_was_decided_before_it(pool: asyncpg.Pool) -> None:
    statuses = await written(pool, [entry(0), entry(0, "test.opened", PUBLISHED), entry(0), entry(None)])

    assert statuses == [
        AppendStatus.APPENDED,
        AppendStatus.APPENDED,
        AppendStatus.SUPERSEDED,
        AppendStatus.APPENDED,
    ]
    assert await pool.fetchval("select count(*) from csbe.publications") == 1


async def test_of_publications_that_come_together_one_is_left_out_and_may_come_again(pool: asyncpg.Pool) -> None:
    group_commit = GroupCommit(pool)

    results = await asyncio.gather(*(group_commit.write(entry(0, PUBLISHED)) for _ in range(10)))

    kept = [result for result in results if result.status is AppendStatus.APPENDED]
    assert len(kept) == 1
    assert (await group_commit.write(entry(kept[0].position, PUBLISHED))).status is AppendStatus.APPENDED
    await group_commit.close()
