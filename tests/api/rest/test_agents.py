"""Whom an agent helps: found by what they tell of themselves, and by what is to be done."""

from typing import Any

import pytest

from domain.kernel.messages import Role
from tests.api.rest.test_reads import on_record
from tests.support.city import City

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def newcomer(city: City, email: str, licence: str) -> str:
    """Somebody whose licence was not checked yet."""
    ada = {"city_id": "berlin", "name": "Ada", "email": email, "birth_date": "1990-05-17"}
    me = (await city.post("/v1/members", ada, {})).json()["id"]
    handed_in = {"number": licence, "country": "DE", "issued_on": "2015-01-01", "expires_on": "2039-01-01"}
    (await city.post(f"/v1/members/{me}/licence", handed_in, city.token(Role.AGENT))).raise_for_status()
    return str(me)


async def found(city: City, **known: object) -> list[dict[str, Any]]:
    answer = await city.api.post("/v1/member-search", json=known, headers=city.token(Role.AGENT))
    return list(answer.raise_for_status().json()["members"])


async def test_an_agent_finds_a_member_by_the_very_address_or_licence_and_by_nothing_less(shared_city: City) -> None:
    city = shared_city
    ada = await newcomer(city, "ada@example.org", "B072RRE2I55")
    await city.code_to("ada@example.org")

    by_address = await found(city, email="Ada@Example.org")
    by_licence = await found(city, licence={"country": "DE", "number": "b072 rre2i55"})
    nobody = [
        *await found(city, email="ad@example.org"),
        *await found(city, licence={"country": "AT", "number": "B072RRE2I55"}),
    ]

    assert [account["member_id"] for account in by_address] == [ada]
    assert by_address == by_licence
    assert by_address[0]["licence"]["state"] == "submitted"
    whys = [reason["detail"] for reason in by_address[0]["ineligibility"]]
    assert "The driving licence has not passed its check." in whys
    assert nobody == []
    read = await on_record(city, city.token(Role.AUDITOR), member_id=ada)
    assert (ada, "agent", "POST /v1/member-search", "members:read") in read


async def test_a_member_and_whoever_helps_see_and_change_what_was_given(shared_city: City) -> None:
    city = shared_city
    ada, bob, agent = await city.member(), await city.member(), city.token(Role.AGENT)
    profile, address = [f"/v1/members/{ada['X-Member']}/{name}" for name in ("profile", "address")]
    first = {"street": "Musterstraße 1", "postcode": "10115", "city": "Berlin", "country": "DE"}
    before = await city.get(profile, ada)

    (await city.post(address, {"address": first}, ada)).raise_for_status()
    seen = await city.get(profile, agent)
    second = {**first, "street": "Beispielgasse 2"}
    (await city.post(address, {"address": second}, agent)).raise_for_status()
    unfit = await city.post(address, {"address": {**first, "country": "de"}}, ada)
    strangers = [
        (await city.api.get(profile, headers=bob)).status_code,
        (await city.post(address, {"address": first}, bob)).status_code,
        (await city.api.get(profile, headers=city.token(Role.ANALYST))).status_code,
    ]

    assert (before["name"], before["address"], seen["address"]) == ("Ada", None, first)
    assert (await city.get(profile, ada))["address"] == second
    assert (unfit.status_code, unfit.json()["errors"][0]["pointer"]) == (422, "#/body/address/country")
    assert strangers == [404, 404, 403]
    read = await on_record(city, city.token(Role.AUDITOR), member_id=ada["X-Member"])
    assert (ada["X-Member"], "agent", "GET /v1/members/{member_id}/profile", "members:read") in read


async def test_licences_that_wait_for_a_check_are_a_list(shared_city: City) -> None:
    city = shared_city
    agent, checked = city.token(Role.AGENT), await city.member()
    bea = await newcomer(city, "bea@example.org", "B072RRE2I56")
    await city.settled()

    waiting = await city.get("/v1/members", agent, licence_state="submitted", city_id="berlin")
    everybody = await city.get("/v1/members", agent)

    assert waiting["members"][0]["member_id"] == bea
    assert {row["licence_state"] for row in waiting["members"]} == {"submitted"}
    assert [row["member_id"] for row in everybody["members"]][:2] == [bea, checked["X-Member"]]
    assert "Ada" not in str(everybody)


@pytest.mark.parametrize("body", [{}, {"email": "a@b.de", "licence": {"country": "DE", "number": "B072RRE2I55"}}])
async def test_a_search_is_by_one_thing(shared_city: City, body: dict[str, Any]) -> None:
    answer = await shared_city.api.post("/v1/member-search", json=body, headers=shared_city.token(Role.AGENT))

    assert (answer.status_code, answer.json()["errors"][0]["detail"]) == (422, "Give either email or licence.")
