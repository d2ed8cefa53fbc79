"""One member's way through the whole system, over HTTP and MQTT."""

from uuid import UUID

from domain.fleet.commands import DefineZone
from domain.fleet.zones import ZoneKind
from domain.invariants import audit
from domain.kernel.ids import ZoneId
from domain.kernel.messages import Role
from tests.support.city import City

ALEX_BLOCK = ((((13.40, 52.51), (13.43, 52.51), (13.43, 52.53), (13.40, 52.53), (13.40, 52.51)),),)


async def test_a_member_reserves_drives_parks_ends_and_is_invoiced(city: City) -> None:
    member, car = await city.member(), await city.car()
    vehicle = {"vehicle_id": str(car.vehicle_id)}

    reserved = (await city.post("/v1/reservations", vehicle, member)).json()
    started = (await city.post("/v1/trips", {**vehicle, "reservation_id": reserved["id"]}, member)).json()
    trip = f"/v1/trips/{started['id']}"
    await city.until(trip, member, "running")
    assert [car.locked] == [False]
    await city.drive(car, 25, member)

    (await city.post(f"{trip}/park", None, member)).raise_for_status()
    await city.until(trip, member, "parked")
    assert car.locked
    (await city.post(f"{trip}/resume", None, member)).raise_for_status()
    await city.until(trip, member, "running")

    (await city.post(f"{trip}/end", None, member)).raise_for_status()
    await city.until(trip, member, "ended")
    await city.settled()

    invoices = (await city.api.get("/v1/invoices", params={"subject_id": started["id"]}, headers=member)).json()[
        "invoices"
    ]
    number = f"DE-{invoices[0]['issued_at'][:4]}-000001"
    assert [(i["number"], i["state"]) for i in invoices] == [(number, "paid")]
    whole = (await city.api.get(f"/v1/invoices/{invoices[0]['invoice_id']}", headers=member)).json()
    assert sum(line["amount"]["amount_minor"] for line in whole["lines"]) == whole["gross_minor"]
    assert {line["tariff_version"] for line in whole["lines"]}

    history = (await city.api.get(f"/v1/history/{started['id']}", headers=city.token(Role.AUDITOR))).json()["events"]
    told = [event["type"] for event in history]
    assert told[0] == "rental.trip.requested"
    assert told[-1] == "rental.trip.ended"
    assert history[0]["metadata"]["actor"] == {"role": "member", "id": member["X-Member"]}
    whole = {event["metadata"]["correlation_id"] for event in history[: told.index("rental.trip.start_confirmed") + 1]}
    assert whole == {history[0]["metadata"]["correlation_id"]}
    assert all(event["metadata"]["causation_id"] for event in history if event["metadata"]["actor"]["role"] == "system")
    state = await city.api.get(f"/v1/history/{member['X-Member']}/state", headers=city.token(Role.AUDITOR))
    [method] = state.json()["state"]["payment_methods"]
    assert "brand" not in method
    seen_by_member = (await city.api.get(trip, headers=member)).text
    seen_by_auditor = f"{history} {state.text}"
    assert "tok_visa" not in seen_by_member + seen_by_auditor
    assert not [about_ada for about_ada in ("1990-05-17", "latitude", "Ada", "visa") if about_ada in seen_by_auditor]
    assert not any(result.broken for result in (await audit(city.running.store.read())).values())


async def test_a_car_cannot_be_left_where_parking_is_forbidden(city: City) -> None:
    member, car = await city.member(), await city.car()
    started = (await city.post("/v1/trips", {"vehicle_id": str(car.vehicle_id)}, member)).json()
    trip = f"/v1/trips/{started['id']}"
    await city.until(trip, member, "running")
    await city.give(
        DefineZone(
            zone_id=ZoneId(UUID(int=2)), city_id="berlin", kind=ZoneKind.NO_PARKING, name="Alex", polygons=ALEX_BLOCK
        )
    )
    await city.settled()
    await city.running.refresh_zones()
    await city.drive(car, 25, member)

    refused = await city.post(f"{trip}/end", None, member)

    assert refused.status_code == 409
    assert "trip.end_in_no_parking_zone" in [v["code"] for v in refused.json()["violations"]]


async def test_a_declined_card_starts_nothing_and_costs_nothing(city: City) -> None:
    member, car = await city.member(card="tok_decline"), await city.car()

    started = (await city.post("/v1/trips", {"vehicle_id": str(car.vehicle_id)}, member)).json()
    failed = await city.until(f"/v1/trips/{started['id']}", member, "start_failed")
    await city.settled()

    listed = (await city.get("/v1/trips", city.token(Role.AGENT)))["trips"]
    assert [failed["reason"], *(trip["reason"] for trip in listed)] == ["payment_declined", "payment_declined"]
    assert (len(city.mails("trip_start_unpaid")), city.mails("trip_start_failed")) == (1, [])

    account = (await city.api.get("/v1/members/me", headers=member)).json()
    assert account["state"] == "idle"
    assert car.locked
    assert (await city.api.get("/v1/invoices", headers=member)).json()["invoices"] == []
