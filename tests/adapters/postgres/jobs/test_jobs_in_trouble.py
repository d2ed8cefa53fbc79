"""Tasks while workers die, connections are cut and nobody answers: none is lost, none is done twice."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.jobs import worker
from adapters.postgres.jobs.queue import CLAIM, JobFailure, JobQueue
from adapters.postgres.jobs.worker import MAX_ATTEMPTS, JobWorker, room_beside
from domain.kernel.messages import Command, Metadata
from domain.kernel.policy import Effect
from tests.support.bedroom import (
    CUT,
    NOON,
    PATIENCE_S,
    Bedroom,
    rings,
    when_it_rings_send_mail,
    when_it_rings_wake_everybody,
)


@pytest.mark.parametrize(
    "outage",
    [asyncpg.ConnectionDoesNotExistError("gone"), asyncpg.CannotConnectNowError("starting"), ConnectionRefusedError()],
    ids=lambda error: type(error).__name__,
)
async def test_an_outage_of_the_database_does_not_count_against_the_task(
    store: PostgresEventStore, bedroom: Bedroom, outage: Exception
) -> None:
    await rings(store, when_it_rings_wake_everybody, "Ada")
    worker = bedroom.worker()
    bedroom.trouble = [outage] * (2 * MAX_ATTEMPTS)

    for _ in range(2 * MAX_ATTEMPTS):
        await worker.run_due()
        job = await bedroom.job()
        assert (job["attempts"], job["failed_at"]) == (0, None)
        bedroom.time = job["due_at"]
    await worker.run_due()

    assert bedroom.names == ["Ada"]


async def test_an_effect_that_is_never_answered_is_given_up_before_its_claim_runs_out(
    store: PostgresEventStore, bedroom: Bedroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert CLAIM.total_seconds() > worker.EFFECT_SECONDS
    monkeypatch.setattr(worker, "EFFECT_SECONDS", 0.01)
    await rings(store, when_it_rings_send_mail, "hello")

    async def never(_effect: Effect, _key: str) -> None:
        await asyncio.Event().wait()

    bedroom.perform = never  # type: ignore[assignment,method-assign]  # a gateway that hangs
    await bedroom.worker().run_due()

    job = await bedroom.job()
    assert (job["attempts"], job["last_error"]) == (1, "send_message was not answered: TimeoutError")


async def test_an_effect_that_takes_long_does_not_hold_up_the_others(
    store: PostgresEventStore, bedroom: Bedroom
) -> None:
    await rings(store, when_it_rings_send_mail, "hello")
    answered = asyncio.Event()

    async def slowly(_effect: Effect, _key: str) -> None:
        await answered.wait()

    bedroom.perform = slowly  # type: ignore[assignment,method-assign]  # a mail server that takes its time
    worker = bedroom.worker()
    await worker.run_due()
    await rings(store, when_it_rings_wake_everybody, "Ada")
    await worker.run_due()

    assert bedroom.names == ["Ada"]
    assert (await bedroom.job())["kind"] == "send_message"
    answered.set()
    await worker.run_due()
    assert await bedroom.pool.fetchval("select count(*) from csbe.jobs") == 0


async def test_effects_of_one_kind_that_all_hang_leave_room_for_the_others(
    store: PostgresEventStore, bedroom: Bedroom
) -> None:
    await rings(store, when_it_rings_send_mail, *(f"mail {n}" for n in range(20)))
    answered = asyncio.Event()

    async def slowly(_effect: Effect, _key: str) -> None:
        await answered.wait()

    bedroom.perform = slowly  # type: ignore[assignment,method-assign]  # a mail server that hangs
    worker = bedroom.worker(batch=4)
    await worker.run_due()
    await rings(store, when_it_rings_wake_everybody, "Ada")
    claimed = [await worker.run_due() for _ in range(3)]

    assert bedroom.names == ["Ada"]
    assert claimed == [1, 0, 0]
    answered.set()
    while await bedroom.pool.fetchval("select count(*) from csbe.jobs"):
        await worker.run_due()


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 40)), st.integers(2, 64))
def test_whatever_is_in_hand_there_is_room_for_a_batch_at_most_and_never_for_less_than_none(
    busy: dict[str, int], batch: int
) -> None:
    room, hanging = room_beside(busy, batch)

    assert 0 <= room <= batch
    assert all(busy[kind] >= batch // 2 for kind in hanging)


async def test_a_worker_that_is_told_to_stop_finishes_what_it_has_in_hand(
    store: PostgresEventStore, bedroom: Bedroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "SLOW_SECONDS", 0.01)
    await rings(store, when_it_rings_send_mail, "hello")
    performing, answered = asyncio.Event(), asyncio.Event()

    class Stop(asyncio.Event):
        def is_set(self) -> bool:
            if told := super().is_set():
                answered.set()  # not before the worker has noticed
            return told

    async def slowly(_effect: Effect, _key: str) -> None:
        performing.set()
        await answered.wait()

    bedroom.perform = slowly  # type: ignore[assignment,method-assign]  # a mail server that takes its time
    stop = Stop()
    working = asyncio.create_task(bedroom.worker().run(stop))
    await asyncio.wait_for(performing.wait(), PATIENCE_S)
    stop.set()
    await asyncio.wait_for(working, PATIENCE_S)

    assert await bedroom.pool.fetchval("select count(*) from csbe.jobs") == 0


async def test_two_workers_share_the_tasks_and_do_none_twice(store: PostgresEventStore, bedroom: Bedroom) -> None:
    everybody = [f"sleeper {number}" for number in range(100)]
    await rings(store, when_it_rings_wake_everybody, *everybody)

    async def work(worker: JobWorker) -> int:
        done = 0
        while count := await worker.run_due():
            done += count
        return done

    done = await asyncio.gather(*(work(bedroom.worker(batch=7)) for _ in range(2)))

    assert sorted(bedroom.names) == sorted(everybody)
    assert min(done) > 0


async def test_the_tasks_of_a_worker_that_died_are_taken_over_once_its_claim_ran_out(
    store: PostgresEventStore, bedroom: Bedroom
) -> None:
    await rings(store, when_it_rings_send_mail, "hello")
    performing, doomed = asyncio.Event(), Bedroom(bedroom.pool)

    async def hang(_effect: Effect, _key: str) -> None:
        performing.set()
        await asyncio.Event().wait()

    doomed.perform = hang  # type: ignore[assignment,method-assign]  # the process dies in the middle of it
    dying = asyncio.create_task(doomed.worker().run_due())
    await asyncio.wait_for(performing.wait(), PATIENCE_S)
    dying.cancel()
    await asyncio.wait([dying])

    assert await bedroom.worker().run_due() == 0
    bedroom.time += CLAIM + timedelta(microseconds=1)
    assert await bedroom.worker().run_due() == 1
    assert len(bedroom.mails) == 1


async def test_a_worker_that_lost_its_claim_does_not_undo_what_the_next_one_has_in_hand(
    store: PostgresEventStore, bedroom: Bedroom
) -> None:
    await rings(store, when_it_rings_wake_everybody, "Ada")
    queue = JobQueue(bedroom.pool)
    [slow] = await queue.claim(NOON, 1)
    [next_one] = await queue.claim(NOON + 2 * CLAIM, 1)

    await queue.finish([], [JobFailure(slow, 1, "too slow", due_at=NOON)])

    job = await bedroom.job()
    assert (job["claimed_until"], job["last_error"]) == (next_one.claimed_until, None)


async def test_a_connection_cut_while_settling_leaves_nothing_claimed(
    store: PostgresEventStore, bedroom: Bedroom, owner: asyncpg.Connection
) -> None:
    await rings(store, when_it_rings_wake_everybody, "Ada")
    async with bedroom.pool.acquire() as rival, rival.transaction():

        async def hold_the_row(command: Command, metadata: Metadata) -> None:
            bedroom.woken.append((command, metadata))
            await rival.execute("select from csbe.jobs for update")

        bedroom.dispatch = hold_the_row  # type: ignore[method-assign]  # so that settling has to wait
        working = asyncio.create_task(bedroom.worker().run_due())
        async with asyncio.timeout(PATIENCE_S):
            while not await owner.fetchval(CUT + " and wait_event_type = 'Lock'"):
                await asyncio.sleep(0.01)
    await working

    assert bedroom.names == ["Ada"]
    assert await bedroom.pool.fetchval("select count(*) from csbe.jobs") == 0


async def test_a_worker_hears_of_new_tasks_also_after_its_connection_was_cut(
    store: PostgresEventStore, bedroom: Bedroom, monkeypatch: pytest.MonkeyPatch, owner: asyncpg.Connection
) -> None:
    monkeypatch.setattr("adapters.postgres.jobs.worker.IDLE_POLL_S", 3600)
    monkeypatch.setattr("adapters.postgres.listener.RECONNECT_SECONDS", 0.01)
    worker, stop = bedroom.worker(), asyncio.Event()
    working = asyncio.create_task(worker.run(stop))

    await rings(store, when_it_rings_wake_everybody, "Ada")
    await _until(lambda: bedroom.names == ["Ada"])
    async with asyncio.timeout(PATIENCE_S):
        while not await owner.fetchval(CUT + " and query ilike 'listen%'"):  # it may have looked before it listens
            await asyncio.sleep(0.01)
    await rings(store, when_it_rings_wake_everybody, "Bob")
    await _until(lambda: bedroom.names == ["Ada", "Bob"])

    stop.set()
    worker._news.wake()
    await working


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.01)
