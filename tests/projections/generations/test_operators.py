"""What an operator does with generations at the command line."""

import asyncpg
import pytest

from adapters.postgres.erasure import PostgresErasure
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.read_models.projection import Projection
from tests.api.cli.terminal import Csbe, registered
from tests.projections.generations.greeting import columns, count, states

WHY = ("--reason", "a new release")


async def test_a_read_model_is_built_compared_shown_taken_back_and_dropped(
    csbe: Csbe, pool: asyncpg.Pool, store: PostgresEventStore, members: Projection
) -> None:
    for _ in range(3):
        await registered(store)
    await members.catch_up()

    built = await csbe("projections", "build", "members", *WHY)
    compared = await csbe("projections", "compare", "members", "--json")
    ids = [row["member_id"] for row in await pool.fetch("select member_id from members_v2.members order by 1")]
    await pool.execute("update members_v2.members set blocked = true where member_id = $1", ids[0])
    await pool.execute("delete from members_v2.members where member_id = $1", ids[1])
    differs = await csbe("projections", "compare", "members", "--json")
    in_words = await csbe("projections", "compare", "members")
    await pool.execute("update members_v2.members set blocked = false")
    swapped = await csbe("projections", "swap", "members", *WHY)
    shown = await count(pool), await states(members)
    back = await csbe("projections", "rollback", "members", *WHY)
    again = await states(members)
    dropped = await csbe("projections", "drop", "members", *WHY)

    assert built.code == compared.code == swapped.code == back.code == dropped.code == 0
    assert "members: generation 2 is built; compare it, then swap" in built.err
    counts = {"live_rows": 3, "new_rows": 3, "only_live": 0, "only_new": 0}
    assert compared.json == [{"table": "members", **counts, "differences": []}]
    assert differs.code == 1
    [table] = differs.json
    blocked, shown_only_live = table.pop("differences")
    assert table == {"table": "members", "live_rows": 3, "new_rows": 2, "only_live": 2, "only_new": 1}
    assert blocked == {"key": {"member_id": str(ids[0])}, "column": "blocked", "live": False, "new": True}
    assert shown_only_live == {"key": {"member_id": str(ids[1])}, "column": None, "live": "is there", "new": None}
    assert (in_words.code, [str(id) in in_words.out for id in ids]) == (1, [True, True, False])
    assert "members: generation 2 is live; csbe projections rollback members returns" in swapped.err
    assert shown == (2, {1: "previous", 2: "live"})
    assert "members: generation 1 is live again" in back.err
    assert again == {1: "live", 2: "previous"}
    assert "members: generation 2, the previous one, is dropped" in dropped.err
    assert await states(members) == {1: "live"}


async def test_what_was_built_is_dropped_before_the_way_back_and_another_by_its_number(
    csbe: Csbe, members: Projection
) -> None:
    await csbe("projections", "rebuild", "members", *WHY)
    await csbe("projections", "build", "members", *WHY)
    before = await states(members)

    built = await csbe("projections", "drop", "members", *WHY)
    kept = await states(members)
    live = await csbe("projections", "drop", "members", "--generation", "2", *WHY)
    named = await csbe("projections", "drop", "members", "--generation", "1", *WHY)

    assert before == {1: "previous", 2: "live", 3: "ready"}
    assert "members: generation 3, which was built and not shown, is dropped" in built.err
    assert kept == {1: "previous", 2: "live"}
    assert (live.code, "no generation 2 that can be dropped: say 1 (previous)" in live.err) == (2, True)
    assert "members: generation 1, the previous one, is dropped" in named.err
    assert await states(members) == {2: "live"}


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        ("compare", "members has no generation to show: build one first"),
        ("swap", "members has no generation to show: build one first"),
        ("rollback", "members has no previous generation to go back to"),
        ("drop", "members has the live generation only, which cannot be dropped"),
    ],
)
async def test_what_cannot_be_done_is_said_in_one_line(csbe: Csbe, ask: str, why: str) -> None:
    ended = await csbe("projections", ask, "members", *(WHY if ask != "compare" else ()))

    assert (ended.code, ended.err.strip()) == (2, f"error: {why}")


@pytest.mark.parametrize("ask", ["build", "compare", "swap", "rollback", "drop", "rebuild"])
@pytest.mark.parametrize("name", ["cars", "policies"])
async def test_what_is_no_read_model_is_named_with_those_that_there_are(csbe: Csbe, ask: str, name: str) -> None:
    ended = await csbe("projections", ask, name, *(WHY if ask != "compare" else ()))

    assert ended.code == 2
    assert f"there is no projection {name}: choose one of members, fleet" in ended.err


async def test_the_old_release_goes_back_by_one_command_after_news_of_the_new_one(
    csbe: Csbe, pool: asyncpg.Pool, store: PostgresEventStore, members: Projection, greeting: Projection
) -> None:
    await registered(store)
    await members.catch_up()
    await greeting.build()
    await greeting.show(2)
    for _ in range(3):
        await registered(store)
    await greeting.catch_up()

    ended = await csbe("projections", "rollback", "members", *WHY)

    assert (ended.code, await states(members)) == (0, {1: "live", 2: "previous"})
    assert await count(pool) == 4
    assert "greeting" not in await columns(pool, "read_v1")


async def test_an_erased_member_is_in_no_generation_of_another_release(
    csbe: Csbe, pool: asyncpg.Pool, store: PostgresEventStore, members: Projection, greeting: Projection
) -> None:
    ada = await registered(store)
    await members.catch_up()
    await pool.execute("update members_v1.members set licence_expires_on = '2033-01-01'")
    await greeting.build()
    await greeting.show(2)

    ended = await csbe("erase", str(ada.id), "--reason", "asked by letter", "--yes")
    await PostgresErasure(store, [members]).erase(ada.id)

    assert ended.code == 0, ended.err
    previous = await pool.fetch("select licence_expires_on from members_v1.members")
    live = await pool.fetch("select greeting from members_v2.members")
    assert [tuple(row) for row in previous] == [(None,)]
    assert [tuple(row) for row in live] == [(None,)]
