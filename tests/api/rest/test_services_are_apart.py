"""What belongs to one service is not there for another: neither to read nor to change."""

from datetime import timedelta
from uuid import uuid4

import pytest

from domain.kernel.messages import Role
from tests.support.city import City

ELSEWHERE = "reachnow-usa"
NOBODY = "8d1191a4-9167-4e4d-bdf6-315c9c17a282"


def foreign(city: City, role: Role, subject: str = "") -> dict[str, str]:
    system = city.running.system
    token = system.tokens.issue(
        role, subject or role.value, service=ELSEWHERE, at=system.clock.now(), expires_in=timedelta(hours=1)
    )
    return {"Authorization": f"Bearer {token}"}


async def test_another_services_staff_reads_nothing_and_changes_nothing(city: City) -> None:
    member, car, idle = await city.member(), await city.car(1), await city.car(2)
    vehicle = {"vehicle_id": str(car.vehicle_id)}
    reservation = (await city.post("/v1/reservations", vehicle, member)).json()["id"]
    started = await city.post("/v1/trips", {**vehicle, "reservation_id": reservation}, member)
    trip = started.json()["id"]
    await city.until(f"/v1/trips/{trip}", member, "running")
    await city.settled()
    before = await city.running.store.end()
    agent, operator = foreign(city, Role.AGENT), foreign(city, Role.OPERATOR)
    me, reason = member["X-Member"], {"reason": "not my member"}
    end = {"ended_at": city.running.system.clock.now().isoformat(), **reason}

    answers = {
        "read member": await city.api.get(f"/v1/members/{me}", headers=agent),
        "read reservation": await city.api.get(f"/v1/reservations/{reservation}", headers=agent),
        "read trip": await city.api.get(f"/v1/trips/{trip}", headers=agent),
        "read car": await city.api.get(f"/v1/vehicles/{car.vehicle_id}", headers=operator),
        "block": await city.post(f"/v1/members/{me}/block", reason, agent),
        "cancel": await city.post(f"/v1/reservations/{reservation}/cancel", None, agent),
        "park": await city.post(f"/v1/trips/{trip}/park", None, agent),
        "end": await city.post(f"/v1/trips/{trip}/end", None, agent),
        "force end": await city.post(f"/v1/trips/{trip}/force-end", end, agent),
        "withdraw": await city.post(f"/v1/vehicles/{idle.vehicle_id}/out-of-service", reason, operator),
        "start for": await city.post("/v1/trips", {"vehicle_id": str(idle.vehicle_id), "member_id": me}, agent),
    }

    assert {what: answer.status_code for what, answer in answers.items()} == dict.fromkeys(answers, 404)
    assert await city.running.store.end() == before


async def test_a_members_token_for_another_service_opens_nothing(city: City) -> None:
    member = await city.member()

    answer = await city.api.get("/v1/members/me", headers=foreign(city, Role.MEMBER, member["X-Member"]))

    assert answer.status_code == 404


async def test_an_invoice_is_credited_by_its_own_services_agents_only(city: City) -> None:
    member, car = await city.member(), await city.car()
    started = (await city.post("/v1/trips", {"vehicle_id": str(car.vehicle_id)}, member)).json()["id"]
    await city.until(f"/v1/trips/{started}", member, "running")
    await city.drive(car, 25, member)
    (await city.post(f"/v1/trips/{started}/end", None, member)).raise_for_status()
    await city.until(f"/v1/trips/{started}", member, "ended")
    await city.settled()
    [invoice] = (await city.api.get("/v1/invoices", headers=member)).json()["invoices"]
    credit = f"/v1/invoices/{invoice['invoice_id']}/credit-notes"

    refused = await city.post(credit, {"reason": "not mine to give"}, foreign(city, Role.AGENT))
    granted = await city.post(credit, {"reason": "car was dirty"}, city.token(Role.AGENT))
    await city.settled()
    notes = (await city.api.get("/v1/credit-notes", headers=member)).json()["credit_notes"]
    elsewhere = (await city.api.get("/v1/credit-notes", headers=foreign(city, Role.AGENT))).json()["credit_notes"]

    assert (refused.status_code, granted.status_code) == (404, 201)
    assert [(n["invoice_id"], n["gross_minor"]) for n in notes] == [(invoice["invoice_id"], invoice["gross_minor"])]
    assert elsewhere == []


async def test_the_same_key_of_the_same_name_in_two_services_is_two_commands(city: City) -> None:
    car = await city.car()
    path, key = f"/v1/vehicles/{car.vehicle_id}/out-of-service", {"Idempotency-Key": str(uuid4())}
    body = {"reason": "needs new tyres"}
    first = await city.api.post(path, json=body, headers={**key, **city.token(Role.OPERATOR)})

    second = await city.api.post(path, json=body, headers={**key, **foreign(city, Role.OPERATOR)})

    assert (first.status_code, second.status_code) == (200, 404)


@pytest.mark.parametrize("path", ["/v1/members/me", "/v1/trips", "/v1/reservations", "/v1/invoices"])
async def test_a_members_token_without_a_members_id_is_no_token(city: City, path: str) -> None:
    answer = await city.api.get(path, headers=city.token(Role.MEMBER, "not-an-id"))

    assert answer.status_code == 401


@pytest.mark.parametrize(
    "query",
    ["/v1/vehicles?near=999,999", "/v1/vehicles?near=" + "9" * 400 + ",1", "/v1/vehicles?city_id=%00"],
)
async def test_a_query_out_of_bounds_is_explained(city: City, query: str) -> None:
    answer = await city.api.get(query, headers=city.token(Role.OPERATOR))

    assert answer.status_code == 422


@pytest.mark.parametrize("query", ["/v1/history?cursor=", f"/v1/history/{NOBODY}/state?position="])
async def test_a_position_beyond_the_log_is_explained(city: City, query: str) -> None:
    answer = await city.api.get(f"{query}{2**70}", headers=city.token(Role.AUDITOR))

    assert answer.status_code == 422
