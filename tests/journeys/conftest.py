"""The whole system, for every journey anew."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from adapters.broker import embedded_broker, free_port
from adapters.simulator.vehicles import Faults, SimulatedFleet
from api.composition import Part, composed, prepare
from api.serving import served
from api.settings import Settings
from tests.journeys.city import PATIENCE_S, SERVICE, City, cars, furnish


@pytest.fixture
def faults() -> Faults:
    """What goes wrong; a test overrides it by parametrising."""
    return Faults()


@pytest.fixture
async def city(postgres_dsn: str, pool: object, faults: Faults, tmp_path: Path) -> AsyncIterator[City]:
    """Five cars in Berlin, a broker of their own, everything running."""
    del pool  # asked for because it empties the database
    await prepare(postgres_dsn)
    settings = Settings(postgres_dsn=SecretStr(postgres_dsn), data_dir=tmp_path, port=free_port())
    async with embedded_broker() as url, composed(settings, postgres_dsn, url) as running:
        await running.pool.execute(
            "truncate read_v1.members, read_v1.vehicles, read_v1.zones, read_v1.trips, read_v1.reservations, "
            "read_v1.invoices, read_v1.payments, read_v1.fleet_days, read_v1.event_log, read_v1.field_tasks"
        )
        fleet = SimulatedFleet(cars(), url=url, service=SERVICE, faults=faults, answer_after_s=(0.01, 0.05))
        address = f"http://{settings.host}:{settings.port}"
        async with (
            served(running.system),
            running.going(set(Part)),
            httpx.AsyncClient(base_url=address, timeout=20) as api,
        ):
            city = City(running, api, fleet)
            await furnish(city)
            stop, ready = asyncio.Event(), asyncio.Event()
            driving = asyncio.create_task(fleet.run(stop, ready))
            await asyncio.wait_for(ready.wait(), PATIENCE_S)
            yield city
            stop.set()
            await driving
