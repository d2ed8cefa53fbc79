"""While the database is away nobody waits for it, and nothing is said that is not so; once it is back, all goes on."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import asyncpg
import httpx2
import pytest
from anyio import to_thread
from pydantic import SecretStr

from adapters.embedded.broker import embedded_broker, free_port
from adapters.embedded.postgres import EmbeddedPostgres
from api.composition import Component, Running, composed
from api.server import served
from api.settings import Settings
from domain.kernel.messages import Role
from tests.support.city import City
from tests.support.databases import prepared
from tests.support.places import BERLIN
from tests.support.waiting import until

pytestmark = pytest.mark.journey
SOON_S = 5
"""Less than what is tried again for a database that comes back soon."""
ADA = {"city_id": "berlin", "name": "Ada", "birth_date": "1990-05-17"}


@pytest.fixture
def postgres() -> Iterator[EmbeddedPostgres]:
    """A database that a test may stop."""
    with TemporaryDirectory(prefix="csbe-outage-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres")
        yield server
        server.stop()


@pytest.fixture
async def city(postgres: EmbeddedPostgres, tmp_path: Path) -> AsyncIterator[City]:
    """The whole system over it."""
    dsn = await prepared(await to_thread.run_sync(postgres.start))
    settings = Settings(postgres_dsn=SecretStr(dsn), data_dir=tmp_path, port=free_port(), service=BERLIN.service)
    async with (
        embedded_broker() as url,
        composed(settings, dsn, url) as running,
        served(running.system),
        running.going(set(Component)),
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{settings.port}", timeout=30) as api,
    ):
        yield City(running, api, BERLIN, [], tmp_path / "mail")


async def _says_so(running: Running, *, is_up: bool) -> bool:
    return running.system.availability.is_up is is_up


async def test_while_the_database_is_away_everybody_is_told_at_once_and_figures_stay(
    city: City, postgres: EmbeddedPostgres
) -> None:
    operator = city.token(Role.OPERATOR)
    key = {"Idempotency-Key": str(uuid4())}
    body = {**ADA, "email": f"{uuid4()}@example.org"}
    await until(lambda: _says_so(city.running, is_up=True))
    assert (await city.api.get("/v1/vehicles", headers=operator)).status_code == 200

    await to_thread.run_sync(postgres.stop)
    for _ in range(3):
        async with asyncio.timeout(SOON_S):
            command = await city.api.post("/v1/members", json=body, headers=key)
        async with asyncio.timeout(SOON_S):
            read = await city.api.get("/v1/vehicles", headers=operator)
        for answer in (command, read):
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
            assert answer.json()["type"] == "urn:csbe:problem:unavailable"
    await until(lambda: _says_so(city.running, is_up=False))
    async with asyncio.timeout(SOON_S):
        figures, ready = await city.api.get("/metrics"), await city.api.get("/readyz")
    assert (figures.status_code, ready.status_code) == (200, 503)
    assert "csbe_database_up 0.0" in figures.text
    assert ready.json()["parts"]["database"]["state"] == "failed"
    assert (await city.api.get("/healthz")).status_code == 200

    await to_thread.run_sync(postgres.start)
    await until(lambda: _says_so(city.running, is_up=True))
    registered = await city.api.post("/v1/members", json=body, headers=key)
    again = await city.api.post("/v1/members", json=body, headers=key)
    assert (registered.status_code, again.json()["id"]) == (201, registered.json()["id"])


async def test_what_was_under_way_is_not_waited_for_either(city: City, postgres: EmbeddedPostgres) -> None:
    await until(lambda: _says_so(city.running, is_up=True))
    keys = [{"Idempotency-Key": str(uuid4())} for _ in range(20)]
    bodies = [{**ADA, "email": f"{uuid4()}@example.org"} for _ in keys]

    async def register(body: dict[str, str], key: dict[str, str]) -> httpx2.Response:
        return await city.api.post("/v1/members", json=body, headers=key)

    asking = [asyncio.create_task(register(body, key)) for body, key in zip(bodies, keys, strict=True)]
    await to_thread.run_sync(postgres.stop)
    async with asyncio.timeout(SOON_S):
        answers = await asyncio.gather(*asking)

    assert {answer.status_code for answer in answers} <= {201, 503}
    await to_thread.run_sync(postgres.start)
    await until(lambda: _says_so(city.running, is_up=True))
    for answer, body, key in zip(answers, bodies, keys, strict=True):
        again = await register(body, key)
        assert again.status_code == 201
        assert answer.status_code == 503 or again.json()["id"] == answer.json()["id"]


async def test_while_the_sequence_is_behind_the_log_nothing_is_taken_and_it_is_nobodys_fault(
    city: City, postgres: EmbeddedPostgres
) -> None:
    body, key = {**ADA, "email": f"{uuid4()}@example.org"}, {"Idempotency-Key": str(uuid4())}
    end = await city.running.store.end()
    owner = await asyncpg.connect(await to_thread.run_sync(postgres.start))
    await owner.execute("select setval('csbe.events_notification_id_seq', 1)")

    refused = await city.api.post("/v1/members", json=body, headers=key)
    after = await city.running.store.end()
    await owner.execute("select setval('csbe.events_notification_id_seq', max(notification_id)) from csbe.events")
    taken = await city.api.post("/v1/members", json=body, headers=key)
    await owner.close()

    assert (refused.status_code, refused.headers["retry-after"], after) == (503, "2", end)
    assert taken.status_code == 201
