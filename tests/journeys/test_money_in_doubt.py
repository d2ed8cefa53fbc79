"""Money that is hard to believe, and money that does not move: as members and agents meet it, over HTTP."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.kernel.messages import Role
from tests.support.city import City
from tests.support.installation import Installation
from tests.support.rules import Texts, changed, in_each, with_limit

CARD = {"brand": "visa", "expires_on": "2039-12-31"}

tight = pytest.mark.parametrize("texts", [with_limit("trip", "review_above", in_each("5"))], ids=["doubtful above 5"])


def two_above(amount: str) -> Texts:
    """DriveNow Europe where a price above 5 is doubtful, and two persons decide above an amount."""
    texts = with_limit("trip", "review_above", in_each("5"))
    files = texts["drivenow-europe"]
    service = changed(files["service.toml"], "billing", "four_eyes_above", in_each(amount))
    return {**texts, "drivenow-europe": {**files, "service.toml": service}}


async def driven(
    installation: Installation, city: City, member: dict[str, str], *, minutes: int = 60, number: int = 1
) -> str:
    """The path of a trip that its member ended in so many started minutes."""
    car = await city.car(number)
    trip = await city.start(car, member)
    installation.clock.let_pass(timedelta(minutes=minutes) - timedelta(seconds=40))
    await city.drive(car, 25, member)
    await city.end(trip, member)
    return trip


async def began_at(city: City, trip: str, member: dict[str, str]) -> datetime:
    [driving] = (await city.get(trip, member))["phases"]
    return datetime.fromisoformat(driving["since"])


async def the_charge(city: City, **query: str) -> dict[str, Any]:
    [charge] = (await city.get("/v1/charges", city.token(Role.AGENT), **query))["charges"]
    return dict(charge)


async def invoices(city: City, member: dict[str, str]) -> list[tuple[int, str]]:
    found = (await city.get("/v1/invoices", member))["invoices"]
    return [(invoice["gross_minor"], invoice["state"]) for invoice in found]


def codes(answer: Any) -> list[str]:
    assert answer.status_code == 409, answer.text
    return [violation["code"] for violation in answer.json()["violations"]]


@tight
async def test_a_charge_in_review_that_an_agent_corrects(installation: Installation, city: City) -> None:
    member, agent = await city.member(), city.token(Role.AGENT, "ada")
    trip = await driven(installation, city, member)

    waiting = await the_charge(city, state="in_review")
    assert [reason["code"] for reason in waiting["reasons"]] == ["charge.amount_too_high"]
    assert (waiting["price_minor"], waiting["subject_id"]) == (60 * 34, trip.rpartition("/")[2])
    assert await invoices(city, member) == []
    [told] = city.mails("charge_in_review")
    assert "EUR" not in told
    path = f"/v1/charges/{waiting['charge_id']}"
    right = {"ended_at": (await began_at(city, trip, member) + timedelta(minutes=10)).isoformat()}
    body = {"decision": "correct", "correct": right, "reason": "photo of the clock"}
    answer = await city.post(f"{path}/decision", body, agent)
    await city.settled()

    assert (answer.status_code, answer.json()["proposed"]) == (200, False)
    assert await invoices(city, member) == [(10 * 34, "paid")]
    shown = await city.get(path, agent)
    assert (shown["state"], shown["decision"]["kind"], shown["decision"]["decided_by"]) == ("billed", "correct", "ada")
    assert len(city.mails("charge_corrected")) == len(city.mails("invoice_issued")) == 1
    operations = await city.running.pool.fetch("select operation, amount_minor from csbe.provider_operations")
    assert sorted((row["operation"], row["amount_minor"]) for row in operations) == [("capture", 340), ("hold", 3000)]


@tight
async def test_what_an_agent_cannot_decide_is_refused_and_changes_nothing(
    installation: Installation, city: City
) -> None:
    member, agent = await city.member(), city.token(Role.AGENT)
    await driven(installation, city, member)
    charge_id = (await the_charge(city))["charge_id"]
    path = f"/v1/charges/{charge_id}/decision"
    approve = {"decision": "approve", "reason": "she confirms it"}
    before = await city.running.store.end()

    status = {
        "no reason": (await city.post(path, {"decision": "approve", "reason": ""}, agent)).status_code,
        "unknown decision": (await city.post(path, {**approve, "decision": "forget"}, agent)).status_code,
        "a distance below nothing": (
            await city.post(path, {**approve, "decision": "correct", "correct": {"distance_m": -1}}, agent)
        ).status_code,
        "a member": (await city.post(path, approve, member)).status_code,
        "an operator": (await city.post(path, approve, city.token(Role.OPERATOR))).status_code,
        "a member who looks": (await city.api.get(f"/v1/charges/{charge_id}", headers=member)).status_code,
        "another service": (await city.post(path, approve, city.token(Role.AGENT, service="reachnow-usa"))).status_code,
        "no charge": (
            await city.post(path.replace(charge_id, "8d1191a4-9167-4e4d-bdf6-315c9c17a282"), approve, agent)
        ).status_code,
    }
    blank = await city.post(path, {"decision": "correct", "reason": "    "}, agent)

    assert status == {
        "no reason": 422,
        "unknown decision": 422,
        "a distance below nothing": 422,
        "a member": 403,
        "an operator": 403,
        "a member who looks": 403,
        "another service": 404,
        "no charge": 404,
    }
    assert codes(blank) == ["charge.decision_without_reason", "charge.correction_missing"]
    assert await city.running.store.end() == before
    elsewhere = city.token(Role.AGENT, service="reachnow-usa")
    assert (await city.get("/v1/charges", elsewhere))["charges"] == []
    assert (await city.post(path, approve, agent)).status_code == 200
    assert codes(await city.post(path, approve, agent)) == ["charge.not_in_review"]


@pytest.mark.parametrize("texts", [two_above("6")], ids=["two above 6"])
async def test_above_the_limit_two_agents_decide(installation: Installation, city: City) -> None:
    member, ada, bob = await city.member(), city.token(Role.AGENT, "ada"), city.token(Role.AGENT, "bob")
    await driven(installation, city, member)
    path = f"/v1/charges/{(await the_charge(city))['charge_id']}"
    approve = {"decision": "approve", "reason": "she confirms it"}

    first = await city.post(f"{path}/decision", approve, ada)
    await city.settled()
    assert first.json()["proposed"] is True
    waiting = await the_charge(city, state="in_review")
    assert (waiting["proposal"], waiting["proposed_by"]) == ("approve", "ada")
    assert await invoices(city, member) == []
    assert codes(await city.post(f"{path}/decision", approve, ada)) == ["approval.same_person"]
    second = await city.post(f"{path}/decision", {**approve, "reason": "I called her"}, bob)
    await city.settled()

    assert second.json()["proposed"] is False
    assert await invoices(city, member) == [(60 * 34, "paid")]
    decision = (await city.get(path, ada))["decision"]
    assert (decision["proposed_by"], decision["decided_by"]) == ("ada", "bob")

    [invoice] = (await city.get("/v1/invoices", member))["invoices"]
    credit = f"/v1/invoices/{invoice['invoice_id']}/credit-notes"
    proposed = await city.post(credit, {"reason": "the heating was broken"}, ada)
    await city.settled()
    assert (proposed.status_code, proposed.json()["proposed"]) == (202, True)
    shown = (await city.get(f"/v1/invoices/{invoice['invoice_id']}", bob))["credit_proposal"]
    assert (shown["proposal"]["proposed_by"], shown["amount"]["amount_minor"]) == ("ada", 60 * 34)
    assert codes(await city.post(credit, {"reason": "it really was"}, ada)) == ["approval.same_person"]
    credited = await city.post(credit, {"reason": "she is right"}, bob)
    await city.settled()

    assert credited.json()["proposed"] is False
    assert credited.json()["id"] == proposed.json()["id"]
    assert await invoices(city, member) == [(60 * 34, "credited")]


async def test_a_refund_that_fails_twice_and_then_works(installation: Installation, city: City) -> None:
    member, agent = await city.member("tok_decline_refund_twice"), city.token(Role.AGENT)
    await driven(installation, city, member, minutes=10)
    [invoice] = (await city.get("/v1/invoices", member))["invoices"]

    credited = await city.post(
        f"/v1/invoices/{invoice['invoice_id']}/credit-notes", {"reason": "the heating was broken"}, agent
    )
    await city.settled()
    [failed] = (await city.get("/v1/credit-notes", agent, refund="failed"))["credit_notes"]
    assert (failed["refund_state"], failed["refund_minor"], failed["decline_code"]) == ("failed", 340, "card_closed")
    assert len(city.mails("refund_failed")) == 1
    figures = (await city.api.get("/metrics")).text
    assert "csbe_refunds_failed 1.0" in figures

    installation.clock.let_pass(timedelta(hours=1, minutes=1))
    await city.settled()
    [again] = (await city.get("/v1/credit-notes", agent, refund="failed"))["credit_notes"]
    assert again["retry_at"] > failed["retry_at"]
    retry = f"/v1/credit-notes/{credited.json()['id']}/retry-refund"
    refused = [(await city.post(retry, None, headers)).status_code for headers in (member, city.token(Role.ANALYST))]
    assert refused == [403, 403]
    assert (await city.post(retry, None, city.token(Role.AGENT, service="reachnow-usa"))).status_code == 404
    (await city.post(retry, None, agent)).raise_for_status()
    await city.settled()

    [paid] = (await city.get("/v1/credit-notes", member))["credit_notes"]
    assert (paid["refund_state"], paid["decline_code"]) == ("refunded", None)
    assert [len(city.mails(template)) for template in ("refund_failed", "refund_paid")] == [1, 1]
    assert codes(await city.post(retry, None, agent)) == ["refund.not_failed"]


async def test_a_refund_that_never_works_is_given_up_and_paid_by_other_means_and_its_member_can_be_erased(
    installation: Installation, city: City
) -> None:
    member, agent = await city.member("tok_decline_refund"), city.token(Role.AGENT)
    await driven(installation, city, member, minutes=10)
    [invoice] = (await city.get("/v1/invoices", member))["invoices"]
    credited = await city.post(
        f"/v1/invoices/{invoice['invoice_id']}/credit-notes", {"reason": "the heating was broken"}, agent
    )
    await city.settled()
    paid = f"/v1/credit-notes/{credited.json()['id']}/refund-by-other-means"
    erase = f"/v1/members/{invoice['payer_id']}/erase"
    for hours in (2, 25, 73):
        installation.clock.let_pass(timedelta(hours=hours))
        await city.settled()

    agent, member = city.token(Role.AGENT), city.token(Role.MEMBER, subject=invoice["payer_id"])
    [waiting] = (await city.get("/v1/credit-notes", agent, refund="given_up"))["credit_notes"]
    assert (waiting["refund_state"], waiting["decline_code"], waiting["retry_at"]) == ("given_up", "card_closed", None)
    assert (await city.get("/v1/credit-notes", agent, refund="failed"))["credit_notes"] == []
    assert "csbe_refunds_failed 1.0" in (await city.api.get("/metrics")).text
    assert codes(await city.post(erase, {"reason": "asked by letter"}, agent)) == ["member.open_refund"]
    by_transfer = {"reference": "SEPA 4711", "reason": "the card is closed"}
    refused = [(await city.post(paid, by_transfer, by)).status_code for by in (member, city.token(Role.ANALYST))]
    assert refused == [403, 403]
    answers = [await city.post(paid, body, agent) for body in (by_transfer, by_transfer)]
    assert [answer.status_code for answer in answers] == [200, 200]
    other = await city.post(paid, {**by_transfer, "reference": "SEPA 4712"}, agent)
    assert codes(other) == ["refund.paid_by_other_means"]
    await city.settled()

    [settled] = (await city.get("/v1/credit-notes", agent, refund="paid_by_other_means"))["credit_notes"]
    assert (settled["refund_minor"], settled["decline_code"]) == (340, None)
    assert [len(city.mails(f"refund_{what}")) for what in ("given_up", "paid_by_other_means")] == [1, 1]
    assert (await city.post(erase, {"reason": "asked by letter"}, agent)).is_success


async def test_a_declined_card_keeps_its_member_from_driving_until_another_one_pays(
    installation: Installation, city: City
) -> None:
    member, other = await city.member("tok_decline_capture"), await city.member()
    await driven(installation, city, member, minutes=10)
    car = {"vehicle_id": str((await city.car(2)).vehicle_id)}

    account = await city.get("/v1/members/me", member)
    assert (account["eligible"], [reason["code"] for reason in account["ineligibility"]]) == (
        False,
        ["member.in_arrears"],
    )
    assert codes(await city.post("/v1/reservations", car, member)) == ["member.in_arrears"]
    [invoice] = (await city.get("/v1/invoices", member))["invoices"]
    assert (invoice["state"], invoice["open_minor"], invoice["decline_code"]) == ("open", 340, "card_declined")
    assert len(city.mails("payment_failed")) == len(city.mails("account_in_arrears")) == 1

    installation.clock.let_pass(timedelta(days=1, minutes=1))
    await city.settled()
    assert len(city.mails("payment_failed")) == 2
    retry = f"/v1/invoices/{invoice['invoice_id']}/retry-payment"
    mine = f"/v1/members/{member['X-Member']}/payment-methods"
    added = await city.post(mine, {"token": "tok_visa", **CARD}, member)
    good = {"method_id": added.raise_for_status().json()["id"]}
    assert (await city.post(retry, good, other)).status_code == 404
    assert codes(await city.post(retry, {"method_id": str(uuid4())}, member)) == ["payment.unknown_method"]
    (await city.post(retry, good, member)).raise_for_status()
    await city.settled()

    assert await invoices(city, member) == [(340, "paid")]
    assert (await city.get("/v1/members/me", member))["eligible"] is True
    assert (await city.post("/v1/reservations", car, member)).status_code == 201
    assert codes(await city.post(retry, good, member)) == ["invoice.not_open"]
