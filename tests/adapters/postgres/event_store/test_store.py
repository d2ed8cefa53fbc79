"""The event store: what it promises in the kernel's port."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

from adapters.postgres.database import Connection
from adapters.postgres.event_store.key_store import ERASED
from adapters.postgres.event_store.loader import _AS_OF
from adapters.postgres.event_store.mapper import to_stored
from adapters.postgres.event_store.store import PostgresEventStore
from domain.kernel.aggregate import Aggregate, Created
from domain.kernel.errors import CommandAlreadyDoneError, NotFoundError, UnreadableEventError, VersionConflictError
from tests.support.boxes import NOW, Box, metadata, save, versions
from tests.support.keys import KEYS

_RECORDED_EARLIER = """
insert into csbe.events (originator_id, originator_version, topic, state, recorded_at, metadata)
select originator_id, originator_version + 1, topic, state, recorded_at - $2::interval, metadata from csbe.events
where originator_id = $1 and originator_version = 2
"""
"""The last event once more, as a clock would date it that was set back."""

_LONG_HISTORY = """
insert into csbe.events (originator_id, originator_version, topic, state, recorded_at, metadata)
select $1, version, 'test.box.filled', '', now() - (interval '1 minute' * ($2 - version)), '{}'
from generate_series(1, $2::integer) version
"""


WAYS_TO_APPEND = {
    "append": "select csbe.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    "append_batch": "select csbe.append_batch(array[row(($1::uuid[])[1], ($3::text[])[1], ($4::text[])[1], "
    "($5::int[])[1])::csbe.new_command], ($2::uuid[])[1], array[row(($6::uuid[])[1], ($7::bigint[])[1], "
    "($8::text[])[1], ($9::bytea[])[1], ($10::text[])[1])::csbe.new_event], null, true)",
    "append_one": "select csbe.append_one(($1::uuid[])[1], ($2::uuid[])[1], ($3::text[])[1], ($4::text[])[1], "
    "($6::uuid[])[1], ($7::bigint[])[1], ($8::text[])[1], ($9::bytea[])[1], ($10::text[])[1], null, true) "
    "from (select $5::int[]) as unused",
}
_WAITS = "select wait_event_type = 'Lock' from pg_stat_activity where pid = $1"


async def append_by(way: str, connection: Connection) -> None:
    """One new box, by one of the functions of the database."""
    box = Box.make()
    [made] = [to_stored(event, {box.id: ERASED}) for event in box.pending_events if isinstance(event, Created)]
    command = ([uuid4()], [uuid4()], ["f"], [None], [1])
    event = ([made.originator_id], [made.originator_version], [made.topic], [made.state])
    await connection.execute(WAYS_TO_APPEND[way], *command, *event, [metadata().model_dump_json()])


def touched(plan: dict[str, Any]) -> int:
    """How many rows all the steps of a plan looked at."""
    looked_at = plan["Actual Rows"] + sum(rows for key, rows in plan.items() if key.startswith("Rows Removed by"))
    return int(looked_at * plan["Actual Loops"]) + sum(touched(step) for step in plan.get("Plans", ()))


async def test_what_was_appended_is_loaded(store: PostgresEventStore, pool: asyncpg.Pool) -> None:
    box = Box.make()
    box.fill(5)
    assert await save(store, box) == 2
    assert not box.pending_events

    for reader in (store, PostgresEventStore(pool, master_keys=KEYS)):
        found = await reader.load(Box, box.id)
        assert (found.total_g, found.owner, found.version, found.created_on) == (5, "Ada", 2, NOW)


async def test_an_unknown_aggregate_is_not_found(store: PostgresEventStore) -> None:
    with pytest.raises(NotFoundError):
        await store.load(Box, uuid4())


async def test_a_loaded_aggregate_is_a_copy(store: PostgresEventStore) -> None:
    box = Box.make()
    await save(store, box)
    (await store.load(Box, box.id)).fill(7)
    assert (await store.load(Box, box.id)).total_g == 0


async def test_a_stale_aggregate_conflicts_and_the_other_aggregate_of_the_append_stays_out(
    store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    box = Box.make()
    await save(store, box)
    mine, theirs, other = await store.load(Box, box.id), await store.load(Box, box.id), Box.make()
    theirs.fill(1)
    await save(store, theirs)

    mine.fill(2)
    with pytest.raises(VersionConflictError):
        await save(store, mine, other)

    assert await versions(pool, other.id) == []
    assert (await store.load(Box, box.id)).total_g == 1


async def test_a_conflict_fails_only_the_append_concerned(store: PostgresEventStore, pool: asyncpg.Pool) -> None:
    box = Box.make()
    await save(store, box)
    rivals = [await store.load(Box, box.id) for _ in range(5)]
    for rival in rivals:
        rival.fill(1)
    others = [Box.make() for _ in range(20)]

    results = await asyncio.gather(*(save(store, b) for b in (*rivals, *others)), return_exceptions=True)

    assert sum(isinstance(r, VersionConflictError) for r in results) == len(rivals) - 1
    assert sum(isinstance(r, int) for r in results) == len(others) + 1
    assert await versions(pool, box.id) == [1, 2]


async def test_another_process_changes_are_seen_in_spite_of_the_cache(
    store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    box = Box.make()
    await save(store, box)
    elsewhere = PostgresEventStore(pool, master_keys=KEYS)
    copy = await elsewhere.load(Box, box.id)
    copy.fill(3)
    await save(elsewhere, copy)
    assert (await store.load(Box, box.id)).total_g == 3


async def test_a_known_command_appends_nothing_and_keeps_its_first_outcome(
    store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    command, first, second = metadata(), Box.make(), Box.make()
    position = await store.append([first], command, result='"first"', fingerprint="f1")
    with pytest.raises(CommandAlreadyDoneError):
        await store.append([second], command, result='"second"', fingerprint="f2")

    known = await store.outcome(command.command_id)
    assert known is not None
    assert (known.result, known.position, known.fingerprint) == ('"first"', position, "f1")
    assert await versions(pool, second.id) == []


async def test_the_same_command_given_many_times_at_once_is_done_once(
    store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    command, stores = metadata(), (store, PostgresEventStore(pool, master_keys=KEYS))
    attempts = [stores[i % 2].append([Box.make()], command, result=None, fingerprint="f") for i in range(20)]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(isinstance(r, int) for r in results) == 1
    assert sum(isinstance(r, CommandAlreadyDoneError) for r in results) == 19


async def test_a_command_without_events_is_remembered_at_the_end_of_the_log(store: PostgresEventStore) -> None:
    end = await save(store, Box.make())
    command = metadata()
    assert await store.append([], command, result="1", fingerprint="f") == end
    known = await store.outcome(command.command_id)
    assert known is not None
    assert known.position == end


async def test_reading_filters_and_crosses_batches(store: PostgresEventStore) -> None:
    box, other = Box.make(), Box.make()
    for weight in range(5):
        box.fill(weight)
    await save(store, box)
    await save(store, other, service="elsewhere")

    async def positions(**filters: object) -> list[int]:
        return [e.position async for e in store.read(batch=2, **filters)]  # type: ignore[arg-type]

    assert await positions() == [1, 2, 3, 4, 5, 6, 7]
    assert await positions(after=2, until=4) == [3, 4]
    assert await positions(topics=["test.box.made"]) == [1, 7]
    assert await positions(service="elsewhere") == [7]
    assert await positions(aggregate_id=box.id) == [1, 2, 3, 4, 5, 6]


async def test_an_aggregate_as_of_a_position_or_a_time(store: PostgresEventStore) -> None:
    box = Box.make()
    before = await save(store, box)
    moment = [e async for e in store.read()][-1].recorded_at
    box.fill(9)
    await save(store, box)

    assert (await store.load_as_of(Box, box.id, position=before)).total_g == 0
    assert (await store.load_as_of(Box, box.id, at=moment)).total_g == 0
    assert (await store.load_as_of(Box, box.id)).total_g == 9
    with pytest.raises(NotFoundError):
        await store.load_as_of(Box, box.id, position=0)


async def test_an_aggregate_as_of_a_time_has_no_gaps_after_the_clock_was_set_back(
    store: PostgresEventStore, pool: asyncpg.Pool, owner: asyncpg.Connection
) -> None:
    box = Box.make()
    box.fill(4)
    await save(store, box)
    hour = timedelta(hours=1)
    await owner.execute(_RECORDED_EARLIER, box.id, hour)
    moment = await pool.fetchval("select min(recorded_at) from csbe.events where originator_version = 3")

    with pytest.raises(NotFoundError):
        await store.load_as_of(Box, box.id, at=moment)
    assert (await store.load_as_of(Box, box.id, at=moment + hour)).total_g == 8


@pytest.mark.parametrize("plan", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("question", ["null, null", "now() - interval '1 hour', null", "now(), null", "null, 1000000"])
async def test_an_aggregate_as_of_a_moment_touches_each_of_its_events_a_few_times_at_most(
    pool: asyncpg.Pool, plan: str, question: str, owner: asyncpg.Connection
) -> None:
    box_id, length = uuid4(), 500
    await owner.execute(_LONG_HISTORY, box_id, length)
    await owner.execute("analyze csbe.events")
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(f"set local plan_cache_mode = {plan}")
        await connection.execute(f"prepare as_of (uuid, timestamptz, bigint) as {_AS_OF}")
        [explained] = await connection.fetchval(
            f"explain (analyze, format json) execute as_of ('{box_id}', {question})"
        )
        await connection.execute("deallocate as_of")

    assert touched(explained["Plan"]) <= 4 * length


async def test_an_old_version_is_upcast_and_a_damaged_event_is_refused(
    store: PostgresEventStore, forger: asyncpg.Connection
) -> None:
    box = Box.make()
    box.fill(1)
    await save(store, box)
    change = "update csbe.events set state = $1 where originator_id = $2 and originator_version = 2"
    await forger.execute(change, b'{"timestamp":"2026-01-01T00:00:00Z","weight_kg":"1.5"}', box.id)
    assert (await store.load_as_of(Box, box.id)).total_g == 1500

    await forger.execute(change, b'{"class_version":2,"timestamp":"2026-01-01T00:00:00Z","weight_g":"much"}', box.id)
    with pytest.raises(UnreadableEventError, match="weight_g") as unreadable:
        await store.load_as_of(Box, box.id)
    assert "much" not in str(unreadable.value)  # a value may be about a person


async def test_values_about_a_person_are_unreadable_in_the_table_and_gone_once_erased(
    store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    box = Box.make(owner="Ada Lovelace")
    await save(store, box)
    stored = await pool.fetchval("select string_agg(state, '') from csbe.events")
    assert b"Lovelace" not in stored
    assert [e.event.owner async for e in store.read()] == ["Ada Lovelace"]  # type: ignore[attr-defined]

    await store.erase(box.id)

    for reader in (store, PostgresEventStore(pool, master_keys=KEYS)):
        assert (await reader.load(Box, box.id)).owner is None
        assert [e.event.owner async for e in reader.read()] == [None]  # type: ignore[attr-defined]


async def test_an_erasure_empties_the_memory_of_other_processes(store: PostgresEventStore, pool: asyncpg.Pool) -> None:
    box, elsewhere = Box.make(owner="Ada Lovelace"), PostgresEventStore(pool, master_keys=KEYS)
    await save(elsewhere, box)
    await elsewhere.listener.erasures.wait(0, 20)  # until it listens
    assert (await elsewhere.load(Box, box.id)).owner == "Ada Lovelace"
    assert [e.event.owner async for e in elsewhere.read()] == ["Ada Lovelace"]  # type: ignore[attr-defined]

    heard = elsewhere.listener.erasures.count
    await store.erase(box.id)
    await elsewhere.listener.erasures.wait(heard, 20)

    assert (await elsewhere.load(Box, box.id)).owner is None
    assert [e.event.owner async for e in elsewhere.read()] == [None]  # type: ignore[attr-defined]
    await elsewhere.close()


async def test_what_was_read_before_an_erasure_is_not_remembered_after_it(
    store: PostgresEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Box.make(owner="Ada Lovelace")
    await save(store, box)
    store._forget()
    replay = store._loader.replay

    async def slowly(*args: Any) -> Aggregate | None:
        replayed = await replay(*args)
        await store.erase(box.id)
        return replayed

    monkeypatch.setattr(store._loader, "replay", slowly)
    mine = await store.load(Box, box.id)
    monkeypatch.undo()
    mine.fill(5)
    await save(store, mine)

    assert (await store.load(Box, box.id)).owner is None


async def test_an_erased_person_gets_no_new_key(store: PostgresEventStore, pool: asyncpg.Pool) -> None:
    box = Box.make(owner="Ada Lovelace")
    await store.erase(box.id)
    await save(store, box)
    assert (await PostgresEventStore(pool, master_keys=KEYS).load(Box, box.id)).owner is None
    assert await pool.fetchval("select key is null from csbe.keys where subject = $1", box.id)


async def test_keys_are_wrapped_by_the_master_key(pool: asyncpg.Pool) -> None:
    store = PostgresEventStore(pool, master_keys=KEYS)
    box = Box.make()
    await save(store, box)
    assert await pool.fetchval("select length(key) from csbe.keys") == 8 + 12 + 32 + 16
    assert (await PostgresEventStore(pool, master_keys=KEYS).load(Box, box.id)).owner == "Ada"


async def test_the_stock_recorder_reads_our_table(store: PostgresEventStore, owner_dsn: str) -> None:
    box = Box.make()
    box.fill(4)
    await save(store, box)

    with _stock_datastore(owner_dsn) as datastore:
        recorder = PostgresApplicationRecorder(datastore, events_table_name="events")
        notifications = recorder.select_notifications(start=1, limit=10)
        stored = recorder.select_events(box.id)

    assert [n.topic for n in notifications] == ["test.box.made", "test.box.filled"]
    assert [s.originator_version for s in stored] == [1, 2]


@pytest.mark.parametrize("appended_by", sorted(WAYS_TO_APPEND))
@pytest.mark.parametrize("reserved_by", sorted(WAYS_TO_APPEND))
async def test_positions_become_visible_in_order_with_writers_in_two_stores(
    pool: asyncpg.Pool, store: PostgresEventStore, reserved_by: str, appended_by: str, owner: asyncpg.Connection
) -> None:
    async with pool.acquire() as theirs, pool.acquire() as ours:
        transaction = theirs.transaction()
        await transaction.start()
        await append_by(reserved_by, theirs)  # has drawn its positions, and does not commit yet
        appending = asyncio.create_task(append_by(appended_by, ours))
        while not appending.done() and not await owner.fetchval(_WAITS, ours.get_server_pid()):
            await asyncio.sleep(0.01)
        before = [e.position async for e in store.read()]
        await transaction.commit()
        await appending
        after = [e.position async for e in store.read()]

    assert before == []
    assert after == [1, 2]


async def test_cut_connections_under_load_lose_and_repeat_nothing(store: PostgresEventStore, owner_dsn: str) -> None:
    boxes = [Box.make() for _ in range(400)]
    killer = await asyncpg.connect(owner_dsn)
    written = cut = 0

    async def write(mine: list[Box]) -> None:
        nonlocal written, cut
        for box in mine:
            await save(store, box)
            written += 1
            if written % 40 == 0:  # in the middle of what the others write
                cut += await killer.fetchval(
                    "select count(pg_terminate_backend(pid)) from pg_stat_activity "
                    "where datname = current_database() and pid <> pg_backend_pid() and application_name = 'csbe'"
                )

    await asyncio.gather(*(write(boxes[i::8]) for i in range(8)))

    ids = [r[0] for r in await killer.fetch("select originator_id from csbe.events order by notification_id")]
    await killer.close()
    assert cut > 0
    assert len(ids) == len(boxes)
    assert set(ids) == {box.id for box in boxes}


def _stock_datastore(dsn: str) -> PostgresDatastore:
    parts = conninfo_to_dict(dsn)
    return PostgresDatastore(
        dbname=str(parts["dbname"]),
        host=str(parts["host"]),
        port=str(parts.get("port") or 5432),
        user=str(parts.get("user") or "postgres"),
        password=str(parts.get("password") or ""),
        schema="csbe",
    )


async def test_what_an_erased_person_does_is_not_remembered_as_if_nobody_was_erased(
    store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    box = Box.make(owner="Ada Lovelace")
    await PostgresEventStore(pool, master_keys=KEYS).erase(box.id)
    await save(store, box)

    remembered = await store.load(Box, box.id)

    assert remembered.owner is None
