"""Events reach others: signed, again after an outage, and after `kill -9`; without what is about a person."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from domain.kernel.messages import Role
from tests.support.city import City
from tests.support.installation import Installation
from tests.support.receiver import Receiver, answers
from tests.support.waiting import until

TYPES = ["csbe.rental.reservation."]


@pytest.fixture(autouse=True)
def _allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSBE_WEBHOOK_PRIVATE_RECEIVERS", "true")
    monkeypatch.setenv("CSBE_WEBHOOK_FAIL_AFTER_S", "0.6")


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver().listening() as receiver:
        yield receiver


async def subscribe(city: City, by: dict[str, str], url: str, types: list[str]) -> tuple[str, str]:
    """A webhook's path and secret."""
    answer = await city.post("/v1/webhooks", {"url": url, "types": types}, by)
    answer.raise_for_status()
    return f"/v1/webhooks/{answer.json()['id']}", answer.json()["secret"]


async def took(receiver: Receiver, count: int) -> None:
    async def so() -> bool:
        return len(receiver.taken) >= count

    await until(so)


async def test_a_partner_subscribes_and_gets_reservations_through_an_outage_and_again(
    city: City, receiver: Receiver
) -> None:
    acme, member, car = city.token(Role.PARTNER, "acme"), await city.member(), await city.car()
    webhook, secret = await subscribe(city, acme, receiver.url, TYPES)
    reservation = await city.reserve(car, member)
    await took(receiver, 1)
    receiver.misdeed = answers(500)
    (await city.post(f"{reservation}/cancel", None, member)).raise_for_status()
    failed = await city.until(webhook, acme, "failed")
    receiver.misdeed = lambda: None

    (await city.post(f"{webhook}/resume", None, acme)).raise_for_status()
    await took(receiver, 2)
    first = receiver.taken[0].position
    (await city.post(f"{webhook}/replay", {"from_position": first}, acme)).raise_for_status()
    await took(receiver, 4)

    assert (failed["last_status"], failed["last_error"]) == (500, "answered 500")
    assert all(received.verified_by(secret) for received in receiver.taken)
    placed, cancelled, placed_again, cancelled_again = [received.event for received in receiver.taken]
    assert (placed, cancelled) == (placed_again, cancelled_again)
    assert [placed["type"], cancelled["type"]] == [
        "csbe.rental.reservation.placed",
        "csbe.rental.reservation.cancelled",
    ]
    assert placed["subject"] == reservation.rpartition("/")[2]
    assert placed["data"]["vehicle_id"] == str(car.vehicle_id)


async def test_names_are_sent_only_where_it_was_granted_and_not_once_a_person_is_erased(
    city: City, receiver: Receiver
) -> None:
    olga = city.token(Role.OPERATOR)
    async with Receiver().listening() as trusted:
        await subscribe(city, olga, receiver.url, ["csbe.members.member.registered"])
        granted, _ = await subscribe(city, olga, trusted.url, ["csbe.members.member.registered"])
        grant = {"allowed": True, "reason": "it sends our mail"}
        (await city.post(f"{granted}/personal-data", grant, olga)).raise_for_status()

        ada = await city.member()
        await took(receiver, 1)
        await took(trusted, 1)
        await city.running.store.keys.destroy(UUID(ada["X-Member"]))
        again = {"from_position": trusted.taken[0].position}
        (await city.post(f"{granted}/replay", again, olga)).raise_for_status()
        await took(trusted, 2)

        [untold] = [received.event["data"] for received in receiver.taken]
        told, erased = [received.event["data"] for received in trusted.taken]
    assert {"name", "email", "birth_date"} & untold.keys() == set()
    assert (told["name"], told["email"].rpartition("@")[2]) == ("Ada", "example.org")
    assert (erased["name"], erased["email"], erased["birth_date"]) == (None, None, None)


async def test_it_is_on_record_which_webhook_is_told_of_whom_and_by_which_right(city: City, receiver: Receiver) -> None:
    olga, otto, car = city.token(Role.OPERATOR, "olga"), city.token(Role.AUDITOR), await city.car()
    registered, _ = await subscribe(city, olga, receiver.url, ["csbe.members.member.registered"])
    granted, _ = await subscribe(city, olga, receiver.url, ["csbe.members.member.registered"])
    grant = {"allowed": True, "reason": "it sends our mail"}
    (await city.post(f"{granted}/personal-data", grant, olga)).raise_for_status()
    cars, _ = await subscribe(city, city.token(Role.PARTNER, "acme"), receiver.url, TYPES)

    ada = await city.member()
    await city.reserve(car, ada)
    await took(receiver, 3)

    await city.running.reads.flush()
    reads = (await city.get("/v1/reads", otto, member_id=ada["X-Member"]))["reads"]
    assert {(read["reader"], read["door"], read["by_right"]) for read in reads} == {
        ("olga", f"webhook {_id(registered)}", "subscription"),
        ("olga", f"webhook {_id(granted)}", "personal data granted"),
    }
    assert _id(cars) in [webhook["id"] for webhook in (await city.get("/v1/webhooks", olga))["webhooks"]]


def _id(path: str) -> str:
    return path.rpartition("/")[2]


@pytest.mark.slow
async def test_a_server_that_is_killed_between_sending_and_noting_it_sends_again_under_the_same_id(
    installation: Installation, receiver: Receiver
) -> None:
    async with installation.started() as city:
        member, car = await city.member(), await city.car()
    server = await installation.serve()
    async with installation.composed() as running, installation.visited(running) as city, installation.driving():
        await subscribe(city, city.token(Role.PARTNER, "acme"), receiver.url, TYPES)
        receiver.hanging = asyncio.Event()
        reservation = await city.reserve(car, member)

        async def on_its_way() -> bool:
            return len(receiver.seen) == 1

        await until(on_its_way)
        server.kill()
        await server.wait()
        receiver.hanging.set()
        await running.pool.execute("update csbe.webhooks set claimed_until = now()")
        server = await installation.serve()
        (await city.post(f"{reservation}/cancel", None, member)).raise_for_status()

        async def told() -> bool:
            return any(received.event["type"].endswith("cancelled") for received in receiver.seen)

        await until(told)
    server.terminate()
    assert await server.wait() == 0

    ids = [received.event["id"] for received in receiver.seen]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 2
