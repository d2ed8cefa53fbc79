"""A person goes through every door, is erased, and is looked for everywhere."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import aiomqtt
import asyncpg
import pytest

from adapters.mqtt.client import client_options
from adapters.simulator.car import Car, offset
from domain.kernel.messages import Role
from tests.api.cli.terminal import Csbe, csbe
from tests.journeys.collector import Collector
from tests.support.bank import Payment, statement
from tests.support.canaries import Canaries, Found, in_database_files
from tests.support.city import CARD, City
from tests.support.clocks import MovableClock
from tests.support.installation import Installation
from tests.support.waiting import until

__all__ = ["csbe"]

BANK_CANARY = "Geldkanarie"
"""Of what the bank tells, and nobody keeps."""
ADDRESS = "Kanarie.Quux@canary-xqzw.example"
TYPED = ("rejected", "blocked", "unblocked", "forced", "decided", "credited", "revoked", "erased")
WHY = ("--reason", "a test", "--by", "olga")
KEPT = {
    (topic, name)
    for topic in ("billing.invoice.issued", "billing.invoice.credited")
    for name in ("name", "moved", "postcode", "town")
}
"""Law keeps whom an invoice is for."""
READ_MODELS = ("members", "fleet", "rental", "billing", "transfers", "utilisation", "analysis", "event_log")

UNTIL_NOW = ("car_states", "availability_days", "availability")
_REPORTS = """
select 'reports.' || viewname as view from pg_views where schemaname = 'reports' and not viewname = any($1)
union all values ('read_v1.car_spells'), ('read_v1.trip_cells')
"""
_KEPT_UNTIL = "select due_at from csbe.jobs where kind = 'billing.forget_buyers'"
_KEY = "select key from csbe.keys where subject = $1"
_BEFORE_THE_NEXT = "select count(*) from csbe.telemetry where vin = $1 and received_at < $2 and received_at > $3"


@pytest.fixture
async def city(csbe: Csbe, installation: Installation, collector: Collector) -> AsyncIterator[City]:
    """Everything running, but for the cars."""
    del csbe, collector
    async with installation.furnished() as city:
        yield city


async def take_statement(csbe: Csbe, city: City, file: Path) -> None:
    """The bank tells of payments by the name and words of whoever made them: one for an invoice, one for none."""
    agent, who = city.token(Role.AGENT), f"{BANK_CANARY} Quux"
    number = (await city.get("/v1/invoices", agent))["invoices"][-1]["number"]
    named = Payment("1.00", f"{number} {who}", "b1", payer=who, end_to_end=who)
    nameless = Payment("2.00", who, "b2", payer=who, end_to_end=who)
    await asyncio.to_thread(file.write_text, statement([named, nameless]))
    ended = await csbe("bank", "take", str(file), *WHY)
    await asyncio.to_thread(file.unlink)
    assert "1 taken, 1 unmatched" in ended.out, ended.out + ended.err
    await city.settled()
    [transfer] = (await city.get("/v1/transfers", agent, owed="true"))["transfers"]
    back = {"reference": "SEPA 1", "reason": "it was paid by card"}
    (await city.post(f"/v1/transfers/{transfer['transfer_id']}/paid-back", back, agent)).raise_for_status()
    await city.settled()


@dataclass
class Life:
    """What somebody did here, and what would give them away."""

    city: City
    member_id: str
    headers: dict[str, str]
    refresh_token: str
    canaries: Canaries
    car: Car
    next_driver: UUID
    drove_at: datetime
    left_at: datetime

    async def found(self, owner: asyncpg.Connection) -> Found:
        """Whatever can be read of them, anywhere."""
        city, canaries = self.city, self.canaries
        return (
            await canaries.in_events(city.running.store, [self.next_driver])
            | await canaries.in_tables(owner)
            | await canaries.in_database_files(owner)
            | canaries.in_files(city.mail.parent)
            | canaries.in_text("metrics", (await city.api.get("/metrics")).text)
        )


async def all_over(city: City, installation: Installation) -> Life:
    """A life, after which the cars have left the streets, so that nothing changes by itself any more."""
    async with installation.driving():
        await until(city.knows_its_cars)
        life = await lived(city, installation.clock)
        await until(city.knows_its_cars)
    await city.settled()
    await city.running.demand.flush()
    return life


async def lived(city: City, clock: MovableClock) -> Life:
    """A member who registers, has a licence turned down, drives twice, pays, is paid back, is blocked and let go."""
    typed = {name: f"Quux the {name} xqzwreason" for name in TYPED}
    canaries = Canaries(
        name="Kanarie Quuxdotter",
        email=ADDRESS,
        licence="XQZW7741CANARY",
        token="tok_canary_xqzw7",
        street="Quuxgasse 77 xqzw",
        moved="Quuxallee 8 xqzw",
        postcode="XQZ 774",
        town="Quuxhausen",
        **typed,
    )
    agent, car = city.token(Role.AGENT), await city.car(1)
    who = {"city_id": city.place.city_id, "name": canaries["name"], "email": ADDRESS, "birth_date": "1971-02-03"}
    where = {"street": canaries["street"], "postcode": canaries["postcode"], "city": canaries["town"], "country": "DE"}
    asked = {**who, "address": where, "service": city.place.service}
    opened = await city.post("/v1/members", asked, {"Idempotency-Key": ADDRESS})
    member_id = opened.raise_for_status().json()["id"]
    tokens = await city.tokens(ADDRESS)
    mine, me = {"Authorization": f"Bearer {tokens['access_token']}"}, f"/v1/members/{member_id}"
    licence = {"number": canaries["licence"], "country": "DE", "issued_on": "2015-01-01", "expires_on": "2039-01-01"}
    for path, body, by in (
        ("address", {"address": {**where, "street": canaries["moved"]}}, mine),
        ("licence", licence, mine),
        ("licence/reject", {"reason": typed["rejected"]}, agent),
        ("licence", licence, mine),
        ("licence/verify", None, agent),
        ("payment-methods", {"token": canaries["token"], **CARD}, mine),
        ("block", {"reason": typed["blocked"]}, agent),
        ("unblock", {"reason": typed["unblocked"]}, agent),
    ):
        (await city.post(f"{me}/{path}", body, by)).raise_for_status()
    refused = await city.post(f"{me}/licence", {**licence, "expires_on": canaries["licence"]}, mine)
    assert refused.status_code == 422

    drove_at = city.running.system.clock.now()
    trip = await city.start(car, mine)
    clock.let_pass(timedelta(minutes=2))
    car.position = offset(car.position, 400, 90)  # farther than a car moves without being noticed
    await city.drive(car, 30, mine)
    await broken_message(city, car)
    await city.end(trip, mine)
    place = f"{car.position.latitude:.7f}"[:-2]
    bob = await city.member()
    left_at = city.running.system.clock.now()
    next_trip = await city.start(car, bob)
    await city.drive(car, 50, bob)
    await city.end(next_trip, bob)
    await paid_back(city, clock, mine, agent, typed)
    return Life(
        city=city,
        member_id=member_id,
        headers=mine,
        refresh_token=tokens["refresh_token"],
        canaries=Canaries(**canaries.values, place=place),
        car=car,
        next_driver=UUID(bob["X-Member"]),
        drove_at=drove_at,
        left_at=left_at,
    )


async def paid_back(
    city: City, clock: MovableClock, mine: dict[str, str], agent: dict[str, str], typed: dict[str, str]
) -> None:
    """An agent ends a second trip, decides its charge, and takes back what it cost."""
    trip = await city.start(await city.car(2), mine)
    clock.let_pass(timedelta(minutes=9))
    ended = {"ended_at": city.running.system.clock.now().isoformat(), "reason": typed["forced"]}
    (await city.post(f"{trip}/force-end", ended, agent)).raise_for_status()
    await city.settled()
    for charge in (await city.get("/v1/charges", agent, state="in_review"))["charges"]:
        decision = {"decision": "approve", "reason": typed["decided"]}
        another = city.token(Role.AGENT, "bob")
        (await city.post(f"/v1/charges/{charge['charge_id']}/decision", decision, another)).raise_for_status()
    await city.settled()
    invoice = (await city.get("/v1/invoices", mine))["invoices"][0]
    credit = f"/v1/invoices/{invoice['invoice_id']}/credit-notes"
    (await city.post(credit, {"reason": typed["credited"]}, agent)).raise_for_status()
    await city.settled()


async def broken_message(city: City, car: Car) -> None:
    """What cannot be used says where she is as well."""
    async with aiomqtt.Client(**client_options(city.running.mqtt_url)) as line:
        telling = f'{{"latitude": {car.position.latitude:.7f}, broken'.encode()
        await line.publish(f"csbe/v1/{city.place.service}/vehicles/{car.vin}/telemetry", telling, qos=1)

    async def kept() -> bool:
        return bool(await city.running.pool.fetchval("select count(*) from csbe.dead_letters"))

    await until(kept)


async def erased(life: Life) -> None:
    """By an agent, with everything that follows."""
    city, agent = life.city, life.city.token(Role.AGENT)
    revoked = {"role": "member", "subject": life.member_id, "reason": life.canaries["revoked"]}
    (await city.post("/v1/login/revoke-all", revoked, agent)).raise_for_status()
    answer = await city.post(f"/v1/members/{life.member_id}/erase", {"reason": life.canaries["erased"]}, agent)
    answer.raise_for_status()
    await city.settled()


async def reports(owner: asyncpg.Connection) -> dict[str, list[str]]:
    """Every row that analysts see, but those of members, who are counted as erased, and of the log, which goes on.

    In place of what is counted until now stands what it is counted from.
    """
    shown = {}
    for (name,) in await owner.fetch(_REPORTS, ("members", "event_log", *UNTIL_NOW)):
        rows = await owner.fetch(f"select v::text from {name} v")  # noqa: S608 (of the catalogue)
        shown[name] = sorted(row[0] for row in rows)
    return shown


async def test_nothing_of_an_erased_person_is_found_and_every_sum_stays(
    city: City,
    installation: Installation,
    owner: asyncpg.Connection,
    collector: Collector,
    csbe: Csbe,
    capsys: pytest.CaptureFixture[str],
) -> None:
    life = await all_over(city, installation)
    await take_statement(csbe, city, city.mail.parent / "statement.xml")
    told_by_bank = Canaries(bank=BANK_CANARY)
    assert await told_by_bank.in_tables(owner) | await told_by_bank.in_events(city.running.store, []) == set()
    assert await told_by_bank.in_database_files(owner) | told_by_bank.in_files(city.mail.parent) == set()
    planted = {name for _, name in await life.found(owner)}
    figures, key = await reports(owner), await owner.fetchval(_KEY, UUID(life.member_id))
    asked = ("subject-access", life.member_id, "--by", "olga")
    told, in_words = await csbe(*asked, "--json"), await csbe(*asked)
    await owner.execute("analyze")  # as the database does by itself at any moment

    await erased(life)

    assert planted == life.canaries.values.keys() - {"erased", "revoked"}
    for answer in (told, in_words):  # all of it but for what is a secret of the payment provider's
        assert {name for _, name in life.canaries.in_text("told", answer.out)} == planted - {"token"}
    assert {"verify_email", "invoice_issued"} <= {row["template"] for row in told.json["rows"]["csbe.messages_sent"]}
    kept = {name for _, name in KEPT}
    assert {name for _, name in life.canaries.in_text("told", (await csbe(*asked, "--json")).out)} == kept
    assert await life.found(owner) == KEPT
    assert not await in_database_files(owner, key)
    said = capsys.readouterr()
    assert life.canaries.in_text("logs", said.out, said.err) == set()
    assert life.canaries.in_text("traces", collector.raw) == set()
    assert await city.running.pool.fetchval(_BEFORE_THE_NEXT, life.car.vin, life.left_at, life.drove_at) == 0
    assert (await city.api.get("/v1/members/me", headers=life.headers)).status_code == 401
    again = await city.api.post("/v1/login/refresh", json={"refresh_token": life.refresh_token})
    assert again.status_code == 401
    for name in READ_MODELS:
        assert (await csbe("projections", "rebuild", name, *WHY)).code == 0
    assert {name: rows for name, rows in (await reports(owner)).items() if rows != figures[name]} == {}
    assert await life.canaries.in_tables(owner) == set()

    years_later = await city.running.pool.fetchval(_KEPT_UNTIL)
    installation.clock.let_pass(years_later - installation.clock.now())
    await city.settled()
    assert await life.found(owner) == set()
    assert life.canaries.in_text("told", (await csbe(*asked, "--json")).out) == set()
