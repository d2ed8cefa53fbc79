"""A process says that it lives, and whether what it needs answers."""

from unittest.mock import Mock

import httpx

from adapters.postgres.database import connect
from api.composition.checks import database_answers
from api.rest.application import create_app
from api.settings import Settings
from api.system import System


async def test_a_process_whose_database_is_gone_lives_but_is_not_ready(postgres_dsn: str) -> None:
    pool = await connect(postgres_dsn)
    system = Mock(spec=System, settings=Settings(), checks={"database": database_answers(pool)})
    transport = httpx.ASGITransport(create_app(system))
    async with httpx.AsyncClient(transport=transport, base_url="http://csbe") as api:
        ready = await api.get("/readyz")
        await pool.close()
        alive, gone = await api.get("/healthz"), await api.get("/readyz")

    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "checks": {"database": True}})
    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    assert (gone.status_code, gone.json()) == (503, {"status": "not ready", "checks": {"database": False}})
