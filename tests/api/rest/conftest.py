"""A running system that the tests of a module share, where none of them minds what the others do."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from adapters.rulebooks import shipped_texts
from adapters.simulator.vehicles import Faults
from tests.support.brokers import EmbeddedBroker
from tests.support.city import City
from tests.support.databases import empty_database, prepared
from tests.support.installation import Installation
from tests.support.places import BERLIN


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_city(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    """Five cars in the streets and everything running, on a database of its own."""
    broker = EmbeddedBroker()
    await broker.start()
    try:
        async with empty_database(postgres_server) as dsn:
            folder = tmp_path_factory.mktemp("city")
            installation = Installation(await prepared(dsn), broker, folder, BERLIN, Faults(), shipped_texts())
            async with installation.started() as city:
                yield city
    finally:
        await broker.stop()
