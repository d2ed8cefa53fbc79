"""A fine comes after its trip: an agent charges it with its letter, its member is told, objects and is answered."""

from datetime import timedelta

from domain.kernel.messages import Role
from tests.journeys.test_money_in_doubt import codes, driven, invoices
from tests.support.city import City
from tests.support.installation import Installation
from tests.support.waiting import until

LETTER = [{"kind": "letter", "reference": "Az. 58.92.123456.7", "sha256": "ab" * 32}]


async def test_a_fine_is_announced_explained_and_collected_unless_its_member_objects(
    installation: Installation, city: City
) -> None:
    ada, bob, agent = await city.member(), await city.member(), city.token(Role.AGENT, "olga")
    trip = await driven(installation, city, ada, minutes=10)
    await city.settled()
    at = city.running.system.clock.now().isoformat()
    driven_at = (await city.get(trip, ada))["phases"][0]["since"]
    installation.clock.let_pass(timedelta(days=7))
    catalogue = (await city.get("/v1/fees", ada, city_id="berlin"))["fees"]
    wish = {"fee": "traffic_offence", "happened_at": at, "evidence": LETTER, "reason": "fine of Berlin"}

    plate = (await city.get(f"/v1/vehicles/{(await city.get(trip, ada))['vehicle_id']}", agent))["plate"]
    [car] = (await city.get("/v1/vehicles", agent, plate=plate))["vehicles"]
    of_the_car = {"vehicle_id": car["vehicle_id"]}
    [whose] = (await city.get("/v1/trips", agent, **of_the_car, at=driven_at))["trips"]
    nobodys = (await city.get("/v1/trips", agent, **of_the_car, at=at.replace(at[:4], "2020")))["trips"]

    unknown = await city.post(f"{trip}/charges", {**wish, "fee": "coffee"}, agent)
    by_herself = await city.post(f"{trip}/charges", wish, ada)
    paths = []
    for _ in range(2):
        made = await city.post(f"{trip}/charges", wish, agent)
        assert made.status_code == 201, made.text
        paths.append(made.headers["Location"])
    await city.settled()
    listed = (await city.get("/v1/charges", ada, state="announced"))["charges"]
    explanation = await city.get(f"{paths[0]}/explanation", ada)
    stranger = [
        (await city.api.get(f"{paths[0]}/explanation", headers=bob)).status_code,
        (await city.post(f"{paths[0]}/objection", {"objection": "mine"}, bob)).status_code,
    ]
    (await city.post(f"{paths[1]}/objection", {"objection": "I was in Ulm"}, ada)).raise_for_status()
    installation.clock.let_pass(timedelta(days=15))

    async def billed() -> bool:
        await city.settled()
        return (1800, "paid") in await invoices(city, ada)

    await until(billed)
    shown = [await city.get(path, agent) for path in paths]
    late = await city.post(f"{paths[0]}/objection", {"objection": "too late"}, ada)
    decided = await city.post(f"{paths[1]}/decision", {"decision": "waive", "reason": "was in Ulm"}, agent)

    assert (whose["trip_id"] in trip, nobodys) == (True, [])
    assert "traffic_offence" in [fee["id"] for fee in catalogue]
    assert (codes(unknown), by_herself.status_code) == (["fee.unknown"], 403)
    assert [(row["fee"], row["price_minor"], row["trip_id"] in trip) for row in listed] == [
        ("traffic_offence", 1800, True)
    ] * 2
    assert explanation["words"][1] == (
        "Handling of a traffic offence: 18.00 EUR. Rule traffic_offence of fees of berlin, version 1."
    )
    assert explanation["price"]["gross"] == {"amount_minor": 1800, "currency": "EUR"}
    assert stranger == [404, 404]
    assert [charge["state"] for charge in shown] == ["billed", "in_review"]
    assert (shown[0]["evidence"], shown[0]["raised_by"]) == (LETTER, "olga")
    assert [reason["code"] for reason in shown[1]["reasons"]] == ["charge.objected_to"]
    assert codes(late) == ["charge.not_announced"]
    decided.raise_for_status()
    assert len([amount for amount, _ in await invoices(city, ada) if amount == 1800]) == 1
    [waived] = (await city.get("/v1/charges", ada, state="waived"))["charges"]
    assert (waived["objection"], waived["decided_by"], waived["decision_reason"]) == ("I was in Ulm", None, None)
