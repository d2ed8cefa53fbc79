"""A city whose currency and miles are not those of its service."""

from datetime import timedelta

import pytest

from domain.kernel.messages import Role
from tests.support.city import City
from tests.support.installation import Installation
from tests.support.places import LONDON
from tests.support.rules import in_each, with_limit


@pytest.mark.parametrize("place", [LONDON], ids=["london"])
@pytest.mark.parametrize("texts", [with_limit("trip", "review_above", in_each("10"))], ids=["doubtful above 10"])
async def test_a_trip_in_london_is_in_pounds_and_doubtful_above_its_own_limit(
    installation: Installation, city: City
) -> None:
    for number, minutes in ((1, 12), (2, 40)):
        member, car = await city.member(), await city.car(number)
        trip = await city.start(car, member)
        await city.drive(car, 25, member)
        installation.clock.let_pass(timedelta(minutes=minutes) - timedelta(seconds=40))
        await city.end(trip, member)

    [listed] = (await city.get("/v1/invoices", city.token(Role.AGENT)))["invoices"]
    [waiting] = (await city.get("/v1/charges", city.token(Role.AGENT), state="in_review"))["charges"]

    invoice = await city.get(f"/v1/invoices/{listed['invoice_id']}", city.token(Role.AGENT))
    assert (invoice["gross_minor"], invoice["currency"], invoice["number"][:3]) == (12 * 39, "GBP", "UK-")
    [vat] = invoice["taxes"]
    assert (vat["rate"], vat["amount"]) == ("0.20", {"amount_minor": 78, "currency": "GBP"})
    assert (waiting["price_minor"], waiting["currency"]) == (40 * 39, "GBP")
