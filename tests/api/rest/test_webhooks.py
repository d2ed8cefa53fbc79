"""Webhooks as operators and partners reach them, and what they cannot reach."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from domain.kernel.messages import Role
from domain.webhooks.commands import Subscribe, Unsubscribe
from domain.webhooks.subscription import EventFilter
from tests.api.cli.terminal import Csbe
from tests.support.city import City

BECAUSE = ("--reason", "in the way of others")
URL = "https://acme.example/hooks"
WANTED = {"url": URL, "types": ["csbe.rental.reservation."]}


@pytest.fixture(autouse=True)
async def _no_webhooks(city: City) -> None:
    for webhook in await city.running.system.webhooks.find():
        await city.running.operators.dispatch(Unsubscribe(webhook_id=webhook.id), "the next test", webhook.service)
        await city.running.system.webhooks.take_up(webhook.id)


async def decided(city: City, own: str) -> list[tuple[str, str]]:
    """What was decided about a webhook, and by whom."""
    events = city.running.store.read(aggregate_id=UUID(own.rpartition("/")[2]))
    return [(one.topic.rpartition(".")[2], one.metadata.actor.id) async for one in events]


async def subscribed(city: City, by: dict[str, str], **wanted: object) -> str:
    answer = await city.post("/v1/webhooks", {**WANTED, **wanted}, by)
    assert answer.status_code == 201, answer.text
    return f"/v1/webhooks/{answer.json()['id']}"


async def test_a_partner_sees_its_own_webhooks_and_an_operator_those_of_the_service(city: City) -> None:
    acme, other, olga = city.token(Role.PARTNER, "acme"), city.token(Role.PARTNER, "other"), city.token(Role.OPERATOR)
    abroad = city.token(Role.OPERATOR, service="reachnow-usa")
    own = await subscribed(city, acme)
    await subscribed(city, olga, types=["csbe."])

    seen = {
        name: len((await city.get("/v1/webhooks", by))["webhooks"])
        for name, by in (("acme", acme), ("other", other), ("olga", olga), ("abroad", abroad))
    }

    assert seen == {"acme": 1, "other": 0, "olga": 2, "abroad": 0}
    for stranger in (other, abroad):
        assert (await city.api.get(own, headers=stranger)).status_code == 404
        for action, body in ACTIONS:
            for headers in (stranger, {**stranger, "If-Match": '"7"'}):
                assert (await city.post(f"{own}/{action}", body, headers)).status_code in {403, 404}
    shown = await city.get(own, acme)
    assert (shown["owner"], shown["state"], shown["personal_data"]) == ("acme", "active", False)
    assert "secret" not in str(shown)


ACTIONS: tuple[tuple[str, dict[str, Any] | None], ...] = (
    ("pause", None),
    ("resume", None),
    ("replay", {"from_position": 1}),
    ("rotate-secret", {"overlap_h": 1}),
    ("personal-data", {"allowed": True, "reason": "because"}),
    ("skip", {"position": 1, "reason": "because"}),
    ("unsubscribe", None),
)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.OPERATOR, Role.PARTNER, Role.MEMBER}))
async def test_no_other_role_has_anything_to_do_with_webhooks(city: City, role: Role) -> None:
    by = city.token(role)

    assert (await city.api.get("/v1/webhooks", headers=by)).status_code == 403
    assert (await city.post("/v1/webhooks", WANTED, by)).status_code == 403


async def test_a_partner_never_grants_itself_personal_data_and_subscribes_to_cars_and_trips_alone(city: City) -> None:
    acme, olga = city.token(Role.PARTNER, "acme"), city.token(Role.OPERATOR)
    own = await subscribed(city, acme)
    grant = {"allowed": True, "reason": "contract of today"}

    asked = [await city.post("/v1/webhooks", {**WANTED, "types": types}, acme) for types in CLOSED]
    smuggled = await city.post("/v1/webhooks", {**WANTED, "personal_data": True}, acme)
    itself = await city.post(f"{own}/personal-data", grant, acme)
    granted = await city.post(f"{own}/personal-data", grant, olga)

    assert [answer.status_code for answer in asked] == [403] * len(CLOSED)
    told = zip(CLOSED, asked, strict=True)
    assert all(f"may not have {types[-1]}: " in answer.json()["detail"] for types, answer in told)
    assert (smuggled.status_code, itself.status_code, granted.status_code) == (422, 403, 200)
    assert (await city.get(own, acme))["personal_data"] is True


CLOSED = (["csbe."], ["csbe.members."], ["csbe.fleet.", "csbe.billing.invoice."], ["csbe.members.member.registered"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://acme.example/"},
        {"url": "HTTP://acme.example/"},
        {"url": "hTtp://acme.example/"},
        {"url": "https://[fec0::1]/"},
        {"url": "https://[::1]/"},
        {"url": "HTTPS://10.0.0.1/"},
        {"url": "https://[::ffff:7f00:1]:8443/"},
        {"url": "ftp://acme.example/"},
        {"url": "https://user@acme.example/"},
        {"url": "https://acme.example/#part"},
        {"url": "https:///nowhere"},
        {"url": "https://[bad"},
        {"url": "https://acme.example:99999/"},
        {"url": "https://acme.example/\nx"},
        {"url": "https://acme..example/"},
        {"url": "https://xn--/"},
        {"url": f"https://{'a' * 64}.example/"},
        {"url": "https://256.256.256.256/"},
        {"types": []},
        {"types": ["csbe.rental.reservation.plaecd"]},
        {"types": ["*"]},
        {"subject": "all"},
        {"state": "active"},
    ],
    ids=str,
)
async def test_a_wish_that_does_not_fit_is_explained(city: City, wrong: dict[str, object]) -> None:
    answer = await city.post("/v1/webhooks", {**WANTED, **wrong}, city.token(Role.OPERATOR))

    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["errors"][0]["pointer"].startswith("#/body")


async def test_a_repeated_request_is_carried_out_once_and_a_stale_one_not_at_all(city: City) -> None:
    olga, key = city.token(Role.OPERATOR), {"Idempotency-Key": str(uuid4())}

    first, second = [await city.api.post("/v1/webhooks", json=WANTED, headers={**olga, **key}) for _ in range(2)]
    other = await city.api.post("/v1/webhooks", json={**WANTED, "url": "https://b.example/"}, headers={**olga, **key})
    own = f"/v1/webhooks/{first.json()['id']}"
    seen = (await city.api.get(own, headers=olga)).headers["ETag"]
    paused = await city.post(f"{own}/pause", None, {**olga, "If-Match": seen})
    stale = await city.post(f"{own}/resume", None, {**olga, "If-Match": seen})
    beyond = await city.post(f"{own}/replay", {"from_position": 2**40}, olga)

    assert first.json()["secret"].startswith("whsec_")
    assert (second.json()["secret"], second.json()["repeated"]) == (None, True)
    assert second.json()["id"] == first.json()["id"]
    assert (other.status_code, other.json()["type"]) == (422, "urn:csbe:problem:idempotency-key-reused")
    assert (paused.status_code, stale.status_code) == (200, 412)
    assert [v["code"] for v in beyond.json()["violations"]] == ["webhook.beyond_the_log"]
    assert int(paused.headers["X-CSBE-Position"]) > 0
    assert (await city.get(own, olga))["state"] == "paused"


async def test_a_partner_is_sent_again_what_came_after_it_subscribed_and_nothing_before(city: City) -> None:
    acme, olga = city.token(Role.PARTNER, "acme"), city.token(Role.OPERATOR)
    own = await subscribed(city, acme)
    begins = (await city.get(own, acme))["position"]

    early = [await city.post(f"{own}/replay", {"from_position": n}, acme) for n in (1, begins - 1)]
    rotated = await city.post(f"{own}/rotate-secret", {"overlap_h": 1}, acme)
    still = await city.post(f"{own}/replay", {"from_position": begins - 1}, acme)
    since = await city.post(f"{own}/replay", {"from_position": begins}, acme)
    by_operator = await city.post(f"{own}/replay", {"from_position": 1}, olga)

    for answer in (*early, still):
        assert [one["code"] for one in answer.json()["violations"]] == ["webhook.before_its_subscription"]
    assert [answer.status_code for answer in (rotated, since, by_operator)] == [200, 200, 200]


async def test_a_partner_has_so_many_webhooks_and_no_more(city: City) -> None:
    acme, other, olga = city.token(Role.PARTNER, "acme"), city.token(Role.PARTNER, "other"), city.token(Role.OPERATOR)
    quota = city.running.system.settings.webhooks_per_partner
    first, *_ = [await subscribed(city, acme) for _ in range(quota)]

    beyond = await city.post("/v1/webhooks", WANTED, acme)
    await subscribed(city, other)
    await subscribed(city, olga)
    (await city.post(f"{first}/unsubscribe", None, acme)).raise_for_status()
    instead = await city.post("/v1/webhooks", WANTED, acme)

    assert [one["code"] for one in beyond.json()["violations"]] == ["webhook.quota_reached"]
    assert instead.status_code == 201


async def test_an_end_that_is_asked_for_again_is_the_same_end(city: City) -> None:
    acme = {**city.token(Role.PARTNER, "acme"), "Idempotency-Key": str(uuid4())}
    own = await subscribed(city, city.token(Role.PARTNER, "acme"))

    first, again = [await city.api.post(f"{own}/unsubscribe", headers=acme) for _ in range(2)]

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == {**first.json(), "repeated": True}
    assert (await city.post(f"{own}/unsubscribe", None, city.token(Role.OPERATOR))).status_code == 404


async def test_a_repeated_rotation_is_one_and_tells_no_secret(city: City) -> None:
    acme, key = city.token(Role.PARTNER, "acme"), {"Idempotency-Key": str(uuid4())}
    own = await subscribed(city, acme)

    first, again = [
        (await city.api.post(f"{own}/rotate-secret", json={}, headers={**acme, **key})).json() for _ in range(2)
    ]

    assert first["secret"].startswith("whsec_")
    assert again == {**first, "secret": None, "repeated": True}
    assert [what for what, _ in await decided(city, own)] == ["subscribed", "secret_rotated"]


async def test_what_a_crash_kept_from_being_taken_up_is_there_soon(city: City) -> None:
    olga = city.token(Role.OPERATOR)
    wanted = Subscribe(webhook_id=uuid4(), url=URL, filter=EventFilter(types=("csbe.fleet.",)))

    await city.give(wanted)

    await city.until(f"/v1/webhooks/{wanted.webhook_id}", olga, "active")


async def test_where_a_receiver_is_leaves_with_no_event(city: City) -> None:
    own = await subscribed(city, city.token(Role.PARTNER, "acme"))
    history = f"/v1/history/{own.rpartition('/')[2]}"

    seen = [await city.get(path, city.token(Role.AUDITOR)) for path in (history, f"{history}/state")]

    assert seen[0]["events"][0]["facts"]["owner"] == {"role": "partner", "id": "acme"}
    assert URL not in str(seen)


async def test_an_operator_sees_and_steers_webhooks_at_the_terminal(city: City, csbe: Csbe) -> None:
    olga = city.token(Role.OPERATOR)
    own = (await subscribed(city, olga)).rpartition("/")[2]

    assert (await csbe("webhooks", "pause", own, *BECAUSE)).code == 0
    [paused] = (await csbe("webhooks", "list", "--json")).json
    replayed = await csbe("webhooks", "replay", own, "--from", "1", *BECAUSE)
    [again] = (await csbe("webhooks", "list", "--json")).json
    beyond = await csbe("webhooks", "replay", own, "--from", str(2**40), *BECAUSE)
    unskipped = await csbe("webhooks", "skip", own, "--position", "1", *BECAUSE)
    unknown = await csbe("webhooks", "resume", str(uuid4()), *BECAUSE)
    unreasoned = await csbe("webhooks", "resume", own)

    assert (paused["id"], paused["state"], replayed.code, again["position"]) == (own, "paused", 0, 0)
    assert (beyond.code, unskipped.code, unknown.code, unreasoned.code) == (2, 2, 2, 2)
    assert f"the log ends at {await city.running.store.end()}" in beyond.err
    assert "it is not stopped" in unskipped.err
    assert own in (await csbe("webhooks", "list")).out
    assert await decided(city, own) == [("subscribed", "operator"), ("paused", "olga"), ("replay_ordered", "olga")]


async def test_an_operator_ends_a_webhook_at_the_terminal(city: City, csbe: Csbe) -> None:
    acme = city.token(Role.PARTNER, "acme")
    own = await subscribed(city, acme)

    ended = await csbe("webhooks", "unsubscribe", own.rpartition("/")[2], "--by", "Igor", *BECAUSE)

    assert ended.code == 0
    assert (await csbe("webhooks", "list", "--json")).json == []
    assert (await city.api.get(own, headers=acme)).status_code == 404
    assert await decided(city, own) == [("subscribed", "acme"), ("unsubscribed", "Igor")]


async def test_a_skip_elsewhere_says_where_a_webhook_is_stopped(city: City, csbe: Csbe) -> None:
    olga = city.token(Role.OPERATOR)
    own = await subscribed(city, olga)
    await city.running.pool.execute("update csbe.followers set failed_position = 3 where name like 'webhook/%'")

    at_the_terminal = await csbe("webhooks", "skip", own.rpartition("/")[2], "--position", "1", *BECAUSE)
    by_rest = await city.post(f"{own}/skip", {"position": 1, "reason": "in the way"}, olga)

    assert "it is stopped at 3" in at_the_terminal.err
    assert "It is stopped at 3" in by_rest.json()["detail"]


async def test_the_states_of_webhooks_are_in_the_metrics(city: City) -> None:
    olga = city.token(Role.OPERATOR)
    own = await subscribed(city, olga)
    await city.post(f"{own}/pause", None, olga)

    lines = (await city.api.get("/metrics")).text.splitlines()

    assert 'csbe_webhooks{state="paused"} 1.0' in lines
    assert 'csbe_webhooks{state="active"} 0.0' in lines
    assert "csbe_webhook_lag_positions 0.0" in lines


def test_what_is_sent_is_in_the_section_webhooks_of_the_openapi_document(openapi: dict[str, Any]) -> None:
    [sent] = openapi["webhooks"].values()

    content = sent["post"]["requestBody"]["content"]

    assert content == {"application/cloudevents+json": {"schema": {"$ref": "#/components/schemas/CloudEvent"}}}
    assert {p["name"] for p in sent["post"]["parameters"]} == {
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    }
    references = set(_references(openapi))
    assert references <= {f"#/components/schemas/{name}" for name in openapi["components"]["schemas"]}


@pytest.fixture
async def openapi(city: City) -> dict[str, Any]:
    answer: httpx2.Response = await city.api.get("/openapi.json")
    document: dict[str, Any] = answer.json()
    return document


def _references(value: Any) -> Iterator[str]:
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if name == "$ref":
            yield inner
        elif isinstance(inner, dict | list):
            yield from _references(inner)


async def test_an_operator_and_a_partner_of_one_name_do_not_meet_under_one_key(city: City) -> None:
    key = {"Idempotency-Key": "the-same"}

    answers = [
        await city.api.post("/v1/webhooks", json=WANTED, headers=city.token(role, "acme") | key)
        for role in (Role.OPERATOR, Role.PARTNER) * 2
    ]

    ids = [answer.json()["id"] for answer in answers]
    assert [answer.status_code for answer in answers] == [201] * 4
    assert (ids[:2], len(set(ids))) == (ids[2:], 2)
