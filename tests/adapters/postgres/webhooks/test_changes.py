"""What is decided about a webhook is taken up once and in order, whoever does it and whatever dies in between."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.followers.follower import Follower
from adapters.postgres.webhooks import changes
from adapters.postgres.webhooks.changes import WebhookChanges
from domain.kernel.errors import NotFoundError, StaleVersionError
from domain.webhooks.commands import (
    AllowPersonalData,
    Pause,
    Replay,
    Resume,
    RotateSecret,
    SkipEvent,
    Subscribe,
    Unsubscribe,
)
from domain.webhooks.subscription import EventFilter, WebhookStatus
from tests.support.boxes import Box, save
from tests.support.webhooks import OLGA, OTHER, Desk

ID = UUID(int=1)
SUBSCRIBE = Subscribe(webhook_id=ID, url="https://acme.example/", filter=EventFilter(types=("csbe.",)))
PAUSE, RESUME, END = (kind(webhook_id=ID) for kind in (Pause, Resume, Unsubscribe))
ROTATE = RotateSecret(webhook_id=ID, overlap_h=24)
ALLOW = AllowPersonalData(webhook_id=ID, allowed=True, reason="by contract")
SKIP = SkipEvent(webhook_id=ID, position=3, stopped_at=3, reason="a damaged disk")
STOP = "update csbe.followers set failed_position = 3, error = 'damaged' where name like 'webhook/%'"
FAIL = "update csbe.webhooks set state = 'failed', attempts = 9, failing_since = now(), last_error = 'answered 500'"


@pytest.fixture
def follower(pool: asyncpg.Pool, store: PostgresEventStore) -> Follower:
    """What a server follows that sends webhooks."""
    return Follower(pool, store, "webhooks", WebhookChanges(store), topics=WebhookChanges.TOPICS)


async def status(desk: Desk) -> WebhookStatus:
    [found] = await desk.webhooks.find(id=ID)
    return found


async def stored(pool: asyncpg.Pool) -> list[tuple[object, ...]]:
    """All that changes of a webhook, but for the times."""
    rows = await pool.fetch("select secret, previous_secret, secret_position, state, version from csbe.webhooks")
    return [tuple(row) for row in rows]


async def test_a_new_webhook_begins_right_after_its_own_event(desk: Desk, store: PostgresEventStore) -> None:
    await save(store, Box.make())
    subscribed = await desk.decide(SUBSCRIBE)
    await save(store, Box.make())

    await desk.webhooks.take_up(ID)

    found = await status(desk)
    assert (found.position, found.lag, found.version) == (subscribed.position, 1, 1)


async def test_what_a_crash_kept_from_being_taken_up_the_follower_takes_up(desk: Desk, follower: Follower) -> None:
    subscribed = await desk.decide(SUBSCRIBE)
    for command in (PAUSE, ALLOW):
        await desk.decide(command, OLGA)

    await follower.catch_up()

    found = await status(desk)
    assert (found.state, found.personal_data, found.version) == ("paused", True, 3)
    assert found.position == subscribed.position


async def test_what_was_taken_up_at_once_the_follower_leaves_as_it_is(
    desk: Desk, follower: Follower, pool: asyncpg.Pool
) -> None:
    for command in (SUBSCRIBE, ROTATE, PAUSE):
        await desk.change(command)
    before = await stored(pool)

    await follower.catch_up()

    assert await stored(pool) == before


async def test_of_two_who_take_up_the_same_one_does_and_the_secret_is_told_whoever_it_was(
    desk: Desk, follower: Follower
) -> None:
    subscribed = await desk.decide(SUBSCRIBE)
    await asyncio.gather(follower.catch_up(), *(desk.webhooks.take_up(ID) for _ in range(4)))
    first = await desk.webhooks.secret_of(ID, subscribed.position)
    rotated = await desk.decide(ROTATE)

    await asyncio.gather(*(desk.webhooks.take_up(ID) for _ in range(4)), follower.catch_up())

    second = await desk.webhooks.secret_of(ID, rotated.position)
    assert None not in {first, second}
    assert first != second
    assert (await status(desk)).version == 2


async def test_a_repeated_request_changes_no_secret(desk: Desk, pool: asyncpg.Pool) -> None:
    key = uuid4()
    await desk.change(SUBSCRIBE)
    first = await desk.decide(ROTATE, key=key)
    await desk.webhooks.take_up(ID)
    before = await stored(pool)

    again = await desk.decide(ROTATE, key=key)
    await desk.webhooks.take_up(ID)

    assert (again.position, again.repeated) == (first.position, True)
    assert await stored(pool) == before


async def test_the_secret_before_signs_for_the_hours_of_the_overlap(desk: Desk, pool: asyncpg.Pool) -> None:
    await desk.change(SUBSCRIBE)
    [(old, *_)] = await stored(pool)
    rotated = await desk.decide(ROTATE)

    await desk.webhooks.take_up(ID)

    [(new, previous, position, *_)] = await stored(pool)
    recorded_at = await pool.fetchval("select max(recorded_at) from csbe.events")
    assert old != new
    assert (previous, position) == (old, rotated.position)
    assert await pool.fetchval("select previous_until from csbe.webhooks") == recorded_at + timedelta(hours=24)


async def test_a_failed_webhook_goes_on_at_once_when_it_is_resumed(desk: Desk, pool: asyncpg.Pool) -> None:
    await desk.change(SUBSCRIBE)
    await pool.execute(FAIL)

    await desk.change(RESUME)

    found = await status(desk)
    assert (found.state, found.attempts, found.failing_since, found.last_error) == ("active", 0, None, None)


async def test_a_replay_moves_a_webhook_back_and_leaves_it_failed(desk: Desk, pool: asyncpg.Pool) -> None:
    await desk.change(SUBSCRIBE)
    await pool.execute(FAIL)
    await pool.execute(STOP)

    await desk.change(Replay(webhook_id=ID, from_position=1, log_end=1))

    found = await status(desk)
    assert (found.state, found.position, found.failed_position) == ("failed", 0, None)


async def test_a_skip_is_on_record_and_lets_it_go_on(desk: Desk, pool: asyncpg.Pool) -> None:
    await desk.change(SUBSCRIBE)
    await pool.execute(FAIL)
    await pool.execute(STOP)

    await desk.change(SKIP, OLGA)

    skipped = await pool.fetch("select position, skipped_by, reason from csbe.skipped_events")
    found = await status(desk)
    assert [tuple(row) for row in skipped] == [(3, "olga", "a damaged disk")]
    assert (found.state, found.position, found.failed_position) == ("active", 3, None)


async def test_of_two_who_skip_the_same_event_one_does(desk: Desk, pool: asyncpg.Pool) -> None:
    await desk.change(SUBSCRIBE)
    await pool.execute(STOP)

    for by in (OLGA, OTHER.model_copy(update={"role": OLGA.role})):
        await desk.change(SKIP, by)

    assert await pool.fetchval("select array_agg(skipped_by) from csbe.skipped_events") == ["olga"]
    assert (await status(desk)).position == 3


async def test_an_ended_webhook_is_gone_and_stays_so_whoever_comes_late(
    desk: Desk, follower: Follower, pool: asyncpg.Pool
) -> None:
    for command in (SUBSCRIBE, PAUSE, END):
        await desk.change(command)

    await asyncio.gather(follower.catch_up(), *(desk.webhooks.take_up(ID) for _ in range(4)))

    assert await desk.webhooks.find() == []
    names = await pool.fetchval("select array_agg(name) from csbe.followers where name like 'webhook%'")
    assert names == ["webhooks"]


async def test_a_webhook_that_ended_before_it_was_taken_up_never_was(desk: Desk, follower: Follower) -> None:
    for command in (SUBSCRIBE, ROTATE, END):
        await desk.decide(command)

    await follower.catch_up()

    assert await desk.webhooks.find() == []


async def test_a_long_history_is_taken_up_page_by_page(
    desk: Desk, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "PAGE", 2)
    for command in (SUBSCRIBE, PAUSE, RESUME, PAUSE, ROTATE):
        await desk.decide(command)

    await follower.catch_up()

    found = await status(desk)
    assert (found.state, found.version) == ("paused", 5)


async def test_a_change_by_an_old_version_changes_nothing(desk: Desk) -> None:
    await desk.change(SUBSCRIBE)
    await desk.change(PAUSE)

    with pytest.raises(StaleVersionError):
        await desk.decide(RESUME, seen=1)

    await desk.webhooks.take_up(ID)
    assert [(found.state, found.version) for found in await desk.webhooks.find()] == [("paused", 2)]


async def test_a_stranger_is_not_even_told_of_an_old_version(desk: Desk) -> None:
    await desk.change(SUBSCRIBE)

    with pytest.raises(NotFoundError):
        await desk.decide(PAUSE, OTHER, seen=4)
