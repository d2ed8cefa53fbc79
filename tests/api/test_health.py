"""A process says that it lives, whether it can do its work, and how each part of it is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx2
import pytest

from adapters.embedded.broker import embedded_broker, free_port
from adapters.mail.messenger import FileMessenger, SmtpMessenger
from adapters.mail.sent import SentMessages
from adapters.oidc.provider import OidcProvider
from adapters.postgres.database import connect
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.followers.follower import Follower
from adapters.postgres.jobs.queue import JobQueue
from api.composition import Component, FollowerStoppedError, checks
from api.composition.checks import (
    broker_answers,
    database_answers,
    delivering,
    keeping_up,
    letting_in,
    working_off,
    writing,
)
from api.composition.runtime import needed_by
from api.readiness import WELL, Check, Finding, PartState, Readiness
from api.rest.application import create_health_app
from tests.api.cli.terminal import registered
from tests.support.city import City
from tests.support.clocks import MovableClock
from tests.support.installation import Installation
from tests.support.routes import application, pretended
from tests.support.waiting import until


@asynccontextmanager
async def watched(**parts: Check) -> AsyncIterator[httpx2.AsyncClient]:
    """The health of a process of these parts."""
    transport = httpx2.ASGITransport(application(checks=parts))
    async with httpx2.AsyncClient(transport=transport, base_url="http://csbe") as api:
        yield api


def shown(ready: httpx2.Response, name: str) -> tuple[int, str, str]:
    """Status, state of the part, and why."""
    part: dict[str, Any] = ready.json()["parts"][name]
    assert ("helps" in part) == ("why" in part) == (part["state"] != "ok")
    return ready.status_code, part["state"], part.get("why", "")


async def found(check: Check) -> tuple[str, str]:
    """State and why."""
    finding = await check()
    assert finding
    return finding.state, finding.why or ""


async def test_a_process_whose_database_is_gone_lives_but_is_not_ready(postgres_dsn: str) -> None:
    pool = await connect(postgres_dsn)
    async with watched(database=database_answers(pool), writes=writing(pool)) as api:
        ready = await api.get("/readyz")
        await pool.close()
        alive, gone = await api.get("/healthz"), await api.get("/readyz")

    assert (ready.json()["status"], shown(ready, "database"), shown(ready, "writes")) == (
        "ready",
        (200, "ok", ""),
        (200, "ok", ""),
    )
    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    assert gone.json()["status"] == "not ready"
    assert shown(gone, "database") == (503, "failed", "PostgreSQL does not answer: InterfaceError")
    assert shown(gone, "writes") == (503, "failed", "the database does not answer")


@pytest.mark.parametrize(
    "lock",
    ["csbe.append_order in exclusive", "csbe.events in share", "csbe.commands in access exclusive"],
)
async def test_a_process_that_cannot_write_says_who_keeps_it_from_that(
    pool: asyncpg.Pool, owner: asyncpg.Connection, lock: str
) -> None:
    async with watched(writes=writing(pool)) as api:
        before = await api.get("/readyz")
        async with owner.transaction():
            await owner.execute(f"set application_name = 'psql'; lock table {lock} mode")
            held = await api.get("/readyz")
        after = await api.get("/readyz")

    status, state, why = shown(held, "writes")
    assert (status, state) == (503, "failed")
    assert f"(psql), process {owner.get_server_pid()} of PostgreSQL" in why
    assert shown(before, "writes") == shown(after, "writes") == (200, "ok", "")


async def test_who_waits_for_a_reader_with_all_appends_behind_is_named(
    pool: asyncpg.Pool, owner: asyncpg.Connection, owner_dsn: str
) -> None:
    reader = await asyncpg.connect(owner_dsn)
    async with watched(writes=writing(pool)) as api, reader.transaction():
        await reader.execute("lock table csbe.events in access share mode")
        waiter = asyncio.create_task(owner.execute("begin; lock table csbe.events in access exclusive mode; commit"))
        await until(lambda: pool.fetchval("select pg_blocking_pids($1) <> '{}'", owner.get_server_pid()))
        held = await api.get("/readyz")
    await reader.close()
    await waiter

    assert f"process {owner.get_server_pid()} of PostgreSQL" in shown(held, "writes")[2]


async def test_a_process_at_a_standby_says_that_nothing_can_be_written(postgres_dsn: str) -> None:
    pool = await connect(postgres_dsn, read_only=True)
    async with watched(database=database_answers(pool), writes=writing(pool)) as api:
        ready = await api.get("/readyz")
    await pool.close()

    assert shown(ready, "database") == (503, "ok", "")
    assert shown(ready, "writes") == (
        503,
        "failed",
        "nothing can be written: this PostgreSQL is a standby, or read-only",
    )


async def test_a_process_whose_followers_stand_past_the_end_of_the_log_says_so(
    pool: asyncpg.Pool, owner: asyncpg.Connection
) -> None:
    async with watched(writes=writing(pool)) as api:
        await owner.execute("insert into csbe.followers (name, position) values ('policies', 7)")
        past = await api.get("/readyz")
        await owner.execute("delete from csbe.followers where name = 'policies'")
        after = await api.get("/readyz")

    status, state, why = shown(past, "writes")
    assert (status, state) == (503, "failed")
    assert why.startswith("the log ends at position 0, and these are past it: policies at 7.")
    assert shown(after, "writes") == (200, "ok", "")


async def test_since_when_a_part_is_as_it_is_stays_until_it_changes() -> None:
    clock, parts = MovableClock(), {"mail": WELL}

    async def mail() -> Finding:
        return parts["mail"]

    readiness, since = Readiness({"mail": mail}, clock), []
    for state in (PartState.OK, PartState.OK, PartState.DEGRADED, PartState.DEGRADED, PartState.OK):
        parts["mail"] = Finding(state)
        since.append((await readiness.look())["mail"].since)
        clock.let_pass(timedelta(hours=1))

    assert since == sorted(since)
    assert [later > earlier for earlier, later in pairwise(since)] == [False, True, False, True]


async def test_a_process_whose_broker_is_gone_is_not_well() -> None:
    async with embedded_broker() as url:
        answers = broker_answers(url)

        assert await answers() == WELL
    assert (await found(answers))[0] == "failed"


async def test_a_part_that_says_nothing_for_long_has_failed() -> None:
    async def silent() -> Finding:
        raise TimeoutError

    async with watched(mail=silent) as api:
        ready = await api.get("/readyz")

    assert shown(ready, "mail") == (200, "failed", "no answer within 3 seconds")


async def test_a_stopped_follower_is_named_without_what_it_stumbled_over(
    pool: asyncpg.Pool, store: PostgresEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_events: object, _connection: object) -> None:
        raise ValueError("Ada")

    await registered(store)
    follower = Follower(pool, store, "test", refuse)
    before = await found(keeping_up(follower))
    monkeypatch.setattr(checks, "LATE_S", 0)
    late = await found(keeping_up(follower))

    with pytest.raises(FollowerStoppedError):
        await follower.catch_up()

    assert before == ("ok", "")
    assert late == ("degraded", "behind the log: test by 0 s")
    assert await found(keeping_up(follower)) == ("failed", "stopped at an event: test at position 1")


async def test_jobs_that_nobody_carries_out_are_late(pool: asyncpg.Pool) -> None:
    before = await found(working_off(JobQueue(pool)))
    await pool.execute(
        "insert into csbe.jobs (id, policy, kind, payload, service, correlation_id, causation_id, due_at)"
        " values ($1, 'p', 'k', '{}', 's', $1, $1, now() - interval '1 hour')",
        uuid4(),
    )

    assert before == ("ok", "")
    state, why = await found(working_off(JobQueue(pool)))
    assert (state, why.startswith("1 jobs are due, the oldest for 360")) == ("degraded", True)


async def test_mail_that_cannot_be_handed_over_waits(pool: asyncpg.Pool, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    away = SmtpMessenger(SentMessages(pool), host="127.0.0.1", port=free_port(), sender="csbe@example.org")

    assert await found(delivering(FileMessenger(tmp_path / "mail", SentMessages(pool)))) == ("ok", "")
    state, why = await found(delivering(FileMessenger(tmp_path / "file" / "mail", SentMessages(pool))))
    assert (state, why.endswith("/file cannot be written to")) == ("degraded", True)
    assert await found(delivering(away)) == (
        "degraded",
        "mail waits, and with it logging in: the mail server does not answer",
    )


async def test_an_identity_provider_that_is_away_keeps_nobody_but_staff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.oidc.provider.RENEWED_S", 0)
    issuer, is_there = "https://id.example.org", [True]

    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"issuer": issuer}) if is_there[0] else httpx2.Response(502)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http:
        look = letting_in(
            OidcProvider(http, issuer=issuer, client_id="csbe", client_secret=None, audience=None),
        )
        before, is_there[0] = await found(look), False
        away, is_there[0] = await found(look), True

        assert (before, await found(look)) == (("ok", ""), ("ok", ""))
    assert (away[0], "502" in away[1]) == ("degraded", True)
    assert await letting_in(None)() is None


async def test_a_process_is_ready_while_it_can_do_its_own_work() -> None:
    async def failed() -> Finding:
        return Finding(PartState.FAILED, "gone", "bring it back")

    statuses = {}
    for of in ((Component.INGEST,), (Component.POLICIES,), tuple(Component)):
        system = pretended(checks={"ingest": failed})
        system.readiness.needed = needed_by(of)
        transport = httpx2.ASGITransport(create_health_app(system))
        async with httpx2.AsyncClient(transport=transport, base_url="http://csbe") as api:
            ready = await api.get("/readyz")
        statuses[of] = ready.status_code, ready.json()["status"]

    assert list(statuses.values()) == [(503, "not ready"), (200, "degraded"), (200, "degraded")]


async def test_a_broker_that_goes_is_told_and_its_return_too(city: City, installation: Installation) -> None:
    async def is_told(status: str) -> bool:
        return bool((await city.api.get("/readyz")).json()["status"] == status)

    await until(lambda: is_told("ready"))
    await installation.broker.stop()
    await until(lambda: is_told("degraded"))
    ready = await city.api.get("/readyz")
    figures = (await city.api.get("/metrics")).text
    await installation.broker.start()
    await until(lambda: is_told("ready"))

    assert shown(ready, "broker")[:2] == (200, "failed")
    status, state, why = shown(ready, "ingest")
    assert (status, state) == (200, "failed")
    assert why.startswith("there is no connection to the broker: ")
    assert datetime.fromisoformat(ready.json()["parts"]["ingest"]["since"]) <= installation.clock.now()
    assert 'csbe_part_state{part="ingest"} 2.0' in figures


async def test_a_process_without_the_api_answers_for_its_health_only() -> None:
    system = pretended()
    transport = httpx2.ASGITransport(create_health_app(system))
    async with httpx2.AsyncClient(transport=transport, base_url="http://csbe") as api:
        found = {path: (await api.get(path)).status_code for path in ("/healthz", "/readyz", "/metrics", "/v1/trips")}

    assert found == {"/healthz": 200, "/readyz": 200, "/metrics": 200, "/v1/trips": 404}


async def test_a_process_whose_payments_are_simulated_serves_and_says_so(city: City) -> None:
    ready, metrics = await city.api.get("/readyz"), await city.api.get("/metrics")

    [warning] = ready.json()["warnings"]
    assert (ready.status_code, "no money moves" in warning) == (200, True)
    assert "csbe_payments_simulated 1.0" in metrics.text
