"""What the broker does not grant is no success: ingest says so, is not ready, and asks again."""

import asyncio
from unittest.mock import Mock

import asyncpg
import pytest
from structlog.testing import capture_logs

from adapters.mqtt.batches import BatchWriter
from adapters.mqtt.ingest import LOSSES, Ingest
from adapters.mqtt.sharing import SharedIngest
from adapters.postgres.ingest_sessions import IngestSessions
from api.composition.checks import listening
from api.readiness import WELL, PartState
from tests.adapters.mqtt.refusing import FAILURE, NOT_AUTHORIZED, Refusals, refusing_broker
from tests.support.clocks import SystemClock

GRANTED_AT_QOS_0 = 0x00


@pytest.mark.parametrize("code", [FAILURE, GRANTED_AT_QOS_0], ids=["refused", "granted at QoS 0"])
@pytest.mark.parametrize("version", ["", "?version=5"], ids=["3.1.1", "5"])
async def test_ingest_is_not_ready_until_its_subscription_is_granted(
    pool: asyncpg.Pool, version: str, code: int
) -> None:
    figures, stop = Refusals(), asyncio.Event()
    async with refusing_broker(subscriptions=(code, code)) as broker:
        session = Ingest(broker.url + version, Mock(spec=BatchWriter), clock=SystemClock(), metrics=figures)
        ingest = SharedIngest(IngestSessions(pool), lambda _number: session)
        before = await listening(ingest)()

        with capture_logs() as logs:
            working = asyncio.create_task(ingest.run(stop))
            await broker.until_asked(2)
            refused = await listening(ingest)()
            await asyncio.wait_for(session.subscribed.wait(), 20)

        assert before is None
        assert refused
        assert refused.state is PartState.FAILED
        assert refused.why
        assert refused.why.startswith("the broker refuses what it listens to: subscription refused: csbe/v1/")
        assert await listening(ingest)() == WELL
        stop.set()
        await working

    said = [line for line in logs if line["event"] == "ingest_refused_by_broker"]
    assert figures.seen == ["subscription"] * 2
    assert [line["log_level"] for line in said] == ["error"] * 2
    assert "csbe/v1/+/vehicles/+/telemetry" in said[0]["error"]


async def test_ingest_that_is_kicked_out_again_and_again_says_that_another_may_have_its_name(
    pool: asyncpg.Pool,
) -> None:
    stop = asyncio.Event()
    async with refusing_broker() as broker:
        broker.hang_up = LOSSES
        session = Ingest(broker.url, Mock(spec=BatchWriter), clock=SystemClock())
        ingest = SharedIngest(IngestSessions(pool), lambda _number: session)
        working = asyncio.create_task(ingest.run(stop))
        await broker.until_asked(LOSSES + 1)
        await asyncio.wait_for(session.subscribed.wait(), 20)
        found = await listening(ingest)()
        stop.set()
        await working

    assert found
    assert (found.state, found.why) == (
        PartState.DEGRADED,
        "the broker ends its connection again and again: another client may be csbe-ingest too",
    )


async def test_ingest_that_is_refused_for_good_ends_when_it_is_told_to() -> None:
    stop = asyncio.Event()
    async with refusing_broker(subscriptions=(NOT_AUTHORIZED,) * 1000) as broker:
        ingest = Ingest(f"{broker.url}?version=5", Mock(spec=BatchWriter), clock=SystemClock())
        working = asyncio.create_task(ingest.run(stop))
        await broker.until_asked(3)

        stop.set()
        await asyncio.wait_for(working, 20)

    assert not ingest.subscribed.is_set()
