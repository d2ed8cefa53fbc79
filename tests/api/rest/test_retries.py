"""The same request again: one thing is made, whoever asks twice or at once; two people who choose one key make two."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2

from domain.kernel.messages import Role
from tests.support.city import City
from tests.support.installation import Installation


async def invoice_of_a_trip(city: City, installation: Installation, member: dict[str, str]) -> dict[str, Any]:
    trip = await city.start(await city.car(), member)
    installation.clock.let_pass(timedelta(minutes=20))
    await city.end(trip, member)
    [invoice] = (await city.get("/v1/invoices", member))["invoices"]
    return dict(invoice)


async def test_two_agents_who_credit_an_invoice_under_the_same_key_both_do(
    city: City, installation: Installation
) -> None:
    member = await city.member()
    invoice = await invoice_of_a_trip(city, installation, member)
    path, key = f"/v1/invoices/{invoice['invoice_id']}/credit-notes", {"Idempotency-Key": "case-17"}
    body = {"amount_minor": 100, "currency": "EUR", "reason": "the car was dirty"}

    answers = [
        await city.api.post(path, json=body, headers={**key, **city.token(Role.AGENT, agent)})
        for agent in ("agnes", "agnes", "bert")
    ]
    await city.settled()

    first, again, other = (answer.json()["id"] for answer in answers)
    assert first == again != other
    shown = await city.get(f"/v1/invoices/{invoice['invoice_id']}", member)
    assert shown["credited_minor"] == 200


async def test_retries_at_the_same_time_are_all_told_of_the_first_ones_reservation(city: City) -> None:
    member, car = await city.member(), await city.car()
    headers = {**member, "Idempotency-Key": str(uuid4())}

    async def ask() -> httpx2.Response:
        return await city.api.post("/v1/reservations", json={"vehicle_id": str(car.vehicle_id)}, headers=headers)

    answers = await asyncio.gather(*(ask() for _ in range(8)))
    await city.settled()

    [reservation] = (await city.get("/v1/reservations", member))["reservations"]
    assert {answer.status_code for answer in answers} == {201}
    assert {answer.json()["id"] for answer in answers} == {reservation["reservation_id"]}


async def test_who_reserves_or_starts_on_two_phones_at_once_has_one_reservation_and_one_trip(city: City) -> None:
    member, car = await city.member(), await city.car()
    body: dict[str, Any] = {"vehicle_id": str(car.vehicle_id)}

    placed = await asyncio.gather(*(city.post("/v1/reservations", body, member) for _ in range(4)))
    body["reservation_id"] = placed[0].json()["id"]
    asked = await asyncio.gather(*(city.post("/v1/trips", body, member) for _ in range(4)))
    await city.settled()

    assert {answer.status_code for answer in placed} == {201}
    assert len({answer.json()["id"] for answer in placed}) == 1
    assert {answer.status_code for answer in asked} == {201}
    [trip] = (await city.get("/v1/trips", member))["trips"]
    assert {answer.json()["id"] for answer in asked} == {trip["trip_id"]}


async def test_a_retry_after_another_command_still_gets_the_first_answer(city: City) -> None:
    member, car = await city.member(), await city.car()
    headers, body = {**member, "Idempotency-Key": str(uuid4())}, {"vehicle_id": str(car.vehicle_id)}
    first = await city.api.post("/v1/reservations", json=body, headers=headers)
    (await city.post(f"/v1/reservations/{first.json()['id']}/cancel", None, member)).raise_for_status()

    again = await city.api.post("/v1/reservations", json=body, headers=headers)

    assert (again.status_code, again.json()) == (first.status_code, first.json() | {"repeated": True})
