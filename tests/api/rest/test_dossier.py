"""From the number of an invoice to everything behind it."""

from domain.kernel.messages import Role
from tests.support.city import City


async def test_one_question_leads_from_the_number_of_an_invoice_to_all_that_is_behind_it(city: City) -> None:
    member, car, auditor = await city.member(), await city.car(), city.token(Role.AUDITOR)
    held = (await city.reserve(car, member)).rpartition("/")[2]
    body = {"vehicle_id": str(car.vehicle_id), "reservation_id": held}
    trip = (await city.post("/v1/trips", body, member)).json()["id"]
    await city.until(f"/v1/trips/{trip}", member, "running")
    await city.drive(car, 25, member)
    await city.end(f"/v1/trips/{trip}", member)
    [invoice] = (await city.get("/v1/invoices", member))["invoices"]
    credit = {"reason": "she waited for the tow truck", "amount_minor": 10, "currency": "EUR"}
    path, agent = f"/v1/invoices/{invoice['invoice_id']}/credit-notes", city.token(Role.AGENT, "olga")
    (await city.post(path, credit, agent)).raise_for_status()
    await city.settled()

    dossier = await city.get(f"/v1/history/invoices/{invoice['number']}", auditor)

    kinds = {event["type"].rpartition(".")[0] for event in dossier["events"]}
    who = {(event["metadata"]["actor"]["role"], event["type"]) for event in dossier["events"]}
    positions = [event["position"] for event in dossier["events"]]
    assert kinds == {
        *("rental.reservation", "rental.trip"),
        *("billing.charge", "billing.invoice", "billing.payment", "billing.credit_note"),
    }
    assert positions == sorted(positions)
    assert {("member", "rental.reservation.placed"), ("agent", "billing.credit_note.issued")} <= who
    assert len(dossier["quotes"]) == 1
    assert dossier["quotes"][0]["tariff_digest"]
    told = {message["template"]: message for message in dossier["messages"]}
    assert {mail for mail in ("trip_ended", "invoice_issued") if len(city.mails(mail)) == 1} <= told.keys()
    assert {(message["state"], message["channel"]) for message in told.values()} == {("sent", "file")}
    assert all(message["at"] for message in told.values())


async def test_a_number_that_no_invoice_has_is_not_found_and_members_may_not_ask(city: City) -> None:
    unknown = await city.api.get("/v1/history/invoices/X-1", headers=city.token(Role.AUDITOR))
    forbidden = await city.api.get("/v1/history/invoices/X-1", headers=await city.member())

    assert (unknown.status_code, forbidden.status_code) == (404, 403)
