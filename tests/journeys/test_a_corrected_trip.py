"""A trip that is over turns out to have been shorter, or longer: an agent corrects it, and the money follows."""

from datetime import timedelta

from domain.kernel.messages import Role
from tests.journeys.test_money_in_doubt import codes, driven, invoices
from tests.support.city import City
from tests.support.installation import Installation

PHOTO = [{"kind": "photo", "reference": "parked.jpg", "sha256": "ab" * 32}]


async def test_a_trip_is_corrected_to_less_and_to_more_and_its_member_sees_why(
    installation: Installation, city: City
) -> None:
    ada, bob, agent = await city.member(), await city.member(), city.token(Role.AGENT, "olga")
    trip = await driven(installation, city, ada, minutes=30)
    await city.settled()
    installation.clock.let_pass(timedelta(hours=1))
    [(before, _)] = await invoices(city, ada)

    def wish(minutes: int) -> dict[str, object]:
        return {"correct": {"duration_s": minutes * 60}, "evidence": PHOTO, "reason": "the photo shows it"}

    by_herself = await city.post(f"{trip}/corrections", wish(20), ada)
    blank = await city.post(f"{trip}/corrections", {**wish(20), "evidence": []}, agent)
    less = await city.post(f"{trip}/corrections", wish(20), agent)
    less.raise_for_status()
    await city.settled()
    [note] = (await city.get("/v1/credit-notes", ada))["credit_notes"]
    more = await city.post(f"{trip}/corrections", wish(25), agent)
    more.raise_for_status()
    await city.settled()
    again = await city.post(f"{trip}/corrections", wish(24), agent)
    [announced] = (await city.get("/v1/charges", ada, state="announced"))["charges"]
    objection = await city.post(f"/v1/charges/{announced['charge_id']}/objection", {"objection": "I was back"}, ada)
    shown = await city.get(trip, ada)
    strangers = (await city.api.get(trip, headers=bob)).status_code

    assert (by_herself.status_code, blank.status_code, less.json()["proposed"], strangers) == (403, 422, False, 404)
    gone, come = before - 20 * 34, 5 * 34
    assert (note["gross_minor"], announced["price_minor"], announced["fee"]) == (gone, come, "trip_correction")
    assert codes(again) == ["trip.charge_undecided"]
    objection.raise_for_status()
    made = shown["corrections"]
    assert [one["difference"]["gross"]["amount_minor"] for one in made] == [-gone, come]
    assert [(one["reason"], one["evidence"]) for one in made] == [("the photo shows it", PHOTO)] * 2
    assert len(city.mails("trip_corrected")) == 2
    [row] = (await city.get("/v1/trips", ada))["trips"]
    assert row["driving_s"] + row["parked_s"] == 25 * 60
