"""Erasures are kept apart, and made again in a database that was restored."""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg

from adapters.postgres.event_store.store import PostgresEventStore
from domain.kernel.ids import ReservationId
from domain.members.member import Member
from tests.api.cli.terminal import NOW, Csbe, append, registered

MEANT = ("--reason", "the backup was from before", "--by", "olga")


async def file_of(pool: asyncpg.Pool, folder: Path, *members: UUID) -> Path:
    """What was exported before a backup from before these erasures was restored."""
    own = await pool.fetchval("select id::text from csbe.installation")
    file = folder / "erasures.json"
    at = datetime(2026, 1, 2, tzinfo=UTC).isoformat()
    file.write_text(json.dumps({"installation": own, "members": {str(id): at for id in members}}))
    return file


async def erased(store: PostgresEventStore, member: Member) -> list[str]:
    """By whom."""
    read = store.read(aggregate_id=member.id)
    return [recorded.event.by async for recorded in read if isinstance(recorded.event, Member.Erased)]


async def test_whoever_was_erased_is_erased_again_once_and_nobody_else(
    csbe: Csbe, pool: asyncpg.Pool, store: PostgresEventStore, tmp_path: Path
) -> None:
    ada, bob = await registered(store), await registered(store)
    file = await file_of(pool, tmp_path, ada.id, uuid4())

    first, second = [await csbe("erasures", "apply", str(file), *MEANT) for _ in range(2)]

    assert (first.code, second.code) == (0, 0)
    assert "1 are erased now; 1 are not known here" in first.err
    assert "0 are erased now; 1 are not known here" in second.err
    assert (await erased(store, ada), await erased(store, bob)) == (["olga"], [])


async def test_what_is_exported_stays_in_the_file_also_when_the_log_went_back(
    csbe: Csbe, pool: asyncpg.Pool, store: PostgresEventStore, tmp_path: Path
) -> None:
    ada, lost = await registered(store), uuid4()
    file = await file_of(pool, tmp_path, lost)
    assert (await csbe("erase", str(ada.id), *MEANT, "--yes")).code == 0

    ended = await csbe("erasures", "export", str(file))

    assert ended.code == 0
    assert json.loads(file.read_text())["members"].keys() == {str(ada.id), str(lost)}
    assert file.stat().st_mode & 0o077 == 0


async def test_who_has_a_car_in_hand_there_is_named_and_the_others_are_erased(
    csbe: Csbe, pool: asyncpg.Pool, store: PostgresEventStore, tmp_path: Path
) -> None:
    busy, ada = await registered(store), await registered(store)
    busy.trigger_event(Member.ReservationOpened, timestamp=NOW, reservation_id=ReservationId(uuid4()))
    await append(store, busy)
    file = await file_of(pool, tmp_path, busy.id, ada.id)

    ended = await csbe("erasures", "apply", str(file), *MEANT)

    assert (ended.code, await erased(store, busy), await erased(store, ada)) == (2, [], ["olga"])
    assert f"member {busy.id} is not erased: member.in_reservation" in ended.err


async def test_a_file_of_another_installation_or_none_at_all_changes_nothing(
    csbe: Csbe, pool: asyncpg.Pool, store: PostgresEventStore, tmp_path: Path
) -> None:
    ada = await registered(store)
    file = await file_of(pool, tmp_path, ada.id)
    file.write_text(json.dumps({**json.loads(file.read_text()), "installation": str(uuid4())}))
    nonsense = tmp_path / "nonsense.json"
    nonsense.write_text("[]")

    other = await csbe("erasures", "apply", str(file), *MEANT)
    exported = await csbe("erasures", "export", str(file))
    wrong = await csbe("erasures", "apply", str(nonsense), *MEANT)
    missing = await csbe("erasures", "apply", str(tmp_path / "nothing.json"), *MEANT)

    assert [ended.code for ended in (other, exported, wrong, missing)] == [2, 2, 2, 2]
    assert "this is another" in other.err
    assert "is no file of erasures" in wrong.err
    assert "there is no file" in missing.err
    assert await erased(store, ada) == []
