"""How webhooks stand: whose are seen, how they are counted, which events they want, and their secrets."""

from uuid import UUID

import asyncpg
import pytest

from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.webhooks.subscriptions import InState
from adapters.webhooks.delivery import patterns_of
from domain.webhooks.commands import Pause, RotateSecret, Subscribe
from domain.webhooks.subscription import EventFilter, WebhookState, type_of
from tests.support.boxes import Box, save
from tests.support.keys import KEYS
from tests.support.webhooks import ACME, OTHER, SERVICE, Desk


def wish(number: int = 1) -> Subscribe:
    return Subscribe(webhook_id=UUID(int=number), url="https://acme.example/", filter=EventFilter(types=("csbe.",)))


async def test_a_partners_webhooks_are_found_among_its_own_and_those_of_its_service(desk: Desk) -> None:
    await desk.change(wish(1))
    await desk.change(wish(2), OTHER)

    found = [
        [webhook.id.int for webhook in await desk.webhooks.find(**chosen)]
        for chosen in ({}, {"service": SERVICE, "owner": ACME}, {"owner": OTHER}, {"id": UUID(int=2), "owner": ACME})
    ]

    assert found == [[1, 2], [1], [2], []]
    assert await desk.webhooks.find(service="reachnow-usa") == []


async def test_a_secret_is_told_for_its_own_event_alone(desk: Desk) -> None:
    first = await desk.decide(wish())
    await desk.webhooks.take_up(UUID(int=1))
    told = await desk.webhooks.secret_of(UUID(int=1), first.position)
    newer = await desk.change(RotateSecret(webhook_id=UUID(int=1), overlap_h=24))
    await desk.change(Pause(webhook_id=UUID(int=1)))

    assert str(told).startswith("whsec_")
    assert str(newer).startswith("whsec_")
    assert told != newer
    assert await desk.webhooks.secret_of(UUID(int=1), first.position) is None


async def test_a_secret_is_wrapped_by_the_master_key(pool: asyncpg.Pool) -> None:
    store = PostgresEventStore(pool, master_keys=KEYS)
    await Desk(store).change(wish())

    stored = await pool.fetchval("select secret from csbe.webhooks")

    key = store.keys.unwrap(UUID(int=1), stored)
    assert key not in stored
    assert len(key) == 32
    await store.close()


async def test_no_secret_is_in_the_log(desk: Desk, pool: asyncpg.Pool) -> None:
    secrets = [await desk.change(each) for each in (wish(), RotateSecret(webhook_id=UUID(int=1), overlap_h=1))]

    log = await pool.fetch("select state, metadata from csbe.events")
    outcomes = await pool.fetch("select * from csbe.commands")

    assert None not in secrets
    assert not [secret for secret in secrets if str(secret).removeprefix("whsec_") in str(log + outcomes)]


@pytest.mark.parametrize(
    ("types", "topic", "wanted"),
    [
        (("csbe.",), "rental.trip.ended", True),
        (("csbe.rental.trip.",), "rental.trip.ended", True),
        (("csbe.rental.trip.ended",), "rental.trip.ended", True),
        (("csbe.rental.trip",), "rental.trip.ended", False),
        (("csbe.rental.trip.end",), "rental.trip.ended", False),
        (("csbe.fleet.", "csbe.rental."), "rental.trip.ended", True),
        (("csbe.rental.trip.ended.",), "rental.trip.ended", False),
        (("csbe.rental.tr_p.", "csbe.%.", "csbe.\\."), "rental.trip.ended", False),
        ((), "rental.trip.ended", False),
    ],
)
async def test_a_filter_wants_types_and_beginnings_of_types(
    pool: asyncpg.Pool, types: tuple[str, ...], topic: str, wanted: bool
) -> None:
    assert type_of(topic).startswith("csbe.")
    assert EventFilter(types=types).wanted_of([topic]) == [topic] * wanted
    assert await pool.fetchval("select $1 like any ($2)", topic, patterns_of(types)) is wanted


async def test_webhooks_are_counted_by_state_with_the_lag_of_the_last(
    desk: Desk, store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    for number in range(1, 4):
        await desk.change(wish(number))
    await desk.change(Pause(webhook_id=UUID(int=3)))
    await save(store, Box.make(), Box.make())
    await pool.execute("update csbe.followers set position = 4 where name = $1", f"webhook/{UUID(int=1)}")

    assert await desk.webhooks.by_state() == {
        WebhookState.ACTIVE: InState(number=2, lag=4),
        WebhookState.PAUSED: InState(number=1, lag=3),
        WebhookState.FAILED: InState(number=0, lag=0),
    }
