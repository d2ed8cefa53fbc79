"""A member whose card is declined pays by bank transfer: from the bank's file to driving again."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api.bank import seller_of
from domain.kernel.messages import Role
from tests.api.cli.terminal import Csbe, csbe
from tests.journeys.test_money_in_doubt import codes, driven, two_above
from tests.support.bank import Payment, statement
from tests.support.city import City
from tests.support.installation import Installation

__all__ = ["csbe"]

WHY = ("--reason", "statement of the day")


@pytest.fixture
async def city(csbe: Csbe, installation: Installation) -> AsyncIterator[City]:
    """The terminal is on the same database as all that runs."""
    del csbe
    async with installation.started() as city:
        yield city


async def unpaid(installation: Installation, city: City) -> tuple[dict[str, str], dict[str, Any]]:
    """A member who may not drive any more, and the invoice why."""
    member = await city.member("tok_decline_capture")
    await driven(installation, city, member, minutes=10)
    [invoice] = (await city.get("/v1/invoices", member))["invoices"]
    assert (await city.get("/v1/members/me", member))["eligible"] is False
    return member, invoice


def written(file: Path, text: str) -> str:
    """The path of a file with this text."""
    file.write_text(text)
    return str(file)


async def taken(csbe: Csbe, city: City, file: Path, *payments: Payment, dry_run: bool = False) -> list[tuple[str, str]]:
    """What became of each, and why."""
    path = written(file, statement(payments))
    ended = await csbe("bank", "take", path, *WHY, "--json", *(["--dry-run"] if dry_run else []))
    assert ended.code == 0, ended.err
    await city.settled()
    [account] = ended.json["accounts"]
    assert account["seller"] == "drivenow-de"
    assert {one["why"] for one in account["not_for_us"]} <= {"went_out", "not_booked"}
    return [(entry["became"], entry["why"] or "") for entry in account["entries"]]


async def test_a_member_in_arrears_pays_by_transfer_and_drives_again(
    installation: Installation, city: City, csbe: Csbe, tmp_path: Path
) -> None:
    member, invoice = await unpaid(installation, city)
    agent, file = city.token(Role.AGENT), tmp_path / "statement.xml"
    payment = Payment("5.00", f"Rechnung {invoice['number']}, danke")
    before = await city.running.store.end()

    dry = await taken(csbe, city, file, payment, dry_run=True)
    assert (dry, await city.running.store.end()) == ([("taken", "")], before)
    first = await taken(csbe, city, file, payment)
    after = await city.running.store.end()
    again = await taken(csbe, city, file, payment)

    assert (first, again) == ([("taken", "")], [("known", "")])
    assert await city.running.store.end() == after
    paid = await city.get(f"/v1/invoices/{invoice['invoice_id']}", member)
    assert paid["state"] == "paid"
    assert (await city.get("/v1/members/me", member))["eligible"] is True
    assert len(city.mails("transfer_received")) == 1
    behind = await city.get(f"/v1/history/invoices/{invoice['number']}", city.token(Role.AUDITOR))
    assert "billing.transfer.received" in {event["type"] for event in behind["events"]}
    assert "transfer_received" in {message["template"] for message in behind["messages"]}
    [transfer] = (await city.get("/v1/transfers", agent, owed="true"))["transfers"]
    assert (transfer["counted_minor"], transfer["owed_minor"], transfer["number"]) == (340, 160, invoice["number"])
    erase = f"/v1/members/{invoice['payer_id']}/erase"
    assert codes(await city.post(erase, {"reason": "asked by letter"}, agent)) == ["member.open_refund"]
    back = f"/v1/transfers/{transfer['transfer_id']}/paid-back"
    assert (await city.post(back, {"reference": "SEPA 1", "reason": "paid too much"}, member)).status_code == 403
    (await city.post(back, {"reference": "SEPA 1", "reason": "paid too much"}, agent)).raise_for_status()
    await city.settled()
    assert (await city.get("/v1/transfers", agent, owed="true"))["transfers"] == []
    assert (await city.post(erase, {"reason": "asked by letter"}, agent)).is_success


async def test_what_names_no_invoice_waits_for_an_agent_who_assigns_it(
    installation: Installation, city: City, csbe: Csbe, tmp_path: Path
) -> None:
    member, invoice = await unpaid(installation, city)
    agent, file = city.token(Role.AGENT), tmp_path / "statement.xml"
    nameless, dollars = Payment("3.40", "for the car"), Payment("3.40", invoice["number"], "b2", currency="USD")
    ours = [
        Payment("9.99", reference="b4", status="PDNG"),
        Payment("9.99", reference="b5", direction="DBIT"),
    ]
    unknown, back = Payment("1.00", "DE-2027-999999", "b6"), Payment("7.00", reference="b7", code="RRTN")

    became = await taken(csbe, city, file, nameless, dollars, *ours, unknown, back)
    assert became == [
        ("unmatched", "no_invoice_named"),
        ("unmatched", "transfer.other_currency"),
        ("unmatched", "unknown_invoice"),
        ("unmatched", "came_back"),
    ]
    assert await taken(csbe, city, file, nameless, dollars, *ours, unknown, back) == became
    waiting = (await city.get("/v1/bank-entries", agent, state="unmatched"))["bank_entries"]
    assert len(waiting) == 4
    told = await csbe("bank", "take", str(file), *WHY)
    assert "9.99 EUR, 2027-01-04, b4: not for us not_booked" in told.out
    assert "9.99 EUR, 2027-01-04, b5: not for us went_out" in told.out
    assert "4 unmatched, 2 not for us" in told.out
    first_page = await city.get("/v1/bank-entries", agent, limit="3")
    rest = await city.get("/v1/bank-entries", agent, limit="3", cursor=first_page["next"])
    assert [len(page["bank_entries"]) for page in (first_page, rest)] == [3, 1]
    by_why = {entry["why"]: f"/v1/bank-entries/{entry['entry_id']}/assign" for entry in waiting}
    body = {"invoice_id": invoice["invoice_id"], "reason": "she rang and told us"}
    assert (await city.post(by_why["no_invoice_named"], body, member)).status_code == 403
    nothing = "/v1/bank-entries/8d1191a4-9167-4e4d-bdf6-315c9c17a282/assign"
    assert (await city.post(nothing, body, agent)).status_code == 404
    assert codes(await city.post(by_why["came_back"], body, agent)) == ["bank_entry.not_assignable"]
    assert codes(await city.post(by_why["transfer.other_currency"], body, agent)) == ["transfer.other_currency"]

    assigned = await city.post(by_why["no_invoice_named"], body, agent)
    await city.settled()

    assert (assigned.status_code, assigned.json()["proposed"]) == (200, False)
    assert (await city.get("/v1/members/me", member))["eligible"] is True
    [done] = (await city.get("/v1/bank-entries", agent, state="assigned"))["bank_entries"]
    assert (done["invoice_id"], done["reference"]) == (invoice["invoice_id"], nameless.reference)
    assert (await taken(csbe, city, file, nameless))[0] == ("known", "")


@pytest.mark.parametrize("texts", [two_above("1")], ids=["two above 1"])
async def test_above_the_limit_two_agents_assign(
    installation: Installation, city: City, csbe: Csbe, tmp_path: Path
) -> None:
    member, invoice = await unpaid(installation, city)
    ada, bob = city.token(Role.AGENT, "ada"), city.token(Role.AGENT, "bob")
    await taken(csbe, city, tmp_path / "statement.xml", Payment("3.40", "for the car"))
    [entry] = (await city.get("/v1/bank-entries", ada, state="unmatched"))["bank_entries"]
    path = f"/v1/bank-entries/{entry['entry_id']}/assign"
    body = {"invoice_id": invoice["invoice_id"], "reason": "she rang and told us"}

    first = await city.post(path, body, ada)
    await city.settled()
    [proposed] = (await city.get("/v1/bank-entries", ada, state="proposed"))["bank_entries"]
    same = await city.post(path, body, ada)
    second = await city.post(path, body, bob)
    await city.settled()

    assert (first.status_code, first.json()["proposed"], proposed["proposed_by"]) == (202, True, "ada")
    assert codes(same) == ["approval.same_person"]
    assert (second.status_code, second.json()["proposed"]) == (200, False)
    assert (await city.get("/v1/members/me", member))["eligible"] is True


async def test_what_the_bank_takes_back_opens_the_invoice_again(
    installation: Installation, city: City, csbe: Csbe, tmp_path: Path
) -> None:
    member, invoice = await unpaid(installation, city)
    agent, file = city.token(Role.AGENT), tmp_path / "statement.xml"
    came = Payment("3.40", f"Rechnung {invoice['number']}", "b1")
    gone = Payment("3.40", f"Rechnung {invoice['number']}", "b9", direction="DBIT", reversal=True)
    other = Payment("1.23", "another", "b10", direction="DBIT", reversal=True)

    first = await taken(csbe, city, file, came)
    then = await taken(csbe, city, file, gone, other)
    again = await taken(csbe, city, file, gone)

    assert (first, again) == ([("taken", "")], [("known", "")])
    assert then == [("taken_back", ""), ("unmatched", "no_such_transfer")]
    reopened = (await city.get("/v1/invoices", member))["invoices"][0]
    assert (reopened["state"], reopened["open_minor"]) == ("open", 340)
    assert (await city.get("/v1/members/me", member))["eligible"] is False
    [left] = (await city.get("/v1/bank-entries", agent, state="unmatched"))["bank_entries"]
    assert left["kind"] == "reversal"
    assert len(city.mails("transfer_taken_back")) == 1
    installation.clock.let_pass(timedelta(seconds=1))


async def test_what_cannot_be_taken_says_why(city: City, csbe: Csbe, tmp_path: Path) -> None:
    file = tmp_path / "statement.xml"
    others = statement([Payment("1.00")], account="AT611904300234573299")
    texts = ("no XML", "<Document><CstmrPmtStsRpt/></Document>", others)
    told = [await csbe("bank", "take", written(file, text), *WHY) for text in texts]

    assert [one.code for one in told] == [2, 2, 0]
    assert "statement.xml: line 1: " in told[0].err
    assert "give camt.053 or camt.054" in told[1].err
    assert "no seller of this service" in told[2].out
    assert "1.00 EUR, 2027-01-04, 2027010410583450000: not for us account_of_no_seller" in told[2].out
    assert seller_of(city.running.system, city.place.service, "AT611904300234573201") is not None
