"""A scratch: the next member reports it before they drive, and whoever had the car before is asked, with evidence."""

from datetime import timedelta

from domain.kernel.messages import Role
from tests.journeys.test_money_in_doubt import codes
from tests.support.city import City
from tests.support.installation import Installation

BILL = [{"kind": "receipt", "reference": "body shop 4711"}]


async def test_a_scratch_that_the_next_member_finds_is_charged_to_who_had_the_car_before_by_two_persons(
    installation: Installation, city: City
) -> None:
    ada, bob = await city.member(), await city.member()
    olga, emil, operator = city.token(Role.AGENT, "olga"), city.token(Role.AGENT, "emil"), city.token(Role.OPERATOR)
    car, clock = await city.car(), city.running.system.clock
    vehicle = {"vehicle_id": str(car.vehicle_id)}
    whole = {"photo": {"sha256": "ab" * 32, "taken_at": clock.now().isoformat()}}
    first = await city.start(car, ada)
    await city.drive(car, 25, operator)
    await city.end(first, ada)
    installation.clock.let_pass(timedelta(hours=2))
    second = await city.start(car, bob)
    before = (await city.get("/v1/damages", bob, **vehicle))["damages"]

    photo = {"sha256": "cd" * 32, "taken_at": clock.now().isoformat()}
    scratch = {"kind": "scratch", "place": "left", "photos": [photo]}
    made = await city.post(f"{second}/damages", scratch, bob)
    strangers = await city.post(f"{second}/damages", scratch, ada)
    path = made.headers["Location"]
    (await city.post(f"{path}/intact", whole, operator)).raise_for_status()
    await city.settled()
    [listed] = (await city.get("/v1/damages", ada, **vehicle))["damages"]
    as_bob, as_olga = await city.get(path, bob), await city.get(path, olga)

    def wish(trip: str) -> dict[str, object]:
        cost = {"amount": {"amount_minor": 18_000, "currency": "EUR"}, "evidence": BILL, "reason": "scratch, left door"}
        return {"trip_id": trip.rpartition("/")[2], **cost}

    await city.drive(car, 25, operator)
    await city.end(second, bob)
    finder = await city.post(f"{path}/charges", wish(second), olga)
    by_herself = await city.post(f"{path}/charges", wish(first), ada)
    charged = await city.post(f"{path}/charges", wish(first), olga)
    assert charged.status_code == 201, charged.text
    await city.settled()
    quiet = city.mails("charge_announced")
    charge, approve = charged.headers["Location"], {"decision": "approve", "reason": "the tow truck's camera shows it"}
    alone = await city.post(f"{charge}/decision", approve, olga)
    (await city.post(f"{charge}/decision", approve, emil)).raise_for_status()
    await city.settled()
    objected = await city.post(f"{charge}/objection", {"objection": "It was parked for two hours"}, ada)
    (await city.post(f"{path}/repair", None, operator)).raise_for_status()
    await city.settled()

    assert (before, made.status_code, strangers.status_code, by_herself.status_code) == ([], 201, 404, 403)
    assert (listed["damage_id"], listed["source"]) == (made.json()["id"], "member")
    assert [shown["sha256"] for shown in listed["photos"]] == [photo["sha256"]]
    assert (as_bob["attribution"], as_bob["intact"]) == (None, None)
    assert as_olga["attribution"] == {"custody": "stood", "trip_ids": [first.rpartition("/")[2]]}
    assert (codes(finder), quiet, codes(alone)) == (["damage.not_had"], [], ["charge.own_facts"])
    assert len(city.mails("charge_announced")) == 1
    objected.raise_for_status()
    shown = await city.get(charge, olga)
    assert (shown["state"], shown["fee"]["damage_id"]) == ("in_review", made.json()["id"])
    assert (await city.get(path, olga))["charge_id"] == charge.rpartition("/")[2]
    assert (await city.get("/v1/damages", bob, **vehicle))["damages"] == []
