"""Keys are wrapped by the master key, always, and one master key takes the place of another while servers go on."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest
from cryptography.exceptions import InvalidTag

from adapters.postgres.errors import UnfitDatabaseError, UnknownMasterKeyError
from adapters.postgres.event_store import key_rotation
from adapters.postgres.event_store.key_rotation import WRAPPED, rotate
from adapters.postgres.event_store.master_keys import MasterKeys, id_of, recognise
from adapters.postgres.event_store.store import PostgresEventStore
from domain.webhooks.commands import RotateSecret, Subscribe
from domain.webhooks.subscription import EventFilter
from tests.support.boxes import Box, save
from tests.support.keys import KEYS
from tests.support.webhooks import Desk

OLD = KEYS.key
NEW = b"a master key of the next century"
BEFORE, DURING, AFTER = MasterKeys(OLD, NEW), MasterKeys(NEW, OLD), MasterKeys(NEW)
COLUMNS = (
    "select table_name, column_name from information_schema.columns where table_schema = 'csbe' and data_type = 'bytea'"
)
NOT_KEYS = {
    ("allowances", "name"),
    ("dead_letters", "payload"),
    ("events", "state"),
    ("login_addresses", "address"),
    ("login_codes", "address"),
    ("login_limits", "address"),
    ("master_keys", "id"),
    ("page_codes", "digest"),
    ("refresh_tokens", "digest"),
    ("snapshots", "digest"),
    ("snapshots", "state"),
    ("stand_ins", "digest"),
}
WEBHOOK = uuid4()


@pytest.fixture
def desk(store: PostgresEventStore) -> Desk:
    """Who subscribes to webhooks."""
    return Desk(store)


async def furnished(store: PostgresEventStore, desk: Desk) -> Box:
    """A key in each column that holds one."""
    await recognise(store.pool, KEYS)
    box = Box.make(owner="Ada Lovelace")
    await save(store, box)
    await store.keys.of_installation("mqtt")
    await desk.change(Subscribe(webhook_id=WEBHOOK, url="https://acme.example/", filter=EventFilter(types=("csbe.",))))
    await desk.change(RotateSecret(webhook_id=WEBHOOK, overlap_h=1))
    return box


async def wrapped(pool: asyncpg.Pool) -> list[bytes]:
    """Every stored key."""
    found = [await pool.fetch(f"select {c.column} from {c.table} where {c.column} is not null") for c in WRAPPED]  # noqa: S608
    return [row[0] for rows in found for row in rows]


async def test_no_key_is_stored_in_clear_text(store: PostgresEventStore, desk: Desk, pool: asyncpg.Pool) -> None:
    await furnished(store, desk)

    keys = await wrapped(pool)
    columns = {(row["table_name"], row["column_name"]) for row in await pool.fetch(COLUMNS)}

    assert {key[:8] for key in keys} == {KEYS.id}
    assert {len(key) for key in keys} == {8 + 12 + 32 + 16}
    assert {(c.table.removeprefix("csbe."), c.column) for c in WRAPPED} == columns - NOT_KEYS


def test_a_key_is_bound_to_its_owner_and_to_its_master_key() -> None:
    owner, key = uuid4(), b"k" * 32
    stored = KEYS.wrap(owner, key)

    assert KEYS.unwrap(owner, stored) == BEFORE.unwrap(owner, stored) == DURING.unwrap(owner, stored) == key
    with pytest.raises(InvalidTag):
        KEYS.unwrap(uuid4(), stored)
    with pytest.raises(UnknownMasterKeyError, match=KEYS.id.hex()):
        AFTER.unwrap(owner, stored)
    assert OLD.hex() not in repr(BEFORE)


async def test_another_master_key_is_refused_at_once(pool: asyncpg.Pool) -> None:
    await recognise(pool, KEYS)
    await recognise(pool, KEYS)

    for wrong in (AFTER, MasterKeys(NEW, b"x" * 32)):
        with pytest.raises(UnfitDatabaseError, match=f"{id_of(NEW).hex()}, not {KEYS.id.hex()}"):
            await recognise(pool, wrong)


async def test_nothing_about_a_person_is_stored_without_a_master_key_and_the_rest_can_be_read(
    store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    box = Box.make(owner="Ada Lovelace")
    await save(store, box)
    auditor = PostgresEventStore(pool)

    found = await auditor.load(Box, box.id)

    assert (found.owner, found.total_g) == (None, 0)
    with pytest.raises(ValueError, match="set CSBE_MASTER_KEY"):
        await save(auditor, Box.make(owner="Ada Lovelace"))


async def test_a_master_key_takes_the_place_of_another_while_servers_go_on(
    store: PostgresEventStore, desk: Desk, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_rotation, "BATCH", 3)
    box = await furnished(store, desk)
    one, two = [PostgresEventStore(pool, master_keys=keys) for keys in (BEFORE, DURING)]
    for keys in (BEFORE, DURING):
        await recognise(pool, keys)
    more = [Box.make(owner="Bob") for _ in range(8)]

    rotating = asyncio.create_task(rotate(pool, DURING))
    await asyncio.gather(*(save((one, two)[n % 2], each) for n, each in enumerate(more)))
    done = await rotating
    again = await rotate(pool, DURING)

    assert done.wrapped + again.wrapped > len(WRAPPED)
    assert again.left == 0
    assert {key[:8] for key in await wrapped(pool)} == {id_of(NEW)}
    for reader in (one, two, PostgresEventStore(pool, master_keys=AFTER)):
        reader.keys.forget()
        assert (await reader.load(Box, box.id)).owner == "Ada Lovelace"
        assert [(await reader.load(Box, each.id)).owner for each in more] == ["Bob"] * 8
    await recognise(pool, AFTER)
    with pytest.raises(UnfitDatabaseError):
        await recognise(pool, MasterKeys(OLD))
    for each in (one, two):
        await each.close()


async def test_as_long_as_a_key_is_wrapped_by_the_old_one_that_is_accepted(
    store: PostgresEventStore, desk: Desk, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def overtaken(*_given: object) -> int:
        return 0

    await furnished(store, desk)
    await recognise(pool, DURING)
    with monkeypatch.context() as patched:
        patched.setattr(key_rotation, "_rewrap", overtaken)
        first = await rotate(pool, DURING)

    assert first.left == len(await wrapped(pool))
    await recognise(pool, KEYS)
    assert (await rotate(pool, DURING)).left == 0


async def test_a_key_that_is_destroyed_while_it_is_wrapped_anew_stays_destroyed(
    store: PostgresEventStore, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Box.make(owner="Ada Lovelace")
    await save(store, box)
    rewrap = key_rotation._rewrap

    async def meanwhile(*given: object) -> int:
        await store.erase(box.id)
        return await rewrap(*given)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(key_rotation, "_rewrap", meanwhile)

    assert await rotate(pool, DURING) == key_rotation.Rotated(wrapped=0, left=0)
    assert await pool.fetchval("select key from csbe.keys") is None
