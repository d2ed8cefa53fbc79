"""A trip that is paid with Stripe: its bank wants it confirmed, a webhook tells of that, and later of a dispute."""

from typing import Any

import pytest

from domain.kernel.messages import Role
from tests.journeys.test_money_in_doubt import invoices
from tests.support.city import City
from tests.support.installation import Installation
from tests.support.stripe_peer import SECRET, StripePeer, signed
from tests.support.waiting import until

WEBHOOKS = "/v1/providers/stripe/webhooks"


async def sends(city: City, stripe: StripePeer, thing: dict[str, Any], type: str, *, times: int = 1) -> list[int]:
    """Stripe tells of something; says what it is answered."""
    body = stripe.event(thing, type)
    headers = signed(body, at=city.running.system.clock.now().timestamp())
    return [(await city.api.post(WEBHOOKS, content=body, headers=headers)).status_code for _ in range(times)]


@pytest.fixture
def stripe(installation: Installation) -> StripePeer:
    peer = StripePeer()
    installation.settings |= {"stripe_key": "sk_test_1", "stripe_webhook_secret": SECRET, "stripe_url": peer.url}
    return peer


async def test_a_trip_is_confirmed_driven_paid_and_disputed(installation: Installation, stripe: StripePeer) -> None:
    async with stripe.listening(), installation.started() as city:
        ada, bob, operator = await city.member("pm_3ds"), await city.member("pm_visa"), city.token(Role.OPERATOR)
        car = await city.car()
        asked = await city.post("/v1/trips", {"vehicle_id": str(car.vehicle_id)}, ada)
        trip = asked.headers["Location"]
        await until(lambda: _is(city, ada, "confirmation_required"))
        [payment] = (await city.get("/v1/payments", ada))["payments"]
        path = f"/v1/payments/{payment['payment_id']}/confirmation"
        confirmation, strangers = await city.get(path, ada), await city.api.get(path, headers=bob)
        [mail] = city.mails("payment_to_confirm")
        [intent_id] = stripe.intents

        early = await sends(city, stripe, stripe.intents[intent_id], "payment_intent.amount_capturable_updated")
        await city.settled()
        before = (await city.get(trip, ada))["state"]
        stripe.confirm(intent_id)
        taken = await sends(
            city, stripe, stripe.intents[intent_id], "payment_intent.amount_capturable_updated", times=2
        )
        await city.until(trip, ada, "running")
        await city.drive(car, 25, ada)
        await city.end(trip, ada)
        billed = await invoices(city, ada)
        over = await city.api.get(path, headers=ada)
        dispute_id = stripe.dispute(intent_id, "needs_response", billed[0][0])
        await sends(city, stripe, stripe.disputes[dispute_id], "charge.dispute.created")
        await city.settled()
        [job] = (await city.get("/v1/failed-jobs", operator))["jobs"]

    assert confirmation["confirm_link"] == f"https://bank.example/{intent_id}"
    assert confirmation["confirm_link"] in mail
    assert (strangers.status_code, over.status_code) == (404, 404)
    assert (early, before, taken) == ([204], "requested", [204, 204])
    assert [state for _, state in billed] == ["paid"]
    assert stripe.intents[intent_id]["amount_received"] == billed[0][0]
    assert stripe.asked.count("POST payment_intents/capture") == 1
    assert "payment.disputed" in job["error"]
    assert dispute_id in job["error"]


async def test_what_stripe_has_not_sent_is_refused(installation: Installation, stripe: StripePeer) -> None:
    async with stripe.listening(), installation.furnished() as city:
        body = stripe.event({}, "payment_intent.succeeded")
        forged = await city.api.post(WEBHOOKS, content=body, headers=signed(body, "whsec_other"))
    assert (forged.status_code, forged.json()["title"]) == (400, "Not by Stripe")


async def test_who_has_no_stripe_hears_nothing_of_it(installation: Installation) -> None:
    async with installation.furnished() as city:
        assert (await city.api.post(WEBHOOKS, content=b"{}")).status_code == 404


async def _is(city: City, member: dict[str, str], state: str) -> bool:
    return [payment["state"] for payment in (await city.get("/v1/payments", member))["payments"]] == [state]
