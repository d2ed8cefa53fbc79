"""The same system, another service: dollars, miles, taxes on top; and nothing of the one is seen in the other."""

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest

from domain.kernel.messages import Role
from domain.rulebook.tax import STANDARD, on
from tests.support.city import City
from tests.support.installation import Installation
from tests.support.places import BERLIN, SEATTLE
from tests.support.services import REACHNOW_USA

pytestmark = pytest.mark.parametrize("place", [SEATTLE], ids=["seattle"])


async def test_a_trip_in_seattle_costs_minutes_a_fee_and_taxes_on_top(installation: Installation, city: City) -> None:
    member, car = await city.member(), await city.car()
    trip = await city.start(car, member)
    await city.drive(car, 25, member)
    installation.clock.let_pass(timedelta(minutes=11))

    await city.end(trip, member)

    [listed] = (await city.get("/v1/invoices", member))["invoices"]
    invoice = await city.get(f"/v1/invoices/{listed['invoice_id']}", member)
    lines = {line["rule_id"]: line["amount"] for line in invoice["lines"]}
    assert lines == {
        "driving": {"amount_minor": 12 * 49, "currency": "USD"},
        "shared_asset_fee": {"amount_minor": 100, "currency": "USD"},
    }
    assert {(line["tariff_id"], line["tariff_version"]) for line in invoice["lines"]} == {("reachnow-seattle", 1)}
    net = 12 * 49 + 100
    taxes = {tax["name"]: tax["amount"]["amount_minor"] for tax in invoice["taxes"]}
    assert taxes == taxes_of_seattle(net, installation)
    assert not any(tax["inclusive"] for tax in invoice["taxes"])
    assert (invoice["net_minor"], invoice["gross_minor"]) == (net, net + sum(taxes.values()))
    assert (invoice["number"], invoice["currency"], invoice["state"]) == (
        f"US-{invoice['issued_on'][:4]}-000001",
        "USD",
        "paid",
    )


async def test_the_quote_of_a_trip_in_seattle_is_in_miles_and_dollars(city: City) -> None:
    member, car = await city.member(), await city.car()

    reservation = await city.reserve(car, member)

    tariff = (await city.get(reservation, member))["tariff"]
    assert (tariff["currency"], tariff["distance_unit"]) == ("USD", "mi")


async def test_members_of_two_services_see_nothing_of_each_other(city: City) -> None:
    american, european, car = await city.member(), await city.member(of=BERLIN), await city.car()
    trip = await city.start(car, american)
    await city.end(trip, american)
    [invoice] = (await city.get("/v1/invoices", american))["invoices"]
    auditor = city.token(Role.AUDITOR, service=BERLIN.service)

    paths = (trip, f"/v1/vehicles/{car.vehicle_id}", f"/v1/invoices/{invoice['invoice_id']}")
    seen = [(await city.api.get(path, headers=european)).status_code for path in paths]
    lists = [await city.get(f"/v1/{name}", european) for name in ("trips", "reservations", "invoices")]
    near = await city.get("/v1/vehicles", european, near=f"{car.position.latitude},{car.position.longitude}")
    log = await city.get("/v1/history", auditor)
    taken = await city.post("/v1/reservations", {"vehicle_id": str(car.vehicle_id)}, european)

    assert seen == [404, 404, 404]
    assert [rows for found in lists for rows in found.values() if rows] == []
    assert near["vehicles"] == []
    assert {event["member_id"] for event in log["events"]} - {None} == {european["X-Member"]}
    assert taken.status_code == 404


def taxes_of_seattle(net_minor: int, installation: Installation) -> dict[str, int]:
    """Each tax in force today, on the net amount alone."""
    rules = on(installation.clock.now().date(), REACHNOW_USA.city("seattle").taxes)
    usual = [rule for rule in rules if STANDARD in rule.on]
    return {rule.name: int((net_minor * rule.rate).quantize(Decimal(1), ROUND_HALF_UP)) for rule in usual}
