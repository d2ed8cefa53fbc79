"""What is taken out for ever: persons, and old telemetry."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest
import typer

from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.telemetry import DeadLetter, TelemetryStore
from domain.kernel.ids import ReservationId
from domain.members.member import Member
from tests.api.cli.terminal import NOW, Csbe, append, registered

PATIENCE_S = 20


async def test_an_erased_member_is_nowhere_to_be_read(
    csbe: Csbe, pool: asyncpg.Pool, store: PostgresEventStore
) -> None:
    ada, bob = await registered(store), await registered(store)
    await csbe("projections", "rebuild", "members")
    await store.listener.erasures.wait(0, PATIENCE_S)  # until it listens
    assert (await store.load(Member, ada.id)).email_code == "4711"
    heard = store.listener.erasures.count

    ended = await csbe("erase", str(ada.id), "--yes")

    assert ended.code == 0
    await store.listener.erasures.wait(heard, PATIENCE_S)
    assert (await store.load(Member, ada.id)).email_code is None
    names = {e.event.originator_id: e.event.name async for e in store.read() if isinstance(e.event, Member.Registered)}
    assert names == {ada.id: None, bob.id: "Ada Lovelace"}
    rows = "select member_id, name, email from read_v1.members order by name nulls first"
    shown = [tuple(row) for row in await pool.fetch(rows)]
    assert shown == [(ada.id, None, None), (bob.id, "Ada Lovelace", "ada@example.org")]
    await csbe("projections", "rebuild", "members")
    assert [tuple(row) for row in await pool.fetch(rows)] == shown
    assert (await csbe("erase", str(ada.id), "--yes")).code == 0


async def test_who_is_not_a_member_or_has_a_car_in_hand_is_not_erased(csbe: Csbe, store: PostgresEventStore) -> None:
    driver = await registered(store)
    driver.trigger_event(Member.ReservationOpened, timestamp=NOW, reservation_id=ReservationId(uuid4()))
    await append(store, driver)

    unknown = await csbe("erase", str(uuid4()), "--yes")
    busy = await csbe("erase", str(driver.id), "--yes")

    assert (unknown.code, busy.code) == (2, 2)
    assert "there is no members.member" in unknown.err
    assert "has an open reservation: end it first" in busy.err
    assert (await store.load(Member, driver.id)).email_code == "4711"


async def test_nobody_is_erased_without_being_asked_about(
    csbe: Csbe, store: PostgresEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await registered(store)
    monkeypatch.setattr("typer.confirm", _refuse)

    ended = await csbe("erase", str(ada.id))

    assert ended.code == 1
    assert (await store.load(Member, ada.id)).email_code == "4711"


def _refuse(_question: str, **_options: object) -> None:
    raise typer.Abort


async def test_old_telemetry_is_dropped_by_day(csbe: Csbe, pool: asyncpg.Pool) -> None:
    telemetry = TelemetryStore(pool)
    for day in (1, 2, 3):
        at = datetime(2001, 5, day, tzinfo=UTC)
        async with telemetry.batch(at) as batch:
            await batch.store([], {}, [DeadLetter(at, "t", b"{", "not JSON")])

    ended = await csbe("telemetry", "drop", "--before", "2001-05-03", "--json")

    assert (ended.code, ended.json) == (0, {"dropped": ["2001-05-01", "2001-05-02"]})
    assert await pool.fetchval("select min(received_at) from csbe.dead_letters") == datetime(2001, 5, 3, tzinfo=UTC)
    assert "2001-05-03" in (await csbe("telemetry", "drop", "--before", "2001-06-01")).out


async def test_the_telemetry_of_today_is_not_dropped(csbe: Csbe) -> None:
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)

    future = await csbe("telemetry", "drop", "--before", str(tomorrow))
    nonsense = await csbe("telemetry", "drop", "--before", "yesterday")

    assert (future.code, nonsense.code) == (2, 2)
    assert "still being written" in future.err
