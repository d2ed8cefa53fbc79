"""A process says that it lives, and whether what it needs answers."""

import asyncpg
import httpx2
import pytest

from adapters.embedded.broker import embedded_broker
from adapters.postgres.database import connect
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.followers.follower import Follower
from api.composition import FollowerStoppedError
from api.composition.checks import broker_answers, database_answers, keeping_up, writing
from api.rest.application import create_health_app
from tests.api.cli.terminal import registered
from tests.support.city import City
from tests.support.routes import application, pretended


async def test_a_process_whose_database_is_gone_lives_but_is_not_ready(postgres_dsn: str) -> None:
    pool = await connect(postgres_dsn)
    transport = httpx2.ASGITransport(application(checks={"database": database_answers(pool)}))
    async with httpx2.AsyncClient(transport=transport, base_url="http://csbe") as api:
        ready = await api.get("/readyz")
        await pool.close()
        alive, gone = await api.get("/healthz"), await api.get("/readyz")

    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "checks": {"database": True}})
    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    assert (gone.status_code, gone.json()) == (503, {"status": "not ready", "checks": {"database": False}})


async def test_a_process_that_cannot_write_says_who_keeps_it_from_that(
    pool: asyncpg.Pool, owner: asyncpg.Connection
) -> None:
    transport = httpx2.ASGITransport(application(checks={"writes": writing(pool)}))
    async with httpx2.AsyncClient(transport=transport, base_url="http://csbe") as api:
        before = await api.get("/readyz")
        async with owner.transaction():
            await owner.execute("set application_name = 'psql'; lock table csbe.append_order in exclusive mode")
            held = await api.get("/readyz")
        after = await api.get("/readyz")

    assert (before.status_code, before.json()) == (200, {"status": "ready", "checks": {"writes": True}})
    assert (held.status_code, held.json()["checks"]) == (503, {"writes": False})
    assert f"(psql), process {owner.get_server_pid()} of PostgreSQL" in held.json()["reasons"]["writes"]
    assert after.json() == before.json()


async def test_a_process_whose_broker_is_gone_is_not_ready() -> None:
    async with embedded_broker() as url:
        answers = broker_answers(url)

        assert await answers()
    assert not await answers()


async def test_a_process_with_a_stopped_follower_is_not_ready(pool: asyncpg.Pool, store: PostgresEventStore) -> None:
    async def refuse(_events: object, _connection: object) -> None:
        raise ValueError("no")

    await registered(store)
    follower = Follower(pool, store, "test", refuse)
    assert await keeping_up(follower)()

    with pytest.raises(FollowerStoppedError):
        await follower.catch_up()

    assert not await keeping_up(follower)()


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
