"""The whole system, for every journey anew."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from adapters.rulebooks import shipped_texts
from adapters.simulator.vehicles import Faults
from api.composition import make_read_models
from tests.journeys.collector import Collector, collecting
from tests.projections.following import empty_read_models
from tests.support.brokers import MOSQUITTO, Broker, BrokerKind, EmbeddedBroker, MosquittoBroker
from tests.support.city import City
from tests.support.installation import Installation
from tests.support.places import BERLIN, Place
from tests.support.rules import Texts


@pytest.fixture
def place() -> Place:
    """Where the journey goes; a test overrides it, as it does the next three, by parametrising."""
    return BERLIN


@pytest.fixture
def faults() -> Faults:
    """What goes wrong."""
    return Faults()


@pytest.fixture
def texts() -> Texts:
    """By which rules."""
    return shipped_texts()


@pytest.fixture
def broker_kind() -> BrokerKind:
    """An embedded one, or a real one where the tests are to use real servers."""
    return "mosquitto" if MOSQUITTO and "CSBE_TEST_MQTT_URL" in os.environ else "embedded"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """Traces are on, and come here."""
    with collecting() as collector:
        monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
        yield collector


@pytest.fixture
async def broker(tmp_path: Path, broker_kind: BrokerKind) -> AsyncIterator[Broker]:
    """A broker of this test's own."""
    broker = MosquittoBroker(tmp_path) if broker_kind == "mosquitto" else EmbeddedBroker()
    await broker.start()
    yield broker
    await broker.stop()


@pytest.fixture
async def installation(
    postgres_dsn: str,
    pool: asyncpg.Pool,
    broker: Broker,
    tmp_path: Path,
    place: Place,
    faults: Faults,
    texts: Texts,
) -> AsyncIterator[Installation]:
    """An empty database, a broker: a system that has never run."""
    await make_read_models(postgres_dsn)
    await empty_read_models(pool)
    installation = Installation(postgres_dsn, broker, tmp_path, place, faults, texts)
    yield installation
    await installation.clear_away()


@pytest.fixture
async def city(installation: Installation) -> AsyncIterator[City]:
    """Five cars in the streets and everything running."""
    async with installation.started() as city:
        yield city
