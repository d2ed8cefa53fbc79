"""Minutes are bought, driven with and run out; a pass is cancelled; credits are given, and end; as met over HTTP."""

from datetime import timedelta
from hashlib import sha256

import pytest

from adapters.rulebooks import shipped_texts
from domain.kernel.messages import Role
from tests.journeys.test_money_in_doubt import codes, driven, invoices
from tests.support.city import City
from tests.support.installation import Installation
from tests.support.places import SEATTLE
from tests.support.rules import Texts, changed, in_each
from tests.support.waiting import until

CODE = "WELCOME-2027-K7Q"
PRODUCTS = f"""
[[codes]]
id = "welcome"
sha256 = "{sha256(CODE.encode()).hexdigest()}"
product = "refuelled"
valid_from = 2020-01-01

[[products]]
id = "ten"
name = "10 minutes"
description = "Ten."
holds = "minutes"
minutes = 10
covers = ["driving", "parked"]
price = 2.70

[[products]]
id = "pass"
name = "Pass"
description = "Half the minute rate."
holds = "discount"
percent = 50
covers = ["driving", "parked"]
price = 9.99
months = 1
renews = true
notice = "P14D"
"""


def with_products() -> Texts:
    texts = shipped_texts()
    files = texts["drivenow-europe"]
    berlin = files["berlin.toml"] + PRODUCTS
    service = changed(files["service.toml"], "billing", "four_eyes_above", in_each("10"))
    return {**texts, "drivenow-europe": {**files, "berlin.toml": berlin, "service.toml": service}}


stocked = pytest.mark.parametrize("texts", [with_products()], ids=["with products"])


@stocked
async def test_minutes_are_used_first_run_out_in_mid_trip_and_a_pass_halves_the_rest(
    installation: Installation, city: City
) -> None:
    ada, bob, agent = await city.member(), await city.member(), city.token(Role.AGENT, "olga")
    mine = f"/v1/members/{ada['X-Member']}"
    listed = [product["id"] for product in (await city.get("/v1/products", ada, city_id="berlin"))["products"]]
    made = await city.post(f"{mine}/products", {"city_id": "berlin", "product": "ten"}, ada)
    assert made.status_code == 201, made.text
    bundle = made.headers["Location"]

    short = await driven(installation, city, ada, minutes=4)
    left = (await city.get(bundle, ada))["left_s"]
    wish = {"city_id": "berlin", "product": "pass"}
    subscription = (await city.post(f"{mine}/products", wish, ada)).headers["Location"]
    await driven(installation, city, ada, minutes=10)
    balance = await city.get(f"{mine}/balance", ada)
    charge = (await city.get("/v1/charges", agent, trip_id=short.rpartition("/")[2]))["charges"][0]
    explained = (await city.get(f"/v1/charges/{charge['charge_id']}/explanation", ada))["words"]
    cancelled = await city.post(f"{subscription}/cancel", None, ada)
    twice = await city.post(f"{mine}/products", wish, ada)
    given = await city.post(f"{mine}/products", {**wish, "product": "goodwill"}, ada)
    stranger = await city.api.get(f"{mine}/balance", headers=bob)
    installation.clock.let_pass(timedelta(days=32))

    async def ended() -> bool:
        await city.settled()
        return bool((await city.get(subscription, ada))["state"] == "ended")

    await until(ended)

    assert listed == ["minutes_500", "refuelled", "goodwill", "ten", "pass"]
    assert left == 360
    assert sorted(await invoices(city, ada)) == [(0, "paid"), (68, "paid"), (270, "paid"), (999, "paid")]
    assert [(entry["product"], entry["left_s"], len(entry["uses"])) for entry in balance["entries"]] == [
        ("ten", 0, 2),
        ("pass", None, 1),
    ]
    assert explained[2] == (
        "10 minutes: 4 minutes that you had go off 1.36, which makes -1.36 EUR. "
        "Rule ten of products of berlin, version 1."
    )
    assert cancelled.status_code == 200, cancelled.text
    assert (codes(twice), codes(given)) == (["product.had_already"], ["product.not_for_sale"])
    assert stranger.status_code == 404


@stocked
async def test_a_credit_is_given_by_two_goes_off_and_ends(installation: Installation, city: City) -> None:
    ada, olga, otto = await city.member(), city.token(Role.AGENT, "olga"), city.token(Role.AGENT, "otto")
    mine = f"/v1/members/{ada['X-Member']}"
    gift = {
        "city_id": "berlin",
        "product": "goodwill",
        "amount": {"amount_minor": 2000, "currency": "EUR"},
        "reason": "the heating was broken",
    }

    by_herself = await city.post(f"{mine}/gifts", gift, ada)
    proposed = await city.post(f"{mine}/gifts", gift, olga)
    given = await city.post(f"{mine}/gifts", gift, otto)
    await driven(installation, city, ada, minutes=10)
    [credit] = (await city.get(f"{mine}/balance", ada))["entries"]
    installation.clock.let_pass(timedelta(days=31))
    await city.settled()
    await driven(installation, city, ada, minutes=10, number=2)

    assert (by_herself.status_code, proposed.status_code, given.status_code) == (403, 202, 200)
    assert credit["left"] == {"amount_minor": 2000 - 340, "currency": "EUR"}
    assert sorted(await invoices(city, ada)) == [(0, "paid"), (340, "paid")]
    assert len(city.mails("product_given")) == len(city.mails("product_ends_soon")) == 1


@stocked
async def test_a_code_gives_a_credit_and_cannot_be_found_by_trying(city: City) -> None:
    ada, eve = await city.member(), await city.member()
    codes_of = {who["X-Member"]: f"/v1/members/{who['X-Member']}/codes" for who in (ada, eve)}

    redeemed = await city.post(codes_of[ada["X-Member"]], {"code": CODE.lower()}, ada)
    twice = await city.post(codes_of[ada["X-Member"]], {"code": CODE}, ada)
    theirs = await city.post(codes_of[ada["X-Member"]], {"code": CODE}, eve)
    tries = [await city.post(codes_of[eve["X-Member"]], {"code": f"WELCOME-{n:04}"}, eve) for n in range(11)]
    entry = await city.get(f"/v1/members/{ada['X-Member']}/products/{redeemed.json()['id']}", ada)

    assert entry["left"] == {"amount_minor": 500, "currency": "EUR"}
    assert codes(twice) == ["code.used_already", "code.not_with_another"]
    assert theirs.status_code == 404
    assert [answer.status_code for answer in tries] == [409] * 10 + [429]
    assert "Retry-After" in tries[-1].headers


async def test_who_has_nothing_in_advance_is_told_so_and_nobody_of_another_service_is(city: City) -> None:
    ada = await city.member()
    path = f"/v1/members/{ada['X-Member']}/balance"

    empty = await city.get(path, city.token(Role.AGENT))
    elsewhere = await city.api.get(path, headers=city.token(Role.AGENT, service=SEATTLE.service))

    assert empty["entries"] == []
    assert elsewhere.status_code == 404
