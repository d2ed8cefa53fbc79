"""Who is billed by the month gets one invoice for all trips, once the month is over."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from api.months import Run
from domain.kernel.messages import Role
from tests.api.cli.terminal import Csbe, csbe
from tests.journeys.test_money_in_doubt import driven
from tests.support.city import City
from tests.support.installation import Installation
from tests.support.rules import with_limit

__all__ = ["csbe"]

monthly = pytest.mark.parametrize("texts", [with_limit("billing", "invoices", '"monthly"')], ids=["monthly"])


@pytest.fixture
async def city(csbe: Csbe, installation: Installation) -> AsyncIterator[City]:
    """The terminal is on the same database as all that runs."""
    del csbe
    async with installation.started() as city:
        yield city


@monthly
async def test_two_trips_wait_for_the_end_of_their_month_and_stand_on_one_invoice(
    installation: Installation, city: City, csbe: Csbe
) -> None:
    member = await city.member("tok_visa")
    for number in (1, 2):
        await driven(installation, city, member, minutes=10, number=number)
    await city.settled()
    waiting = (await city.get("/v1/charges", member, state="waiting"))["charges"]
    assert len(waiting) == 2
    assert (await city.get("/v1/invoices", member))["invoices"] == []
    month = waiting[0]["supplied_on"][:7]

    early = await csbe("invoices", "run", "--month", month, "--reason", "too early", "--by", "Olga", "--json")
    assert (early.code, early.json["invoices"], early.json["refused"][0]["why"]) == (2, 0, "invoice.month_not_over")

    installation.clock.let_pass(timedelta(days=32))
    run = Run(city.running.system, "drivenow-europe", month, by="Olga", reason="the month is over")
    assert (await run.carry_out()).invoices == 1
    await city.settled()
    agent = city.token(Role.AGENT)
    [listed] = (await city.get("/v1/invoices", agent))["invoices"]
    shown = await city.get(f"/v1/invoices/{listed['invoice_id']}", agent)
    assert {one["charge_id"] for one in shown["charges"]} == {one["charge_id"] for one in waiting}
    assert shown["gross_minor"] == sum(one["price_minor"] for one in waiting)
    assert listed["state"] == "paid"
    [trip] = (await city.get("/v1/invoices", agent, subject_id=waiting[0]["subject_id"]))["invoices"]
    assert trip["invoice_id"] == listed["invoice_id"]
