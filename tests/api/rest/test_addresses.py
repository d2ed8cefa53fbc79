"""What is made has an id and an address of its own, and what is another's is not there, as if it had never been."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from domain.kernel.messages import Role
from tests.api.rest.test_openapi import DOCUMENT, OPERATIONS, ROUTES, models, scopes_of
from tests.support.city import City

MARKET_SQUARE = [[[[13.34, 52.51], [13.37, 52.51], [13.37, 52.52], [13.34, 52.51]]]]
NEW_CAR = {
    "vin": "WBAZZZ00000088888", "plate": "B-NEW 1", "make": "BMW", "model": "BMW i3", "propulsion": "electric",
    "city_id": "berlin",
}  # fmt: skip
IN_THE_WAY_OF_NOBODY = "8d1191a4-9167-4e4d-bdf6-315c9c17a282"


def creating() -> set[str]:
    return {name for name, operation in OPERATIONS.items() if "201" in operation["responses"]}


def test_whatever_is_made_can_be_asked_for() -> None:
    shown = {re.sub(r"\{\w+\}", "{}", name) for name in OPERATIONS}

    for name in creating():
        collection = re.sub(r"\{\w+\}", "{}", name.removeprefix("POST "))
        assert {f"GET {collection}/{{}}", f"GET /v1/{collection.rpartition('/')[2]}/{{}}"} & shown, name
        assert "Location" in OPERATIONS[name]["responses"]["201"]["headers"]


async def test_whatever_is_made_is_answered_with_its_own_id_and_address(city: City) -> None:
    member, agent, operator = await city.member(), city.token(Role.AGENT), city.token(Role.OPERATOR)
    car, me = await city.car(1), member["X-Member"]
    ended = await city.start(await city.car(2), member)
    await city.drive(await city.car(2), 25, operator)
    await city.end(ended, member)
    [invoice] = (await city.get("/v1/invoices", member))["invoices"]
    zone = {"city_id": "berlin", "kind": "no_parking", "name": "market", "polygons": MARKET_SQUARE}
    ada = {"city_id": "berlin", "name": "Eve", "email": "eve@example.org", "birth_date": "1990-05-17"}
    card = {"token": "tok_visa", "brand": "visa", "expires_on": "2039-12-31"}
    hook = {"url": "https://acme.example/hooks", "types": ["csbe.rental.trip.ended"]}
    vehicle = {"vehicle_id": str(car.vehicle_id)}
    mandate = {"city_id": "berlin", "iban": "DE89370400440532013000", "holder": "Ada Ek", "signed_on": "2026-01-02"}
    fine = {
        "fee": "traffic_offence",
        "happened_at": city.running.system.clock.now().isoformat(),
        "evidence": [{"kind": "letter", "reference": "Az. 1"}],
        "reason": "fine of Berlin",
    }
    begins = city.running.system.clock.now() + timedelta(days=1)
    period = {"booked_from": begins.isoformat(), "booked_until": (begins + timedelta(hours=3)).isoformat()}
    photo = {"sha256": "5f" * 32, "taken_at": fine["happened_at"]}
    scratch = {"kind": "scratch", "place": "left", "photos": [photo]}
    running = await city.start(await city.car(3), await city.member())
    found = {"vehicle_id": str((await city.car(2)).vehicle_id), "found_at": fine["happened_at"], **scratch}
    damage = (await city.post("/v1/damages", found, operator)).json()["id"]
    cost = {"amount": {"amount_minor": 100, "currency": "EUR"}, "evidence": fine["evidence"], "reason": "a scratch"}
    asked: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
        "POST /v1/reservations": ("", vehicle, member),
        "POST /v1/scheduled-reservations": ("", {**vehicle, **period}, member),
        "POST /v1/trips": ("", vehicle, member),
        "POST /v1/members": ("", ada, {}),
        "POST /v1/members/{member_id}/payment-methods": (me, card, member),
        "POST /v1/members/{member_id}/mandates": (me, mandate, member),
        "POST /v1/vehicles": ("", NEW_CAR, operator),
        "POST /v1/zones": ("", zone, operator),
        "POST /v1/tasks": ("", {**vehicle, "kind": "clean", "reason": "sand on the seats"}, operator),
        "POST /v1/invoices/{invoice_id}/credit-notes": (invoice["invoice_id"], {"reason": "car was dirty"}, agent),
        "POST /v1/trips/{trip_id}/charges": (ended.rpartition("/")[2], fine, agent),
        "POST /v1/members/{member_id}/products": (me, {"city_id": "berlin", "product": "minutes_500"}, member),
        "POST /v1/damages": ("", found, operator),
        "POST /v1/trips/{trip_id}/damages": (running.rpartition("/")[2], scratch, agent),
        "POST /v1/damages/{damage_id}/charges": (damage, {"trip_id": ended.rpartition("/")[2], **cost}, agent),
        "POST /v1/webhooks": ("", hook, operator),
    }
    assert asked.keys() == creating()

    for name, (id, body, headers) in asked.items():
        made = await city.post(re.sub(r"\{\w+\}", id, name.removeprefix("POST ")), body, headers)
        if name == "POST /v1/reservations":
            (await city.post(f"{made.headers['Location']}/cancel", None, member)).raise_for_status()
        by = agent if name == "POST /v1/members" else headers
        shown = await city.api.get(made.headers["Location"], headers=by)

        assert (made.status_code, shown.status_code) == (201, 200), (name, made.text, shown.text)
        assert made.json()["id"] in {made.headers["Location"].rpartition("/")[2]} & set(map(str, shown.json().values()))


async def test_a_credit_that_waits_for_a_second_person_has_made_nothing_yet(city: City) -> None:
    member, operator = await city.member(), city.token(Role.OPERATOR)
    trip = await city.start(await city.car(), member)
    await city.drive(await city.car(), 25, operator)
    await city.end(trip, member)
    [invoice] = (await city.get("/v1/invoices", member))["invoices"]
    path, why = f"/v1/invoices/{invoice['invoice_id']}/credit-notes", {"reason": "car was dirty"}

    done = await city.post(path, why, city.token(Role.AGENT, "agent-1"))

    note = f"/v1/credit-notes/{done.json()['id']}"
    assert (done.status_code == 202) is done.json()["proposed"]
    assert ("Location" in done.headers) is not done.json()["proposed"]
    assert (await city.api.get(note, headers=member)).status_code == (404 if done.json()["proposed"] else 200)


async def things_of(city: City, member: dict[str, str]) -> dict[str, str]:
    """One thing of each kind that a member has, by the name that routes and bodies have for its id."""
    operator, me = city.token(Role.OPERATOR), member["X-Member"]
    driven, kept = await city.car(1), await city.car(2)
    trip = await city.start(driven, member)
    await city.drive(driven, 25, operator)
    await city.end(trip, member)
    [invoice] = (await city.get("/v1/invoices", member))["invoices"]
    credit = f"/v1/invoices/{invoice['invoice_id']}/credit-notes"
    note = await city.post(credit, {"reason": "car was dirty"}, city.token(Role.AGENT))
    await city.settled()
    [card] = (await city.get(f"/v1/members/{me}", member))["payment_methods"]
    payments = (await city.get("/v1/payments", member))["payments"]
    gift = {"city_id": "berlin", "product": "refuelled", "reason": "receipt of the pump"}
    given = await city.post(f"/v1/members/{me}/gifts", gift, city.token(Role.AGENT))
    [charge] = (await city.get("/v1/charges", member))["charges"]
    begins = city.running.system.clock.now() + timedelta(days=1)
    period = {"booked_from": begins.isoformat(), "booked_until": (begins + timedelta(hours=3)).isoformat()}
    promised = await city.post(
        "/v1/scheduled-reservations", {"vehicle_id": str((await city.car(3)).vehicle_id), **period}, member
    )
    mandate = {"city_id": "berlin", "iban": "DE89370400440532013000", "holder": "Ada Ek", "signed_on": "2026-01-02"}
    signed = await city.post(f"/v1/members/{me}/mandates", mandate, member)
    return {
        "mandate_id": signed.json()["id"],
        "charge_id": charge["charge_id"],
        "entry_id": given.json()["id"],
        "member_id": me,
        "method_id": card["method_id"],
        "trip_id": trip.rpartition("/")[2],
        "scheduled_reservation_id": promised.json()["id"],
        "reservation_id": (await city.reserve(kept, member)).rpartition("/")[2],
        "invoice_id": invoice["invoice_id"],
        "credit_note_id": note.json()["id"],
        "payment_id": payments[0]["payment_id"],
    }


OPEN_TO_MEMBERS = sorted(name for name, route in ROUTES.items() if {"own:read", "own:write"} & set(scopes_of(route)))


def example_of(name: str) -> dict[str, Any] | None:
    for model in models(ROUTES[name]):
        if ROUTES[name].body_field is not None and model is not ROUTES[name].response_model:
            found: dict[str, Any] = model.model_json_schema()["examples"][0]
            return found
    return None


async def ask(
    city: City, name: str, ids: dict[str, str], headers: dict[str, str], in_body: str | None = None
) -> httpx2.Response:
    method, template = name.split(" ")
    path = re.sub(r"\{(\w+)\}", lambda found: ids[found[1]], template)
    body = example_of(name)
    if body is not None and "vehicle_id" in body:
        body["vehicle_id"] = str((await city.car(2)).vehicle_id)
    if body is not None and in_body:
        body = {**body, in_body: ids[in_body]}
    if method == "GET":
        return await city.api.get(path, headers=headers)
    return await city.post(path, body, headers)


def ids_in_body(name: str) -> list[str]:
    reference = OPERATIONS[name].get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    named = DOCUMENT["components"]["schemas"].get(reference.get("$ref", "").rpartition("/")[2], {})
    return [
        field
        for field in named.get("properties", {})
        if field.endswith("_id") and field not in {"vehicle_id", "city_id", "zone_id"}
    ]


async def test_what_is_anothers_is_answered_as_what_there_never_was(city: City) -> None:
    owner, other = await city.member(), await city.member() | {"X-Request-Id": "the-same"}
    theirs = await things_of(city, owner)
    nobodys = {name: str(uuid4()) for name in theirs}
    before = await city.running.store.end()

    def without_ids(answer: httpx2.Response) -> tuple[int, str]:
        text = answer.text
        for id in (*theirs.values(), *nobodys.values()):
            text = text.replace(id, "...")
        return answer.status_code, text

    tried = 0
    for name in OPEN_TO_MEMBERS:
        for place in [None, *ids_in_body(name)] if "{" in name else ids_in_body(name):
            foreign = without_ids(await ask(city, name, theirs, other, place))
            unknown = without_ids(await ask(city, name, nobodys, other, place))

            assert foreign == unknown, name
            assert foreign[0] in ({404} if place != "member_id" else {403, 404}), name
            tried += 1
    assert tried > 15
    assert await city.running.store.end() == before


@pytest.mark.parametrize("name", OPEN_TO_MEMBERS)
def test_every_id_in_a_members_route_is_of_a_kind_that_is_tried(name: str) -> None:
    kinds = {"member_id", "method_id", "trip_id", "reservation_id", "scheduled_reservation_id"}
    kinds |= {"charge_id", "entry_id", "invoice_id", "credit_note_id", "payment_id", "mandate_id"}

    assert {*re.findall(r"\{(\w+)\}", name), *ids_in_body(name)} <= kinds
