"""Wrong, hostile and foreign requests: a clear problem document, and nothing written."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.auth import TokenAuthority
from domain.kernel.messages import Role
from tests.support.city import SERVICE, City

ADA = {"city_id": "berlin", "name": "Ada", "email": "ada@example.org", "birth_date": "1990-05-17"}


def kind(answer: httpx2.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    return str(answer.json()["type"]).removeprefix("urn:csbe:problem:")


@pytest.mark.parametrize(
    ("content", "status", "expected"),
    [
        (b"", 422, "invalid-input"),
        (b"{bad", 400, "malformed-json"),
        (b'{"name": "\xff"}', 400, "malformed-json"),
        (b"[" * 60_000, 400, "malformed-json"),
        (b"[1, 2]", 422, "invalid-input"),
        (b'{"city_id": "berlin", "surprise": 1}', 422, "invalid-input"),
        (
            b'{"city_id": "berlin", "name": "A\\u0000", "email": "a@example.org", "birth_date": "1990-01-01"}',
            422,
            "invalid-input",
        ),
        (b'{"name": "' + b"x" * 70_000 + b'"}', 413, "too-large"),
    ],
    ids=["nothing", "broken", "not UTF-8", "too deep", "another shape", "unknown field", "the character NUL", "huge"],
)
async def test_a_wrong_body_is_explained_and_writes_nothing(
    city: City, content: bytes, status: int, expected: str
) -> None:
    before = await city.running.store.end()
    headers = {"Content-Type": "application/json", "Idempotency-Key": "1"}

    answer = await city.api.post("/v1/members", content=content, headers=headers)

    assert (answer.status_code, kind(answer)) == (status, expected)
    assert await city.running.store.end() == before


async def test_every_wrong_field_is_named_by_a_pointer(city: City) -> None:
    body = {"vin": "tooshort", "plate": "B", "make": "BMW", "model": "i3", "propulsion": "steam", "city_id": "berlin"}

    answer = await city.post("/v1/vehicles", body, city.token(Role.OPERATOR))

    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/body/propulsion", "#/body/vin"]


WEBHOOK = {"url": "https://acme.example/hooks", "types": ["csbe.rental.trip.ended"]}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"types": ["nope"]}, {"#/body/types/0": "Name a type of event, such as"}),
        ({"types": []}, {"#/body/types": "Give at least 1."}),
        ({"types": ["csbe."] * 51}, {"#/body/types": "Give at most 50."}),
        ({"types": "csbe."}, {"#/body/types": "Write a list."}),
        ({"url": "ftp://acme.example"}, {"#/body/url": "Must be a URL such as https://partner.example/csbe"}),
        ({"url": "ftp://a", "types": ["nope"]}, {"#/body/url": "Must be a URL", "#/body/types/0": "Name a type"}),
    ],
    ids=str,
)
async def test_what_is_wrong_is_said_once_and_in_the_words_of_json(
    city: City, wrong: dict[str, object], said: dict[str, str]
) -> None:
    answer = await city.post("/v1/webhooks", {**WEBHOOK, **wrong}, city.token(Role.OPERATOR))

    found = {error["pointer"]: error["detail"] for error in answer.json()["errors"]}
    assert found.keys() == said.keys()
    assert all(found[pointer].startswith(words) for pointer, words in said.items()), found


async def test_a_body_that_is_no_object_is_told_so(city: City) -> None:
    answer = await city.post("/v1/webhooks", [], city.token(Role.OPERATOR))  # type: ignore[arg-type] # on purpose

    assert answer.json()["errors"] == [{"pointer": "#/body", "detail": "Write an object."}]


async def test_a_command_without_a_key_is_refused(city: City) -> None:
    answer = await city.api.post("/v1/members", json=ADA)

    assert (answer.status_code, kind(answer)) == (400, "bad-request")
    assert "Idempotency-Key" in answer.json()["detail"]


async def test_a_key_used_for_something_else_is_refused(city: City) -> None:
    member = await city.member()
    cars = [{"vehicle_id": str(car.vehicle_id)} for car in city.cars]
    headers = {"Idempotency-Key": "mine", **member}
    first = await city.api.post("/v1/reservations", json=cars[0], headers=headers)

    again = await city.api.post("/v1/reservations", json=cars[0], headers=headers)
    other = await city.api.post("/v1/reservations", json=cars[1], headers=headers)

    assert again.json() == {**first.json(), "repeated": True}
    assert (other.status_code, kind(other)) == (422, "idempotency-key-reused")


async def test_nobody_without_a_good_token_gets_in(city: City) -> None:
    system = city.running.system
    now = system.clock.now()
    expired = system.tokens.issue(
        Role.AGENT, "a", service=SERVICE, at=now - timedelta(hours=2), expires_in=timedelta(hours=1)
    )
    foreign = TokenAuthority(Ed25519PrivateKey.generate()).issue(
        Role.AGENT, "a", service=SERVICE, at=now, expires_in=timedelta(hours=1)
    )
    headers: list[dict[str, Any]] = [
        {},
        *({"Authorization": f"Bearer {token}"} for token in (expired, foreign, "no token at all")),
    ]

    answers = [await city.api.get("/v1/trips", headers=each) for each in headers]

    assert [(answer.status_code, kind(answer)) for answer in answers] == [(401, "unauthorized")] * 4


async def test_a_role_may_do_only_what_its_scopes_say(city: City) -> None:
    member = await city.member()

    history = await city.api.get("/v1/history", headers=member)
    block = await city.post(f"/v1/members/{member['X-Member']}/block", {"reason": "for fun"}, member)
    reserve = await city.post("/v1/reservations", {"vehicle_id": str(uuid4())}, city.token(Role.AUDITOR))

    assert [answer.status_code for answer in (history, block, reserve)] == [403, 403, 403]


async def test_what_belongs_to_another_member_is_not_there(city: City) -> None:
    owner, other = await city.member(), await city.member()
    car = await city.car()
    mine = (await city.post("/v1/reservations", {"vehicle_id": str(car.vehicle_id)}, owner)).json()["id"]
    before = await city.running.store.end()

    seen = await city.api.get(f"/v1/reservations/{mine}", headers=other)
    cancelled = await city.post(f"/v1/reservations/{mine}/cancel", None, other)
    account = await city.api.get(f"/v1/members/{owner['X-Member']}", headers=other)
    listed = await city.api.get("/v1/reservations", headers=other)

    assert [answer.status_code for answer in (seen, cancelled, account)] == [404, 404, 404]
    assert listed.json()["reservations"] == []
    assert await city.running.store.end() == before


async def test_a_refusal_names_every_rule_at_once(city: City) -> None:
    (await city.post("/v1/members", ADA, {})).raise_for_status()
    car, headers = await city.car(), await city.log_in(ADA["email"])

    answer = await city.post("/v1/reservations", {"vehicle_id": str(car.vehicle_id)}, headers)

    assert (answer.status_code, kind(answer)) == (409, "refused")
    codes = {violation["code"] for violation in answer.json()["violations"]}
    assert codes == {"member.licence_missing", "member.no_payment_method"}


async def test_an_unknown_address_and_a_wrong_method_are_problems_too(city: City) -> None:
    missing = await city.api.get("/v1/nothing")
    method = await city.api.delete("/v1/trips")

    assert (missing.status_code, kind(missing)) == (404, "not-found")
    assert (method.status_code, kind(method)) == (405, "method-not-allowed")


async def test_the_process_says_whether_it_is_well(city: City) -> None:
    ready = await city.api.get("/readyz")
    metrics = await city.api.get("/metrics")
    keys = await city.api.get("/.well-known/jwks.json")

    states = {name: part["state"] for name, part in ready.json()["parts"].items()}
    parts = ("database", "writes", "broker", "ingest", "projections", "policies", "jobs", "webhooks", "mail", "loops")
    assert (ready.json()["status"], states) == ("ready", dict.fromkeys(parts, "ok"))
    assert 'csbe_commands_total{command="fleet.commission_vehicle",result="done"}' in metrics.text
    assert 'csbe_projection_lag_positions{follower="policies"}' in metrics.text
    assert "csbe_policy_jobs_failed 0.0" in metrics.text
    assert keys.json()["keys"][0]["crv"] == "Ed25519"


async def test_a_body_sent_in_pieces_is_refused_when_it_grows_too_large(city: City) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 1024

    answer = await city.api.post("/v1/members", content=pieces(), headers={"Idempotency-Key": "1"})

    assert (answer.status_code, kind(answer)) == (413, "too-large")


AMOUNTS = ("0", "-1", "1e400", "1e18", "9" * 400, "NaN", "true", '"100"', '"1_0"', "0.5", "[1]")


async def test_an_amount_that_is_none_is_refused_before_anything_is_looked_for(city: City) -> None:
    agent = city.token(Role.AGENT)
    some = "8d1191a4-9167-4e4d-bdf6-315c9c17a282"
    credit = '{"reason": "dirty", "currency": "EUR", "amount_minor": %s}'
    correction = '{"reason": "photo", "decision": "correct", "correct": {"distance_m": %s}}'

    answers = {}
    for amount in AMOUNTS:
        for path, body in ((f"invoices/{some}/credit-notes", credit), (f"charges/{some}/decision", correction)):
            headers = {**agent, "Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
            sent = await city.api.post(f"/v1/{path}", content=(body % amount).encode(), headers=headers)
            answers[path, amount] = sent.status_code

    possible = {(f"charges/{some}/decision", "0"): 404}  # a car may not have moved
    assert answers == dict.fromkeys(answers, 422) | possible
