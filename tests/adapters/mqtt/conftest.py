"""A car on the broker, and a batch writer on the database."""

from collections.abc import AsyncIterator
from uuid import uuid4

import aiomqtt
import asyncpg
import pytest

from adapters.mqtt.batches import BatchWriter
from adapters.mqtt.client import client_options
from adapters.postgres.telemetry import TelemetryStore
from tests.adapters.mqtt.cars import Car, LastReported, Vehicles, forget_retained, nowhere


@pytest.fixture
def vin() -> str:
    return f"TST{uuid4().hex[:14].upper()}"


@pytest.fixture
async def car(mqtt_url: str, vin: str) -> AsyncIterator[Car]:
    async with aiomqtt.Client(**client_options(mqtt_url)) as client:
        yield (car := Car(client, vin))
        await forget_retained(client, car.topic("status"))


@pytest.fixture
async def reported() -> LastReported:
    return LastReported()


@pytest.fixture
def writer(pool: asyncpg.Pool, reported: LastReported) -> BatchWriter:
    return BatchWriter(reported, TelemetryStore(pool), Vehicles(), zones=nowhere)
