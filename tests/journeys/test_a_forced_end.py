"""An agent ends a trip whose car has gone silent."""

from datetime import datetime, timedelta

import aiomqtt

from adapters.mqtt.client import client_options
from adapters.simulator.car import Car
from domain.kernel.messages import Role
from tests.adapters.mqtt.cars import vanish_with_will
from tests.journeys.hand_driven import hand_driven
from tests.support.city import City
from tests.support.installation import Installation
from tests.support.waiting import until

REASON = {"reason": "no contact in the car park, the member has sent a photo of the odometer"}


def status_of(car: Car) -> str:
    return f"csbe/v1/drivenow-europe/vehicles/{car.vin}/status"


async def known_as(city: City, car: Car, *, online: bool) -> None:
    async def known() -> bool:
        return (await city.get(f"/v1/vehicles/{car.vehicle_id}", city.token(Role.OPERATOR)))["online"] is online

    await until(known)


async def falls_silent(city: City, car: Car) -> None:
    """The car's line is cut; the broker says so in its stead."""
    await vanish_with_will(city.running.mqtt_url, status_of(car))
    await known_as(city, car, online=False)


async def speaks_again(city: City, car: Car) -> None:
    async with aiomqtt.Client(**client_options(city.running.mqtt_url)) as line:
        await line.publish(status_of(car), b"online", qos=1, retain=True)
    await known_as(city, car, online=True)


async def known_as_locked(city: City, car: Car) -> bool:
    """Whether the car has obeyed the order to lock that follows when it is heard of again."""
    shown = await city.get(f"/v1/vehicles/{car.vehicle_id}", city.token(Role.OPERATOR))
    return bool(shown["readings"]["locked"]["value"])


async def test_a_trip_with_a_silent_car_is_ended_by_an_agent_looked_at_and_charged_to_the_time_given(
    installation: Installation, city: City
) -> None:
    member, agent = await city.member(), city.token(Role.AGENT)
    async with hand_driven(city) as hand:
        trip = await hand.start(member)
        await hand.says_it_is("offline", online=False)
    installation.clock.let_pass(timedelta(minutes=40))
    wished = await city.post(f"{trip}/end", None, member)
    assert [awaited["code"] for awaited in wished.json()["awaits"]] == ["vehicle.contact_lost"]

    [driving] = (await city.get(trip, member))["phases"]
    ended_at = datetime.fromisoformat(driving["since"]) + timedelta(minutes=25)
    forced = await city.post(f"{trip}/force-end", {"ended_at": ended_at.isoformat(), **REASON}, agent)
    await city.settled()

    assert forced.status_code == 200
    assert (await city.get(trip, member))["state"] == "ended"
    assert (city.mails("trip_ended"), len(city.mails("trip_ended_in_review")), city.mails("charge_in_review")) == (
        [],
        1,
        [],
    )
    [charge] = (await city.get("/v1/charges", agent, state="in_review"))["charges"]
    assert [reason["code"] for reason in charge["reasons"]] == ["trip.end_without_evidence"]
    decision = {"decision": "approve", "reason": "the photo shows it"}
    path = f"/v1/charges/{charge['charge_id']}/decision"
    alone = await city.post(path, decision, agent)
    (await city.post(path, decision, city.token(Role.AGENT, "bob"))).raise_for_status()
    assert [violation["code"] for violation in alone.json()["violations"]] == ["charge.own_facts"]
    await city.settled()
    [invoice] = (await city.get("/v1/invoices", member))["invoices"]
    assert (invoice["gross_minor"], invoice["state"]) == (25 * 34, "paid")
    history = await city.get(f"/v1/history/{trip.rpartition('/')[2]}", city.token(Role.AUDITOR))
    assert history["events"][-1]["metadata"]["actor"] == {"role": "agent", "id": "agent"}
    assert history["events"][-1]["facts"]["forced"]
    assert "reason" not in history["events"][-1]["facts"]  # it may say something of the member


async def test_after_a_forced_end_member_and_car_are_free_for_others(city: City) -> None:
    member, other, car = await city.member(), await city.member(), await city.car()
    trip = await city.start(car, member)
    await falls_silent(city, car)

    ended_at = city.running.system.clock.now().isoformat()
    (await city.post(f"{trip}/force-end", {"ended_at": ended_at, **REASON}, city.token(Role.AGENT))).raise_for_status()

    assert (await city.get("/v1/members/me", member))["state"] == "idle"
    await speaks_again(city, car)
    await until(lambda: known_as_locked(city, car))
    await city.reserve(car, other)


async def test_a_forced_end_outside_the_limits_is_refused_with_every_rule_that_it_breaks(
    installation: Installation, city: City
) -> None:
    member, car, agent = await city.member(), await city.car(), city.token(Role.AGENT)
    trip = await city.start(car, member)
    installation.clock.let_pass(timedelta(hours=1))
    now = installation.clock.now()
    wishes = {
        "far too early": {"ended_at": (now - timedelta(hours=25)).isoformat(), "reason": "   "},
        "before the start": {"ended_at": (now - timedelta(hours=2)).isoformat(), **REASON},
        "in the future": {"ended_at": (now + timedelta(minutes=5)).isoformat(), **REASON},
    }

    refused = {wish: await city.post(f"{trip}/force-end", body, agent) for wish, body in wishes.items()}
    by_member = await city.post(f"{trip}/force-end", {"ended_at": now.isoformat(), **REASON}, member)

    codes = {wish: [violation["code"] for violation in answer.json()["violations"]] for wish, answer in refused.items()}
    assert codes == {
        "far too early": ["trip.end_without_reason", "trip.end_before_start"],
        "before the start": ["trip.end_before_start"],
        "in the future": ["trip.end_in_future"],
    }
    assert by_member.status_code == 403
    assert (await city.get(trip, member))["state"] == "running"
