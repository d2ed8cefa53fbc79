"""What is taken out for ever: persons, and old telemetry."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
import typer

from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.read_models.projection import Projection
from adapters.postgres.telemetry import DeadLetter, TelemetryStore
from domain.kernel.ids import ReservationId
from domain.members.member import Member
from projections.members import MembersProjector
from tests.api.cli.terminal import NOW, Csbe, append, destroy_keys, registered

PATIENCE_S = 20
MEANT = ("--reason", "asked by letter", "--yes")
OLD = ("--reason", "older than a month")


async def by_and_reason(store: PostgresEventStore, member_id: UUID) -> list[tuple[str, str | None]]:
    """Of every erasure on record."""
    read = store.read(aggregate_id=member_id)
    return [(e.event.by, e.event.reason) async for e in read if isinstance(e.event, Member.Erased)]


async def test_an_erased_member_is_nowhere_to_be_read(
    csbe: Csbe, pool: asyncpg.Pool, store: PostgresEventStore
) -> None:
    ada, bob = await registered(store), await registered(store)
    await csbe("projections", "rebuild", "members", *MEANT[:2])
    await store.listener.erasures.wait(0, PATIENCE_S)  # until it listens
    assert (await store.load(Member, ada.id)).birth_date is not None
    heard = store.listener.erasures.count

    ended = await csbe("erase", str(ada.id), *MEANT)

    assert ended.code == 0
    assert await by_and_reason(store, ada.id) == [("olga", "asked by letter")]
    await destroy_keys(store)
    await store.listener.erasures.wait(heard, PATIENCE_S)
    assert (await store.load(Member, ada.id)).birth_date is None
    assert await by_and_reason(store, ada.id) == [("olga", None)]
    names = {e.event.originator_id: e.event.name async for e in store.read() if isinstance(e.event, Member.Registered)}
    assert names == {ada.id: None, bob.id: "Ada Lovelace"}
    await Projection(pool, store, MembersProjector()).catch_up()
    rows = "select member_id, erased_at is null from read_v1.members order by 2"
    shown = [tuple(row) for row in await pool.fetch(rows)]
    assert shown == [(ada.id, False), (bob.id, True)]
    await csbe("projections", "rebuild", "members", *MEANT[:2])
    assert [tuple(row) for row in await pool.fetch(rows)] == shown


async def test_whoever_is_erased_twice_was_erased_once(csbe: Csbe, store: PostgresEventStore) -> None:
    ada = await registered(store)

    codes = [(await csbe("erase", str(ada.id), *MEANT)).code for _ in range(2)]

    assert codes == [0, 0]
    assert len(await by_and_reason(store, ada.id)) == 1


async def test_nobody_is_erased_without_a_reason(csbe: Csbe, store: PostgresEventStore) -> None:
    ada = await registered(store)

    ended = await csbe("erase", str(ada.id), "--yes")

    assert (ended.code, "--reason" in ended.err) == (2, True)
    assert await by_and_reason(store, ada.id) == []


async def test_who_is_not_a_member_or_has_a_car_in_hand_is_not_erased(csbe: Csbe, store: PostgresEventStore) -> None:
    driver = await registered(store)
    driver.trigger_event(Member.ReservationOpened, timestamp=NOW, reservation_id=ReservationId(uuid4()))
    await append(store, driver)

    unknown = await csbe("erase", str(uuid4()), *MEANT)
    busy = await csbe("erase", str(driver.id), *MEANT)

    assert (unknown.code, busy.code) == (2, 2)
    assert "there is no member" in unknown.err
    assert "member.in_reservation: end what is open first" in busy.err
    assert (await store.load(Member, driver.id)).birth_date is not None


async def test_nobody_is_erased_without_being_asked_about(
    csbe: Csbe, store: PostgresEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await registered(store)
    monkeypatch.setattr("typer.confirm", _refuse)

    ended = await csbe("erase", str(ada.id), "--reason", "asked by letter")

    assert ended.code == 1
    assert (await store.load(Member, ada.id)).birth_date is not None


def _refuse(_question: str, **_options: object) -> None:
    raise typer.Abort


async def test_old_telemetry_is_dropped_by_day(csbe: Csbe, pool: asyncpg.Pool) -> None:
    telemetry = TelemetryStore(pool)
    for day in (1, 2, 3):
        at = datetime(2001, 5, day, tzinfo=UTC)
        async with telemetry.batch(at) as batch:
            await batch.store([], {}, [DeadLetter(at, "t", b"{", "not JSON")])

    ended = await csbe("telemetry", "drop", "--before", "2001-05-03", *OLD, "--json")

    assert (ended.code, ended.json) == (0, {"dropped": ["2001-05-01", "2001-05-02"]})
    assert await pool.fetchval("select min(received_at) from csbe.dead_letters") == datetime(2001, 5, 3, tzinfo=UTC)
    assert "2001-05-03" in (await csbe("telemetry", "drop", "--before", "2001-06-01", *OLD)).out


async def test_the_telemetry_of_today_is_not_dropped(csbe: Csbe) -> None:
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)

    future = await csbe("telemetry", "drop", "--before", str(tomorrow), *OLD)
    nonsense = await csbe("telemetry", "drop", "--before", "yesterday", *OLD)

    assert (future.code, nonsense.code) == (2, 2)
    assert "still being written" in future.err
