"""A member asks what a stop costs before they take it, parks, and drives on."""

from datetime import timedelta

from tests.journeys.test_money_in_doubt import codes
from tests.support.city import City
from tests.support.installation import Installation


async def test_a_member_sees_what_the_trip_costs_so_far_and_after_a_stop(
    installation: Installation, city: City
) -> None:
    ada, bob, car = await city.member(), await city.member(), await city.car()
    trip = await city.start(car, ada)
    installation.clock.let_pass(timedelta(minutes=10))

    told = await city.get(f"{trip}/cost", ada, stop_min="30")
    stranger = await city.api.get(f"{trip}/cost", headers=bob)
    (await city.post(f"{trip}/park", None, ada)).raise_for_status()
    await city.until(trip, ada, "parked")
    installation.clock.let_pass(timedelta(minutes=30))
    parked = await city.get(f"{trip}/cost", ada)
    (await city.post(f"{trip}/resume", None, ada)).raise_for_status()
    await city.until(trip, ada, "running")
    await city.drive(car, 25, ada)
    await city.end(trip, ada)
    over = await city.api.get(f"{trip}/cost", headers=ada)
    [invoice] = (await city.get("/v1/invoices", ada))["invoices"]

    so_far, after = told["so_far"]["gross"]["amount_minor"], told["after_stop"]["gross"]["amount_minor"]
    assert (so_far % 34, stranger.status_code, parked["after_stop"]) == (0, 404, None)
    assert 0 < so_far < after
    assert (
        abs(parked["so_far"]["gross"]["amount_minor"] - after) <= 2 * 34
    )  # the car took a moment to park, and each phase counts its begun minutes
    assert parked["parked_s"] >= 30 * 60
    assert (over.status_code, codes(over)) == (409, ["trip.wrong_state"])
    assert invoice["gross_minor"] >= parked["so_far"]["gross"]["amount_minor"]
