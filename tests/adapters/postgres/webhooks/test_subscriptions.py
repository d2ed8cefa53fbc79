"""Subscriptions: each request is carried out once, secrets are told once and kept wrapped, everything is on record."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.webhooks.claims import WebhookClaims
from adapters.postgres.webhooks.subscriptions import InState, PostgresWebhooks
from adapters.webhooks.delivery import patterns_of
from domain.kernel.errors import CommandIdReusedError, NotFoundError, StaleVersionError
from domain.kernel.ids import CommandId
from domain.kernel.messages import Actor, Metadata, Role
from domain.webhooks.commands import Pause, Resume, RotateSecret, Subscribe, Unsubscribe
from domain.webhooks.subscription import EventFilter, WebhookState, type_of
from tests.support.boxes import Box, save

ACME, OTHER = (Actor(role=Role.PARTNER, id=name) for name in ("acme", "other"))
OLGA = Actor(role=Role.OPERATOR, id="olga")


@pytest.fixture
def webhooks(pool: asyncpg.Pool, store: PostgresEventStore) -> PostgresWebhooks:
    return PostgresWebhooks(pool, store)


def about(by: Actor = ACME, service: str = "s", key: UUID | None = None) -> Metadata:
    id = CommandId(key or uuid4())
    return Metadata(command_id=id, command="test", actor=by, service=service, correlation_id=id)


def wish(url: str = "https://acme.example/") -> Subscribe:
    return Subscribe(webhook_id=UUID(int=1), url=url, filter=EventFilter(types=("csbe.",)))


async def test_a_repeated_subscription_is_one_and_does_not_tell_the_secret_again(webhooks: PostgresWebhooks) -> None:
    key = uuid4()

    first, second = [await webhooks.subscribe(wish(), about(key=key)) for _ in range(2)]

    assert (first.repeated, second.repeated) == (False, True)
    assert first.secret
    assert second.secret is None
    assert len(await webhooks.find()) == 1
    with pytest.raises(CommandIdReusedError):
        await webhooks.subscribe(wish("https://elsewhere.example/"), about(key=key))


async def test_a_repeated_rotation_changes_the_secret_once(webhooks: PostgresWebhooks, pool: asyncpg.Pool) -> None:
    await webhooks.subscribe(wish(), about())
    rotate, key = RotateSecret(webhook_id=UUID(int=1), overlap_h=24), uuid4()

    first = await webhooks.change(rotate, about(key=key))
    stored = await pool.fetchval("select secret from csbe.webhooks")
    second = await webhooks.change(rotate, about(key=key))

    assert first.secret
    assert (second.secret, second.repeated) == (None, True)
    assert await pool.fetchval("select secret from csbe.webhooks") == stored


async def test_what_is_another_partners_or_another_services_is_not_there(webhooks: PostgresWebhooks) -> None:
    await webhooks.subscribe(wish(), about())
    pause = Pause(webhook_id=UUID(int=1))

    for stranger in (about(OTHER), about(ACME, "t"), about(OLGA, "t")):
        with pytest.raises(NotFoundError):
            await webhooks.change(pause, stranger)
    await webhooks.change(pause, about(OLGA))

    assert [w.state for w in await webhooks.find(service="s", owner=ACME)] == [WebhookState.PAUSED]
    assert await webhooks.find(service="s", owner=OTHER) == []
    assert await webhooks.find(service="t") == []


async def test_a_change_by_an_old_version_changes_nothing(webhooks: PostgresWebhooks) -> None:
    await webhooks.subscribe(wish(), about())
    await webhooks.change(Pause(webhook_id=UUID(int=1)), about(), version=1)

    with pytest.raises(StaleVersionError):
        await webhooks.change(Resume(webhook_id=UUID(int=1)), about(), version=1)

    assert [(w.state, w.version) for w in await webhooks.find()] == [("paused", 2)]


async def test_every_change_is_on_record_without_secrets(webhooks: PostgresWebhooks, pool: asyncpg.Pool) -> None:
    secret = (await webhooks.subscribe(wish(), about())).secret
    await webhooks.change(Unsubscribe(webhook_id=UUID(int=1)), about(OLGA))

    rows = await pool.fetch("select * from csbe.webhook_changes order by changed_at")

    assert [(row["command"], row["changed_by_id"]) for row in rows] == [
        ("webhooks.subscribe", "acme"),
        ("webhooks.unsubscribe", "olga"),
    ]
    assert str(secret) not in str(rows)
    assert await webhooks.find() == []


async def test_a_webhook_is_claimed_with_its_newest_position_and_by_one_at_a_time(
    webhooks: PostgresWebhooks, pool: asyncpg.Pool
) -> None:
    await webhooks.subscribe(wish(), about())
    await pool.execute(
        "insert into csbe.events (originator_id, originator_version, topic, state)"
        " select gen_random_uuid(), 1, 'test', '' from generate_series(1, 100)"
    )
    moved: list[int] = []

    async def go_on() -> None:
        claims = WebhookClaims(pool)
        while len(moved) < 100:
            for claimed in await claims.take(1):
                assert await claims.move(claimed, claimed.position, claimed.position + 1)
                moved.append(claimed.position + 1)
                await claims.release(claimed, more=True)

    await asyncio.gather(*(go_on() for _ in range(4)))

    assert moved == list(range(1, 101))


async def test_a_connection_that_is_lost_amid_a_claim_leaves_nothing_claimed_in_vain(
    webhooks: PostgresWebhooks, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await webhooks.subscribe(wish(), about())
    await pool.execute(
        "insert into csbe.events (originator_id, originator_version, topic, state)"
        " values (gen_random_uuid(), 1, 'test', '')"
    )
    fetch, left = asyncpg.Pool.fetch, ["one statement"]

    async def fetch_once(self: asyncpg.Pool, *statement: Any) -> list[asyncpg.Record]:
        if not left:
            raise ConnectionResetError
        left.pop()
        rows: list[asyncpg.Record] = await fetch(self, *statement)
        return rows

    monkeypatch.setattr(asyncpg.Pool, "fetch", fetch_once)
    [claimed] = await WebhookClaims(pool).take(1)

    assert (claimed.position, claimed.end) == (0, await pool.fetchval("select max(notification_id) from csbe.events"))


async def test_a_secret_is_wrapped_by_the_master_key(pool: asyncpg.Pool) -> None:
    store = PostgresEventStore(pool, master_key=bytes(32))
    told = (await PostgresWebhooks(pool, store).subscribe(wish(), about())).secret

    stored = await pool.fetchval("select secret from csbe.webhooks")

    key = store.keys.unwrap(UUID(int=1), stored)
    assert key not in stored
    assert len(key) == 32
    assert told
    await store.close()


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
    webhooks: PostgresWebhooks, store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    for number in range(1, 4):
        await webhooks.subscribe(wish().model_copy(update={"webhook_id": UUID(int=number)}), about())
    await webhooks.change(Pause(webhook_id=UUID(int=3)), about())
    await save(store, Box.make(), Box.make())
    await pool.execute("update csbe.followers set position = 1 where name = $1", f"webhook/{UUID(int=1)}")

    assert await webhooks.by_state() == {
        WebhookState.ACTIVE: InState(number=2, lag=2),
        WebhookState.PAUSED: InState(number=1, lag=2),
        WebhookState.FAILED: InState(number=0, lag=0),
    }
