"""Keys and roles at the terminal: who is refused, and how a master key is changed."""

from pathlib import Path

import asyncpg
import pytest

from adapters.postgres.event_store.master_keys import MasterKeys, id_of
from adapters.postgres.event_store.store import PostgresEventStore
from api.auth import TokenAuthority, key_id, key_in
from api.problems import Problem
from domain.kernel.messages import Role
from tests.api.cli.terminal import Csbe, registered
from tests.support.databases import login
from tests.support.keys import KEYS

NEW = b"a master key of the next century"


async def test_nothing_starts_without_a_master_key(csbe: Csbe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CSBE_MASTER_KEY")

    for words in (("serve",), ("token", "operator"), ("jobs", "list")):
        ended = await csbe(*words)

        assert (ended.code, "CSBE_MASTER_KEY is missing" in ended.err) == (2, True)


async def test_nothing_starts_with_another_master_key(csbe: Csbe, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await csbe("token", "operator")).code == 0
    monkeypatch.setenv("CSBE_MASTER_KEY", NEW.hex())

    ended = await csbe("token", "operator")

    assert (ended.code, f"{id_of(NEW).hex()}, not {KEYS.id.hex()}" in ended.err) == (2, True)


async def test_a_master_key_is_changed_in_three_steps(
    csbe: Csbe, store: PostgresEventStore, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await csbe("token", "operator")
    member = await registered(store)
    alone = await csbe("keys", "rotate-master")
    monkeypatch.setenv("CSBE_OTHER_MASTER_KEY", NEW.hex())
    known = await csbe("token", "operator")

    monkeypatch.setenv("CSBE_MASTER_KEY", NEW.hex())
    monkeypatch.setenv("CSBE_OTHER_MASTER_KEY", KEYS.key.hex())
    rotated = await csbe("keys", "rotate-master", "--json")
    monkeypatch.delenv("CSBE_OTHER_MASTER_KEY")
    later = PostgresEventStore(pool, master_keys=MasterKeys(NEW))
    [told] = [recorded.event async for recorded in later.read(aggregate_id=member.id)]

    assert (alone.code, "CSBE_OTHER_MASTER_KEY is missing" in alone.err) == (2, True)
    assert known.code == rotated.code == 0
    assert rotated.json["wrapped"] > 1
    assert rotated.json["left"] == 0
    assert "Ada Lovelace" in repr(told)
    assert await pool.fetchval("select array_agg(id) from csbe.master_keys") == [id_of(NEW)]


async def test_who_could_change_the_log_does_not_serve(
    csbe: Csbe, owner_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CSBE_POSTGRES_DSN", owner_dsn)

    refused = await csbe("serve")
    monkeypatch.setenv("CSBE_ALLOW_OWNER", "true")
    meant = await csbe("token", "operator")

    assert (refused.code, "could change what is recorded" in refused.err) == (2, True)
    assert meant.code == 0


@pytest.mark.parametrize("with_key", [True, False])
async def test_an_auditor_audits_and_is_told_what_stays_hidden(
    csbe: Csbe, store: PostgresEventStore, owner_dsn: str, monkeypatch: pytest.MonkeyPatch, with_key: bool
) -> None:
    member = await registered(store)
    monkeypatch.setenv("CSBE_POSTGRES_DSN", (await login(owner_dsn, "auditor")).partition("?role")[0])
    if not with_key:
        monkeypatch.delenv("CSBE_MASTER_KEY")

    invariants = await csbe("audit", "invariants", "--json")
    snapshots = await csbe("audit", "snapshots", "--json")
    history = await csbe("history", str(member.id), "--json")

    assert (invariants.code, snapshots.code, history.code) == (0, 0, 0)
    assert invariants.json["event_is_readable"] == {"checked": 1, "broken": []}
    assert len(invariants.json) > 1
    assert "stays hidden: this user may not read the keys of persons" in " ".join(history.err.split())
    assert "Ada Lovelace" not in history.out
    assert str(member.id) in history.out


async def test_the_server_without_its_master_key_audits_what_is_not_about_persons(
    csbe: Csbe, store: PostgresEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = await registered(store)
    monkeypatch.delenv("CSBE_MASTER_KEY")

    history = await csbe("history", str(member.id), "--json")

    assert (history.code, "CSBE_MASTER_KEY is not set" in history.err) == (0, True)
    assert "Ada Lovelace" not in history.out


async def test_tokens_that_are_out_hold_after_their_key_was_changed(
    csbe: Csbe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (await csbe("token", "operator")).out.strip()
    changed = await csbe("keys", "rotate-tokens", "--json")
    again = await csbe("keys", "rotate-tokens")
    after = (await csbe("token", "operator")).out.strip()
    monkeypatch.setenv("CSBE_TOKEN_KEY", (tmp_path / "token-key.pem").read_text())
    given = await csbe("keys", "rotate-tokens")

    own, kept = [key_in(tmp_path / name) for name in ("token-key.pem", "other-token-key.pem")]
    authority = TokenAuthority(own, kept)
    assert [authority.verify(token).role for token in (before, after)] == [Role.OPERATOR] * 2
    assert changed.json == {"kid": key_id(own)}
    assert (again.code, "other-token-key.pem is there: remove it once" in again.err) == (2, True)
    assert (given.code, "CSBE_TOKEN_KEY is given by the settings" in given.err) == (2, True)
    with pytest.raises(Problem):
        TokenAuthority(own).verify(before)
