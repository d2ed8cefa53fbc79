"""What Stripe sends by itself: only with its signature, once, whatever is in it, and whatever is about what."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from adapters.payments.stripe.book import StripeBook
from adapters.payments.stripe.webhooks import StripeWebhooks
from adapters.postgres.provider_notices import ProviderNotices
from domain.kernel.ids import PaymentId
from domain.kernel.payment_port import ForeignNoticeError
from tests.support.clocks import SystemClock
from tests.support.stripe_peer import SECRET, StripePeer, signed

REAL = Path(__file__).parents[2] / "data" / "stripe_objects"
EVENTS = {file.stem: file.read_bytes() for file in sorted((REAL / "events").glob("*.json"))}
OURS = PaymentId(uuid4())


@pytest.fixture
def webhooks(pool: asyncpg.Pool) -> StripeWebhooks:
    return StripeWebhooks((SECRET, "whsec_next"), StripeBook(pool), ProviderNotices(pool), SystemClock())


def intent(**facts: Any) -> dict[str, Any]:
    ours = {"payment_id": str(OURS), "service": "drivenow-europe"}
    return {"id": "pi_1", "object": "payment_intent", "metadata": ours, **facts}


async def jobs(pool: asyncpg.Pool) -> list[dict[str, Any]]:
    """What is to be looked up, of which service."""
    rows = await pool.fetch("select service, payload::text from csbe.jobs where kind = 'look_up_payment'")
    return [{"service": row["service"], **json.loads(row["payload"])} for row in rows]


async def received(webhooks: StripeWebhooks, body: bytes, secret: str = SECRET) -> None:
    await webhooks.receive(body, signed(body, secret)["Stripe-Signature"])


async def test_word_of_a_payment_has_it_looked_up_once(pool: asyncpg.Pool, webhooks: StripeWebhooks) -> None:
    body = StripePeer().event(intent(), "payment_intent.succeeded", id="evt_1")
    for _ in range(3):
        await received(webhooks, body)

    [job] = await jobs(pool)
    assert (job["service"], job["about"], job["reference"]) == ("drivenow-europe", "payment", "pi_1")
    assert job["payment_id"] == str(OURS)
    assert await pool.fetchval("select count(*) from csbe.provider_notices") == 1


async def test_a_secret_may_take_the_place_of_another(pool: asyncpg.Pool, webhooks: StripeWebhooks) -> None:
    peer = StripePeer()
    await received(webhooks, peer.event(intent(), "payment_intent.succeeded"), SECRET)
    await received(webhooks, peer.event(intent(), "payment_intent.succeeded"), "whsec_next")
    assert len(await jobs(pool)) == 2


FORGERIES: dict[str, Callable[[bytes], str]] = {
    "nothing": lambda body: "",  # noqa: ARG005 (as the others)
    "words": lambda body: "t=now,v1=x",  # noqa: ARG005 (the same)
    "another secret": lambda body: signed(body, "whsec_other")["Stripe-Signature"],
    "another body": lambda body: signed(body + b" ")["Stripe-Signature"],
    "no signature": lambda body: signed(body)["Stripe-Signature"].partition(",")[0],
    "another scheme": lambda body: signed(body)["Stripe-Signature"].replace("v1=", "v0="),
    "yesterday": lambda body: signed(body, at=1_700_000_000)["Stripe-Signature"],
    "tomorrow": lambda body: signed(body, at=4_000_000_000)["Stripe-Signature"],
    "letters of no alphabet": lambda body: signed(body)["Stripe-Signature"][:-1] + "ü",
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forgery_changes_nothing(pool: asyncpg.Pool, webhooks: StripeWebhooks, forgery: str) -> None:
    body = StripePeer().event(intent(), "payment_intent.succeeded")
    with pytest.raises(ForeignNoticeError):
        await webhooks.receive(body, FORGERIES[forgery](body))
    assert await pool.fetchval("select count(*) from csbe.provider_notices") == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"id": 7}'], ids=repr)
async def test_what_is_signed_and_no_event_is_refused(webhooks: StripeWebhooks, body: bytes) -> None:
    with pytest.raises(ForeignNoticeError):
        await received(webhooks, body)


@pytest.mark.parametrize(
    "thing",
    [
        {"id": "dp_1", "object": "dispute", "payment_intent": "pi_1", "charge": "ch_1"},
        {"id": "dp_1", "object": "dispute", "payment_intent": {"id": "pi_1", "object": "payment_intent"}},
        {"id": "dp_1", "object": "dispute", "charge": {"id": "ch_1", "object": "charge", "payment_intent": "pi_1"}},
    ],
    ids=["by id", "expanded", "by the charge"],
)
async def test_a_dispute_is_found_by_stripes_name_of_the_payment(
    pool: asyncpg.Pool, webhooks: StripeWebhooks, thing: dict[str, Any]
) -> None:
    book = StripeBook(pool)
    await book.entry(OURS, "drivenow-europe")
    await book.note(OURS, "pi_1")
    await received(webhooks, StripePeer().event(thing, "charge.dispute.created"))
    [job] = await jobs(pool)
    assert (job["payment_id"], job["about"], job["reference"]) == (str(OURS), "dispute", "dp_1")


@pytest.mark.parametrize("thing", [intent(metadata={}), intent(metadata="x"), intent(metadata={"payment_id": "7"}), {}])
async def test_what_is_not_ours_is_kept_and_leads_to_nothing(
    pool: asyncpg.Pool, webhooks: StripeWebhooks, thing: dict[str, Any]
) -> None:
    await received(webhooks, StripePeer().event(thing, "radar.early_fraud_warning.created"))
    assert await jobs(pool) == []
    assert await pool.fetchval("select count(*) from csbe.provider_notices") == 1


@pytest.mark.parametrize("name", EVENTS)
async def test_every_event_of_the_field_is_taken(pool: asyncpg.Pool, webhooks: StripeWebhooks, name: str) -> None:
    await received(webhooks, EVENTS[name])
    [known] = await pool.fetch("select type, payment_id from csbe.provider_notices")
    assert (known["type"], known["payment_id"]) == (json.loads(EVENTS[name])["type"], None)
    assert await jobs(pool) == []
