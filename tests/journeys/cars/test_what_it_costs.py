"""When it happened, and what it costs."""

from datetime import timedelta

import pytest

from domain.kernel.messages import Role
from tests.support.street import Street


async def test_a_trip_of_19200_euros_that_nobody_drove_is_looked_at_before_anybody_reads_a_bill(street: Street) -> None:
    """The car lost its link after ten minutes, the wish to end never came, and an agent finds it six weeks later."""
    city, car = street.city, street.car()
    member = await city.member()
    ada, bob = city.token(Role.AGENT, "ada"), city.token(Role.AGENT, "bob")
    trip = await city.start(car, member)
    await street.drive([car], 4_000)
    left_at = street.clock.now()
    await street.publish(car, "status", b"offline")
    for _ in range(43):
        street.clock.let_pass(timedelta(days=1))
        await street.passes(10, silent=[car])
    await street.settled()

    found = {"ended_at": street.clock.now().isoformat(), "reason": "found locked in a car park"}
    (await city.post(f"{trip}/force-end", found, ada)).raise_for_status()
    await street.settled()

    [charge] = (await city.get("/v1/charges?state=in_review", ada))["charges"]
    assert charge["price_minor"] > 1_900_000
    assert "charge.trip_too_long" in {reason["code"] for reason in charge["reasons"]}
    assert city.mails("invoice_issued") == []
    assert not any("EUR" in text for text in city.mails("charge_in_review") + city.mails("trip_ended_in_review"))
    [money] = await city.running.pool.fetch("select operation, amount_minor from csbe.provider_operations")
    assert (money["operation"], money["amount_minor"]) == ("hold", 3000)

    right = {"ended_at": left_at.isoformat()}
    body = {"decision": "correct", "correct": right, "reason": "the car was locked there all the time"}
    for agent in (ada, bob):  # two persons, since it is about more than 500 euros
        assert city.mails("invoice_issued") == []
        (await city.post(f"/v1/charges/{charge['charge_id']}/decision", body, agent)).raise_for_status()
        await street.settled()

    [invoice] = city.mails("invoice_issued")
    assert "EUR" in invoice
    [bill] = (await city.get("/v1/invoices", member))["invoices"]
    assert bill["state"] == "paid"
    assert bill["gross_minor"] == pytest.approx(34 * 10, abs=34 * 3)
    assert await street.is_well()


async def test_an_odometer_that_reads_0_at_the_start_of_a_car_of_1400_km_is_no_1400_km_driven(street: Street) -> None:
    city, car = street.city, street.car()
    car.odometer_m = 1_400_000
    await street.passes(60)
    car.faults = street.car("odometer-at-zero").faults
    await street.passes(60)
    member = await city.member()
    trip = await city.start(car, member)
    await street.settled()

    car.faults = []
    await street.drive([car], 3_000)
    await city.end(trip, member)
    await street.settled()

    shown = await street.summary(trip)
    [bill] = (await city.get("/v1/invoices", member))["invoices"]
    assert (shown["state"], shown["distance_m"]) == ("ended", pytest.approx(3_000, abs=100))
    assert bill["gross_minor"] < 34 * 10
    assert await street.is_well()
