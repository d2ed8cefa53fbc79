"""A member who pays by direct debit: the mandate, the file for the bank, and what the bank says of it."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.billing.bank_days import next_bank_day
from domain.kernel.messages import Role
from tests.api.cli.terminal import Csbe, csbe
from tests.journeys.test_bank_transfers import WHY, written
from tests.journeys.test_money_in_doubt import codes, driven
from tests.support.bank import Batch, Payment, refusal, statement
from tests.support.city import City
from tests.support.installation import Installation

__all__ = ["csbe"]

ACCOUNT = {"city_id": "berlin", "iban": "DE89 3704 0044 0532 0130 00", "holder": "Ada Ek", "signed_on": "2026-01-02"}


@pytest.fixture
async def city(csbe: Csbe, installation: Installation) -> AsyncIterator[City]:
    """The terminal is on the same database as all that runs."""
    del csbe
    async with installation.started() as city:
        yield city


async def drove_by_debit(installation: Installation, city: City, number: int = 1) -> tuple[dict[str, str], Any]:
    """A member who has let us collect, and the debit of their trip."""
    member = await city.member()
    made = await city.post(f"/v1/members/{member['X-Member']}/mandates", ACCOUNT, member)
    assert made.status_code == 201, made.text
    await driven(installation, city, member, minutes=10, number=number)
    [debit] = (await city.get("/v1/debits", member))["debits"]
    return member, debit


async def collected(csbe: Csbe, city: City, folder: Path, *debits: dict[str, Any]) -> list[Path]:
    """The files for the bank of the first day on which all may be collected."""
    on = next_bank_day(max(date.fromisoformat(debit["announced_for"]) for debit in debits))
    ended = await csbe("bank", "debit", "--date", str(on), "--out", str(folder), "--reason", "run of the day", "--json")
    assert ended.code == 0, ended.err
    await city.settled()
    return [Path(file) for file in ended.json["files"]]


async def told(csbe: Csbe, city: City, file: Path, text: str) -> Any:
    ended = await csbe("bank", "take", written(file, text), *WHY, "--json")
    assert ended.code == 0, ended.err
    await city.settled()
    return ended.json


def became(answer: Any) -> list[tuple[str, str]]:
    [account] = answer["accounts"]
    return [(entry["became"], entry["why"] or "") for entry in account["entries"]]


def end_to_end(debit: dict[str, Any]) -> str:
    return UUID(debit["debit_id"]).hex.upper()


async def test_a_member_signs_is_debited_and_the_money_comes_back_weeks_later(
    installation: Installation, city: City, csbe: Csbe, tmp_path: Path
) -> None:
    member, debit = await drove_by_debit(installation, city)
    agent = city.token(Role.AGENT)
    [mandate] = (await city.get("/v1/mandates", member))["mandates"]
    shown = await city.get(f"/v1/mandates/{mandate['mandate_id']}", member)
    assert (shown["account_masked"], shown["holder"]) == ("DE** **** 3000", "Ada Ek")
    assert len(city.mails("debit_announced")) == 1
    retry = await city.post(f"/v1/invoices/{debit['invoice_id']}/retry-payment", {}, agent)
    assert codes(retry) == ["invoice.debit_under_way"]

    [file] = await collected(csbe, city, tmp_path / "out", debit)
    once = file.read_bytes()
    file.unlink()
    [again] = await collected(csbe, city, tmp_path / "out", debit)
    assert (again, again.read_bytes()) == (file, once)
    assert once.count(b"<DrctDbtTxInf>") == 1
    assert end_to_end(debit).encode() in once

    amount = f"{debit['amount_minor'] / 100:.2f}"
    come = statement([Payment(amount, reference="b1", end_to_end=end_to_end(debit), code="ESDD")])
    assert became(await told(csbe, city, tmp_path / "s1.xml", come)) == [("collected", "")]
    assert became(await told(csbe, city, tmp_path / "s1.xml", come)) == [("known", "")]
    paid = await city.get(f"/v1/invoices/{debit['invoice_id']}", member)
    assert paid["state"] == "paid"

    dearer = f"{debit['amount_minor'] / 100 + 3:.2f}"
    gone = statement(
        [Payment(dearer, reference="b9", end_to_end=end_to_end(debit), direction="DBIT", return_reason="MD06")]
    )
    assert became(await told(csbe, city, tmp_path / "s2.xml", gone)) == [("returned", "")]
    assert became(await told(csbe, city, tmp_path / "s2.xml", gone)) == [("known", "")]
    [back] = (await city.get("/v1/debits", agent, state="returned"))["debits"]
    assert (back["reason"], back["bank_fee_minor"]) == ("MD06", 300)
    assert (await city.get(f"/v1/invoices/{debit['invoice_id']}", member))["state"] == "open"
    assert (await city.get("/v1/members/me", member))["eligible"] is False
    assert len(city.mails("debit_returned")) == 1

    transfer = statement([Payment(amount, f"Rechnung {debit['number']}", "b20")])
    assert became(await told(csbe, city, tmp_path / "s3.xml", transfer)) == [("taken", "")]
    assert (await city.get("/v1/members/me", member))["eligible"] is True


async def test_a_batch_is_booked_in_one_sum_and_what_the_bank_refused_is_not_in_it(
    installation: Installation, city: City, csbe: Csbe, tmp_path: Path
) -> None:
    ada, first = await drove_by_debit(installation, city, 1)
    _, second = await drove_by_debit(installation, city, 2)
    agent = city.token(Role.AGENT)
    [file] = await collected(csbe, city, tmp_path / "out", first, second)
    message_id = file.stem
    amounts = [first["amount_minor"], second["amount_minor"]]

    no = refusal(message_id, end_to_end=end_to_end(first), reason="AC04")
    refused = (await told(csbe, city, tmp_path / "p.xml", no))["refused"]
    assert [(one["became"], one["invoice"]) for one in refused] == [("rejected", first["number"])]
    [again] = (await told(csbe, city, tmp_path / "p.xml", no))["refused"]
    assert again["became"] == "known"
    assert (await city.get("/v1/mandates", ada))["mandates"][0]["end_reason"] == "AC04"
    assert len(city.mails("mandate_ended")) == 1

    wrong = statement([Batch(f"{sum(amounts) / 100:.2f}", f"{message_id[:30]}FRST")])
    right = statement([Batch(f"{amounts[1] / 100:.2f}", f"{message_id[:30]}FRST")])
    assert became(await told(csbe, city, tmp_path / "b1.xml", wrong)) == [("unmatched", "amount_differs")]
    assert became(await told(csbe, city, tmp_path / "b2.xml", right)) == [("collected", "")]
    states = {one["number"]: one["state"] for one in (await city.get("/v1/debits", agent))["debits"]}
    assert states == {first["number"]: "rejected", second["number"]: "collected"}

    whole = statement([Batch(f"{amounts[1] / 100:.2f}", f"{message_id[:30]}FRST", "b9", "DBIT")])
    assert became(await told(csbe, city, tmp_path / "b3.xml", whole)) == [("returned", "")]


async def test_a_whole_message_that_the_bank_refuses(
    installation: Installation, city: City, csbe: Csbe, tmp_path: Path
) -> None:
    member, debit = await drove_by_debit(installation, city)
    [file] = await collected(csbe, city, tmp_path / "out", debit)

    refused = (await told(csbe, city, tmp_path / "p.xml", refusal(file.stem, reason="MS03")))["refused"]
    unknown = (await told(csbe, city, tmp_path / "q.xml", refusal("A" * 32)))["refused"]

    assert [one["became"] for one in refused] == ["rejected"]
    assert [(one["became"], one["why"]) for one in unknown] == [("unmatched", "no_such_debit")]
    [mandate] = (await city.get("/v1/mandates", member))["mandates"]
    revoke = f"/v1/mandates/{mandate['mandate_id']}/revoke"
    assert (await city.post(revoke, None, await city.member())).status_code == 404
    assert (await city.post(revoke, None, member)).status_code == 200
    await city.settled()
    assert (await city.get("/v1/members/me", member))["payment_methods"][-1]["brand"] == "visa"
