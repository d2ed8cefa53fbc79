"""Somebody who may read the log and nothing else audits with the command line, which changes nothing for them."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

import projections
from adapters.embedded.postgres import EmbeddedPostgres
from adapters.mail.sent import SentMessages
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.followers.follower import Follower
from adapters.postgres.jobs.policy_runner import PolicyRunner
from adapters.postgres.jobs.queue import JobQueue
from adapters.postgres.read_models.projection import Projection
from domain.contexts import POLICIES
from domain.kernel.ids import MemberId, TripId
from domain.kernel.policy import SendMessage
from domain.rental.commands import EndTrip
from tests.api.cli.terminal import Csbe
from tests.projections.following import credit
from tests.support.databases import login
from tests.support.people_and_cars import area, car, member, reserved, says, started
from tests.support.recorded_world import recorded_world

UNDER = ("csbe", "read_v1", "reports")
WRITES = "personal_reads"
"""Who was shown what is put on record, by a function."""


@pytest.fixture
async def driven(csbe: Csbe, store: PostgresEventStore, pool: asyncpg.Pool) -> tuple[MemberId, TripId]:
    """Ada reserved a car, drove for 20 minutes, paid, and got all of it back."""
    del csbe  # its tables are there
    world = recorded_world(store)
    await area(world)
    ada, mini = await member(world), await car(world)
    trip = await started(world, ada, mini, await reserved(world, ada, mini))
    await world.advance(timedelta(minutes=20))
    await says(world, mini, odometer_m=1_009_000)
    await world.do(EndTrip(trip_id=trip))
    await world.do(credit(trip, reason="Ada was cold"))
    for projector in projections.PROJECTORS:
        await Projection(pool, store, projector).catch_up()
    return ada, trip


@pytest.fixture
async def as_auditor(csbe: Csbe, owner_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sits at the terminal is granted the auditors' role, has no key, and does not know of the role."""
    del csbe  # it sets another user
    monkeypatch.setenv("CSBE_POSTGRES_DSN", (await login(owner_dsn, "auditor")).partition("?role")[0])
    monkeypatch.delenv("CSBE_MASTER_KEY")


async def everything(owner: asyncpg.Connection) -> dict[str, Sequence[asyncpg.Record]]:
    """All rows of all tables, and which tables, views and functions there are."""
    tables = await owner.fetch(
        "select oid::regclass::text as name, relname from pg_class where relkind in ('r', 'v')"
        " and relnamespace::regnamespace::text = any($1)",
        UNDER,
    )
    found: dict[str, Sequence[asyncpg.Record]] = {
        row["name"]: await owner.fetch(f"select t::text from {row['name']} t order by 1")  # noqa: S608
        for row in tables
        if row["relname"] != WRITES
        and row["name"] != "reports.car_states"  # whose last state lasts until now
        and not row["name"].startswith("reports.availability")
    }
    found["functions"] = await owner.fetch("select oid, prosrc from pg_proc where pronamespace = 'csbe'::regnamespace")
    return found


@pytest.mark.usefixtures("as_auditor")
async def test_all_behind_an_invoice_is_told_at_the_terminal_and_nothing_about_the_person(
    csbe: Csbe, driven: tuple[MemberId, TripId], pool: asyncpg.Pool
) -> None:
    ada, trip = driven
    number = await pool.fetchval("select number from reports.invoices where subject_id = $1", trip)

    told = await csbe("audit", "invoice", number, "--json")
    lines = await csbe("audit", "invoice", number)
    unknown = await csbe("audit", "invoice", "DE-1999-000001")
    reads = await csbe("audit", "reads", "--member", str(ada), "--json")

    types = [event["type"] for event in told.json["events"]]
    expected = [
        "rental.reservation.placed",
        "rental.trip.requested",
        "rental.trip.ended",
        "billing.charge.raised",
        "billing.invoice.issued",
        "billing.payment.captured",
        "billing.credit_note.issued",
    ]
    assert (told.code, lines.code, unknown.code) == (0, 0, 2)
    assert [type for type in types if type in expected] == expected
    assert [event["position"] for event in told.json["events"]] == sorted(e["position"] for e in told.json["events"])
    assert [quote["tariff_id"] for quote in told.json["quotes"]] == ["drivenow-berlin-34"]
    assert all(type in lines.out for type in expected)
    assert "there is no invoice DE-1999-000001" in unknown.err
    login = urlsplit(os.environ["CSBE_POSTGRES_DSN"]).username  # and not who they are at the terminal
    assert {(read["door"], read["reader"]) for read in reads.json} == {("csbe audit invoice", login)}
    for shown in (told.out, lines.out):
        assert [private for private in ("Ada", "@example.org", "tok-", "visa") if private in shown] == []


async def test_of_messages_is_told_what_became_of_them_and_nothing_that_nobody_knows(
    csbe: Csbe, driven: tuple[MemberId, TripId], store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    ada, trip = driven
    number = await pool.fetchval("select number from reports.invoices where subject_id = $1", trip)
    jobs, sent = JobQueue(pool), SentMessages(pool)

    async def messages() -> dict[str, str]:
        told = (await csbe("audit", "invoice", number, "--json")).json["messages"]
        return {message["template"]: message["state"] for message in told}

    before = await messages()
    runner = PolicyRunner(POLICIES)
    await Follower(pool, store, "policies", runner, topics=runner.topics).catch_up()
    asked = await messages()
    find = "select id from csbe.jobs where payload->>'template' = $1"
    ended, issued, credited = [
        await pool.fetchval(find, each) for each in ("trip_ended", "invoice_issued", "credit_note_issued")
    ]
    await pool.execute("update csbe.jobs set failed_at = now() where id = any($1)", [issued, credited])
    await jobs.drop(credited, by="olga", reason="she was called")
    await sent.remember(SendMessage(member_id=ada, template="trip_ended"), str(ended), "mail")
    after = await messages()
    lines = await csbe("audit", "invoice", number)

    assert before == {}
    assert set(asked.values()) == {"waiting"}
    assert {"trip_ended", "invoice_issued", "credit_note_issued"} <= asked.keys()
    assert after == asked | {"trip_ended": "sent", "invoice_issued": "failed", "credit_note_issued": "dropped"}
    assert "sent by mail" in lines.out


@pytest.mark.usefixtures("as_auditor")
async def test_whoever_audits_changes_nothing(
    csbe: Csbe, driven: tuple[MemberId, TripId], owner: asyncpg.Connection, pool: asyncpg.Pool
) -> None:
    ada, trip = driven
    number = await pool.fetchval("select number from reports.invoices where subject_id = $1", trip)
    before = await everything(owner)

    ended = [
        await csbe(*words, "--json")
        for words in (
            ("audit", "invariants"),
            ("audit", "snapshots"),
            ("audit", "reads"),
            ("audit", "invoice", number),
            ("history", str(trip)),
            ("history", "--member", str(ada)),
        )
    ]

    assert [(one.code, one.err if one.code else "") for one in ended] == [(0, "")] * len(ended)
    assert await everything(owner) == before


@pytest.fixture
async def lacking(csbe: Csbe, owner: asyncpg.Connection) -> AsyncIterator[None]:
    """The database has not been through one of the migrations."""
    del csbe  # its read models were made before
    rename = "update csbe.migrations set name = $1 where name = $2"
    await owner.execute(rename, "another", "0008_demand")
    yield
    await owner.execute(rename, "0008_demand", "another")


@pytest.mark.usefixtures("as_auditor", "lacking")
@pytest.mark.parametrize(
    "words", ["audit invariants", "audit snapshots", "audit reads", "audit invoice DE-1", "history --member {id}"]
)
async def test_a_database_that_lacks_a_migration_is_refused_and_stays_as_it_is(
    csbe: Csbe, owner: asyncpg.Connection, words: str
) -> None:
    ended = await csbe(*words.format(id="6f1c1f0e-0000-4000-8000-000000000000").split())

    still = await owner.fetchval("select count(*) from csbe.migrations where name = '0008_demand'")
    assert (ended.code, still) == (2, 0)
    assert "0008_demand: let its owner run csbe migrate" in " ".join(ended.err.split())


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data directory which also the user of an embedded server may enter."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.slow
async def test_an_embedded_database_is_not_made_ready_by_an_audit(
    csbe: Csbe, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CSBE_DATA_DIR", str(folder))
    monkeypatch.delenv("CSBE_POSTGRES_DSN")
    monkeypatch.delenv("CSBE_MASTER_KEY")
    server = EmbeddedPostgres(folder / "postgres")
    database = await asyncpg.connect(await asyncio.to_thread(server.start))

    refused = await csbe("audit", "invariants")
    schemas = await database.fetchval("select count(*) from pg_namespace where nspname = 'csbe'")
    await csbe("migrate")
    audited = await csbe("audit", "invariants")

    await database.close()
    await asyncio.to_thread(server.stop)
    assert (refused.code, schemas, audited.code) == (2, 0, 0)
    assert "the database is empty: let its owner run csbe migrate" in " ".join(refused.err.split())
