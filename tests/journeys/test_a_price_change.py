"""A price is changed while the system runs: what somebody was shown before is what they pay."""

from datetime import timedelta
from typing import Any

from adapters.rulebooks import shipped_texts
from adapters.simulator.car import Car
from domain.publishing.commands import PublishRulebook
from domain.rulebook.published import PublishedRulebook
from tests.support.city import SERVICE, City
from tests.support.installation import Installation
from tests.support.waiting import until

OLD, NEW = 34, 44
"""Cents per minute of driving in Berlin."""


def dearer() -> dict[str, str]:
    """The rules that are shipped, but for this price."""
    files = shipped_texts()[SERVICE]
    return files | {"berlin.toml": files["berlin.toml"].replace(f"rate = 0.{OLD} ", f"rate = 0.{NEW} ")}


async def per_minute(city: City, car: Car, member: dict[str, str]) -> int:
    """What driving for a minute costs whoever asks now."""
    asked = await city.post("/v1/quotes", {"vehicle_id": str(car.vehicle_id), "driving_min": 1}, member)
    asked.raise_for_status()
    gross: int = asked.json()["estimate"]["gross"]["amount_minor"]
    return gross


async def driven(city: City, installation: Installation, trip: str, member: dict[str, str]) -> dict[str, Any]:
    """The line of the invoice for ten minutes at the wheel."""
    installation.clock.let_pass(timedelta(minutes=10))
    await city.end(trip, member)
    [invoice] = (await city.get("/v1/invoices", member))["invoices"]
    lines = (await city.get(f"/v1/invoices/{invoice['invoice_id']}", member))["lines"]
    [line] = [line for line in lines if line["rule_id"] == "driving"]
    return dict(line)


async def test_a_price_is_changed_on_a_running_system_and_an_earlier_quote_keeps_its_price(
    city: City, installation: Installation
) -> None:
    ada, grace = await city.member(), await city.member()
    first, second = await city.car(1), await city.car(2)
    reservation = await city.reserve(first, ada)
    shown = await city.get(reservation, ada)
    assert await per_minute(city, second, grace) == OLD

    await city.give(PublishRulebook(files=dearer(), reason="energy costs more"))

    async def is_dearer() -> bool:
        return await per_minute(city, second, grace) == NEW

    await until(is_dearer)
    dear = await city.start(second, grace)
    begun = await city.post(
        "/v1/trips", {"vehicle_id": str(first.vehicle_id), "reservation_id": reservation.rpartition("/")[2]}, ada
    )
    cheap = f"/v1/trips/{begun.json()['id']}"
    await city.until(cheap, ada, "running")
    assert (await city.get(cheap, ada))["tariff"] == shown["tariff"] != (await city.get(dear, grace))["tariff"]

    paid = [await driven(city, installation, cheap, ada), await driven(city, installation, dear, grace)]

    cheap_cents, dear_cents = (line["amount"]["amount_minor"] for line in paid)
    assert cheap_cents in {10 * OLD, 11 * OLD}
    assert dear_cents in {20 * NEW, 21 * NEW}
    assert len(await city.told(PublishedRulebook.Published.TOPIC)) == len(shipped_texts()) + 1
