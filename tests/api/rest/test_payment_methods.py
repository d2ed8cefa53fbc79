"""What a payment method is, its provider says: a client may be wrong about it, or lie."""

from dataclasses import replace

import httpx2
import pytest

from api.rest.application import create_app
from domain.kernel.messages import Role
from domain.kernel.payment_port import MethodDetails
from domain.kernel.ports import GatewayUnavailableError
from tests.support.city import City

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def added(city: City, by: dict[str, str], **said: object) -> httpx2.Response:
    return await city.post(f"/v1/members/{by['X-Member']}/payment-methods", said, by)


async def test_a_card_that_another_account_has_is_noticed_whatever_the_token_is(shared_city: City) -> None:
    city, agent = shared_city, shared_city.token(Role.AGENT)
    ada, bob, eve = [await city.member() for _ in range(3)]

    for who, token in ((ada, "tok_visa_9001"), (bob, "tok_visa_9002"), (eve, "tok_visa_9001_again")):
        (await added(city, who, token=token, expires_on="2039-12-31")).raise_for_status()

    seen = {who["X-Member"]: await city.get(f"/v1/members/{who['X-Member']}", agent) for who in (ada, bob, eve)}
    assert [account["eligible"] for account in seen.values()] == [True, True, False]
    assert [reason["code"] for reason in seen[eve["X-Member"]]["ineligibility"]] == ["member.in_review"]


async def test_what_the_provider_says_counts_and_what_it_does_not_say_is_asked_for(shared_city: City) -> None:
    city, ada = shared_city, await shared_city.member()
    lie = {"brand": "amex", "prepaid": False, "expires_on": "2039-12-31"}

    prepaid = await added(city, ada, token="tok_visa_prepaid_until_2035_02", **lie)
    past = await added(city, ada, token="tok_visa_until_2001_12", **lie)
    lost = await added(city, ada, token="tok_lost", **lie)
    silent = await added(city, ada, token="tok_card")

    shown = await city.get(str(prepaid.headers["Location"]), ada)
    assert (shown["brand"], shown["prepaid"], shown["expires_on"]) == ("visa", True, "2035-02-28")
    assert [violation["code"] for answer in (past, lost) for violation in answer.json()["violations"]] == [
        "member.payment_method_expired",
        "member.unknown_payment_method",
    ]
    assert [error["pointer"] for error in silent.json()["errors"]] == ["#/body/brand", "#/body/expires_on"]


async def test_nothing_is_taken_while_the_provider_does_not_answer(shared_city: City) -> None:
    async def away(_token: str) -> MethodDetails | None:
        raise GatewayUnavailableError("no answer")

    city, ada = shared_city, await shared_city.member()
    app = create_app(replace(city.running.system, describe_method=away))
    path = f"/v1/members/{ada['X-Member']}"
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://csbe") as api:
        body = {"token": "tok_visa_9003", "expires_on": "2039-12-31"}
        answer = await api.post(f"{path}/payment-methods", json=body, headers={**ada, "Idempotency-Key": "one"})

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert len((await city.get(path, ada))["payment_methods"]) == 1
