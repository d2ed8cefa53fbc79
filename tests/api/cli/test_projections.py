"""What operators do about a projection that has stopped."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from adapters.postgres.errors import FollowerStoppedError
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.read_models.projection import Projection
from projections.members import MembersProjector
from tests.api.cli.terminal import Csbe, damaged, registered

WHY = ("--reason", "a new release")


@pytest.fixture
async def stopped(pool: asyncpg.Pool, store: PostgresEventStore, csbe: Csbe) -> int:  # noqa: ARG001 (prepares)
    """The position of a damaged event, at which the read model of members is stopped."""
    await registered(store)
    _, position = await damaged(pool)
    await registered(store)
    with pytest.raises(FollowerStoppedError):
        await Projection(pool, store, MembersProjector()).catch_up()
    return position


async def status(csbe: Csbe, name: str = "projection/members/") -> dict[str, Any]:
    """Of the live generation."""
    rows = (await csbe("followers", "status", "--json")).json
    [found] = [row for row in rows if row["name"].startswith(name) and row["generation"] in {"live", None}]
    return dict(found)


async def test_the_status_shows_a_stopped_projection_with_its_error_and_position(
    csbe: Csbe, store: PostgresEventStore, stopped: int
) -> None:
    shown = await status(csbe)

    assert (shown["state"], shown["position"], shown["failed_position"]) == ("stopped", stopped - 1, stopped)
    assert "UnreadableEventError" in shown["error"]
    assert shown["lag"] == await store.end() - shown["position"]
    assert (await status(csbe, "policies"))["state"] == "running"


async def test_a_stopped_projection_is_retried(csbe: Csbe, stopped: int) -> None:
    ended = await csbe("followers", "retry", "members", *WHY)

    assert ended.code == 0
    shown = await status(csbe)
    assert (shown["state"], shown["position"], shown["error"]) == ("running", stopped - 1, None)
    again = await csbe("followers", "retry", shown["name"], *WHY)
    assert (again.code, again.err.strip()) == (2, f"error: {shown['name']} is not stopped")


async def test_an_event_is_skipped_on_record(csbe: Csbe, pool: asyncpg.Pool, stopped: int) -> None:
    ended = await csbe("followers", "skip", "members", "--position", str(stopped), "--reason", "damaged, see INC-7")

    assert ended.code == 0
    assert (await status(csbe))["position"] == stopped
    [skipped] = await pool.fetch("select * from csbe.skipped_events")
    assert (skipped["follower"], skipped["position"]) == ((await status(csbe))["name"], stopped)
    assert (skipped["skipped_by"], skipped["reason"]) == ("olga", "damaged, see INC-7")
    assert "UnreadableEventError" in skipped["error"]
    assert datetime.now(UTC) - skipped["skipped_at"] < timedelta(hours=1)


async def test_only_the_position_where_it_is_stopped_can_be_skipped(
    csbe: Csbe, pool: asyncpg.Pool, stopped: int
) -> None:
    skip = ("followers", "skip", "members", "--position")
    elsewhere = await csbe(*skip, str(stopped + 1), "--reason", "a slip")
    for_no_reason = await csbe(*skip, str(stopped), "--reason", " ")
    another = await csbe("followers", "skip", "fleet", "--position", str(stopped), "--reason", "a slip")

    assert elsewhere.code == for_no_reason.code == another.code == 2
    assert f"stopped at {stopped}, not at {stopped + 1}" in elsewhere.err
    assert "'--reason'" in for_no_reason.err
    assert f"{(await status(csbe, 'projection/fleet/'))['name']} is not stopped" in another.err
    assert (await status(csbe))["failed_position"] == stopped
    assert await pool.fetchval("select count(*) from csbe.skipped_events") == 0


@pytest.mark.parametrize(
    "words",
    [
        ("projections", "rebuild", "cars"),
        ("followers", "retry", "cars"),
        ("followers", "skip", "cars", "--position", "1"),
    ],
)
async def test_an_unknown_projection_is_named_with_those_that_there_are(csbe: Csbe, words: tuple[str, ...]) -> None:
    ended = await csbe(*words, *WHY)

    assert ended.code == 2
    assert "there is no projection cars: choose one of members, fleet" in ended.err
    assert "Traceback" not in ended.err


async def test_workers_build_a_read_model_and_it_is_shown(
    csbe: Csbe, pool: asyncpg.Pool, store: PostgresEventStore
) -> None:
    for _ in range(5):
        await registered(store)
    next_ = await pool.fetchval("select max(number) + 1 from csbe.generations where projection = 'members'")

    ended = await csbe("projections", "rebuild", "members", *WHY, "--workers", "2")

    assert ended.code == 0, ended.err
    assert f"members: generation {next_} is live" in ended.err
    assert await pool.fetchval("select count(*) from read_v1.members") == 5


async def test_an_event_to_blame_ends_a_build_by_workers_with_one_line_and_the_status_shows_it(
    csbe: Csbe, stopped: int
) -> None:
    build = ("projections", "build", "members", *WHY, "--workers", "2")
    ended = await csbe(*build)

    [shown] = [
        row
        for row in (await csbe("followers", "status", "--json")).json
        if row["generation"] == "building" and row["state"] == "stopped"
    ]
    *_, last = ended.err.splitlines()
    assert ended.code == 2
    assert last.startswith(f"error: {shown['name']} stopped at position {stopped}: UnreadableEventError")
    assert (shown["failed_position"], shown["position"]) == (stopped, stopped - 1)

    skip = ("followers", "skip", shown["name"], "--position", str(stopped), "--reason", "damaged, see INC-7")
    assert (await csbe(*skip)).code == 0
    assert (await csbe(*build)).code == 0


@pytest.mark.parametrize("count", ["0", "-1", "two", "65"])
async def test_a_number_of_workers_that_cannot_be_is_refused(csbe: Csbe, count: str) -> None:
    ended = await csbe("projections", "build", "members", *WHY, "--workers", count)

    assert ended.code == 2
    assert "--workers" in ended.err
    assert "Traceback" not in ended.err


async def test_workers_are_refused_for_a_read_model_whose_rows_depend_on_several_aggregates(csbe: Csbe) -> None:
    ended = await csbe("projections", "rebuild", "utilisation", *WHY, "--workers", "2")

    assert ended.code == 2
    assert ended.err.strip() == "error: utilisation is built by one worker: its rows depend on several aggregates each"
