"""What auditors ask for at the terminal."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from adapters.postgres.event_store.snapshot_costs import Costs, LoadCosts
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.read_models.projection import Projection
from api.auth import TokenAuthority, key_in
from domain.billing.payment import Payment
from domain.kernel.ids import PayerId, PaymentId
from domain.kernel.money import Currency, Money
from domain.members.member import Member
from domain.rental.trip import Trip
from projections.event_log import EventLogProjector
from tests.api.cli.terminal import METADATA, NOW, Csbe, append, damaged, registered
from tests.support.databases import login
from tests.support.keys import KEYS


async def test_the_history_of_one_member_names_who_and_why_and_nothing_about_the_person(
    csbe: Csbe, store: PostgresEventStore
) -> None:
    ada = await registered(store)
    first = await store.end()
    ada.verify_email(NOW)
    await append(store, ada)

    whole = await csbe("history", str(ada.id), "--json")
    then = await csbe("history", str(ada.id), "--position", str(first), "--json")
    table = await csbe("history", str(ada.id))

    assert [event["type"] for event in whole.json["events"]] == [
        "members.member.registered",
        "members.member.email_verified",
    ]
    assert whole.json["events"][0]["metadata"]["actor"] == {"role": "agent", "id": "Olga"}
    assert [event["version"] for event in then.json["events"]] == [1]
    assert (then.json["state"]["email_verified"], whole.json["state"]["email_verified"]) == (False, True)
    assert f"state after {first + 1}" in table.out
    assert (table.code, "Ada" in whole.out + table.out, "4711" in whole.out + table.out) == (0, False, False)


async def test_a_history_ends_at_a_moment_which_has_a_zone(csbe: Csbe, store: PostgresEventStore) -> None:
    ada = await registered(store)
    first, *_ = (await csbe("history", str(ada.id), "--json")).json["events"]
    ada.verify_email(NOW)
    await append(store, ada)

    then = await csbe("history", str(ada.id), "--at", first["recorded_at"], "--json")
    before = await csbe("history", str(ada.id), "--at", "2020-01-01T00:00+01:00")
    nowhere = await csbe("history", str(ada.id), "--at", "2020-01-01T00:00")

    assert [event["position"] for event in then.json["events"]] == [first["position"]]
    assert then.json["state"]["email_verified"] is False
    assert (before.code, f"there is no aggregate {ada.id} by then" in before.err) == (2, True)
    assert (nowhere.code, "%" in nowhere.err, "with its zone" in " ".join(nowhere.err.split())) == (2, False, True)


async def test_the_history_of_a_person_or_a_request_is_found_whatever_it_happened_to(
    csbe: Csbe, store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    ada, bo = await registered(store), await registered(store, "Bo")
    last = await store.end()
    ada.verify_email(NOW)
    await append(store, ada)
    await Projection(pool, store, EventLogProjector()).catch_up()

    of_ada = await csbe("history", "--member", str(ada.id), "--json")
    of_request = await csbe("history", "--correlation", str(METADATA.correlation_id), "--position", str(last), "--json")
    of_a_car = await csbe("history", "--vehicle", str(uuid4()), "--json")
    read = await csbe("audit", "reads", "--member", str(ada.id), "--json")

    assert [event["type"] for event in of_ada.json["events"]] == [
        "members.member.registered",
        "members.member.email_verified",
    ]
    assert [event["aggregate_id"] for event in of_request.json["events"]] == [str(ada.id), str(bo.id)]
    assert of_a_car.json == {"events": []}
    assert "csbe history" in {one["door"] for one in read.json}
    assert "Ada" not in of_ada.out


@pytest.mark.parametrize("words", [(), (str(UUID(int=1)), "--member", str(UUID(int=2)))], ids=["nothing", "two"])
async def test_what_the_history_is_wanted_of_is_said_in_one_way(csbe: Csbe, words: tuple[str, ...]) -> None:
    ended = await csbe("history", *words)

    assert ended.code == 2
    assert "--member, --vehicle, --correlation" in ended.err


async def test_what_is_shown_at_the_terminal_is_on_record(csbe: Csbe, store: PostgresEventStore) -> None:
    ada = await registered(store)

    await csbe("history", str(ada.id))
    await csbe("history", str(ada.id), "--json")
    read = await csbe("audit", "reads", "--member", str(ada.id), "--json")
    others = await csbe("audit", "reads", "--member", str(uuid4()), "--json")

    assert {(one["reader"], one["door"], one["member_id"]) for one in read.json} == {
        ("olga", "csbe history", str(ada.id))
    }
    assert others.json == []


async def test_who_may_only_read_is_told_what_the_security_log_calls_an_address(
    csbe: Csbe, owner_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CSBE_POSTGRES_DSN", (await login(owner_dsn, "auditor")).partition("?role")[0])
    servers = TokenAuthority(key_in(tmp_path / "token-key.pem"))

    found, other = await csbe("audit", "pseudonym", "203.0.113.7"), await csbe("audit", "pseudonym", "203.0.113.8")

    assert (found.code, found.out.strip()) == (0, servers.pseudonym("203.0.113.7"))
    assert found.out != other.out
    assert "203" not in found.out


async def test_without_the_key_of_the_servers_nobody_is_told_a_wrong_pseudonym(csbe: Csbe, tmp_path: Path) -> None:
    (tmp_path / "token-key.pem").unlink()

    ended = await csbe("audit", "pseudonym", "203.0.113.7")

    assert (ended.code, ended.out) == (2, "")
    assert "set CSBE_TOKEN_KEY, or CSBE_DATA_DIR as the servers have it" in ended.err
    assert not (tmp_path / "token-key.pem").exists()


async def test_what_has_no_history_is_said_so(csbe: Csbe) -> None:
    unknown = await csbe("history", str(uuid4()))
    nonsense = await csbe("history", "B-DN 641")

    assert (unknown.code, nonsense.code) == (2, 2)
    assert "there is no aggregate" in unknown.err


async def test_a_law_that_is_broken_is_named_and_what_is_under_way_is_not_missed(
    csbe: Csbe, store: PostgresEventStore
) -> None:
    asked = Payment.hold(
        PaymentId(uuid4()),
        payer_id=PayerId(uuid4()),
        subject_kind=Trip.TOPIC,
        subject_id=uuid4(),
        amount=Money(amount_minor=3000, currency=Currency.EUR),
        method_id="tok_visa",
        at=NOW + timedelta(days=9999),  # long from now, so that it has just been asked for
    )
    await append(store, asked)

    running = await csbe("audit", "invariants", "--json")
    finished = await csbe("audit", "invariants", "--finished", "--json")

    assert (running.code, finished.code) == (0, 1)
    broken = {name: result["broken"] for name, result in finished.json.items() if result["broken"]}
    assert len(broken) == 1
    assert str(asked.id) in str(broken)


async def test_an_event_that_cannot_be_read_is_named_and_the_rest_of_the_log_is_checked(
    csbe: Csbe, store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    await registered(store)
    whose, position = await damaged(pool)
    await registered(store)

    audited = await csbe("audit", "invariants", "--json")

    assert audited.code == 1
    found = audited.json["event_is_readable"]
    assert found["checked"] == await pool.fetchval("select count(*) from csbe.events")
    [broken] = found["broken"]
    assert broken.startswith(f"position {position}: event 1 of aggregate {whose}")


class AlwaysPays(LoadCosts):
    def snapshot_pays(self, events: int) -> bool:
        return events > 0


async def test_a_snapshot_that_is_not_what_the_events_say_is_found_and_dropped(csbe: Csbe, pool: asyncpg.Pool) -> None:
    store = PostgresEventStore(pool, master_keys=KEYS, costs=Costs(of_a_class=AlwaysPays))
    ada, _, brian = [await registered(store) for _ in range(3)]
    await forge(store, ada)
    await pool.execute("update csbe.snapshots set digest = '' where originator_id = $1", brian.id)

    found = await csbe("audit", "snapshots", "--json")
    told = await csbe("audit", "snapshots", "--drop")
    after = await csbe("audit", "snapshots", "--json")

    whys = {differing["aggregate_id"]: differing["why"] for differing in found.json["differing"]}
    assert (found.code, told.code, after.code) == (1, 1, 0)
    assert whys == {
        str(ada.id): "its state is not what the events say",
        str(brian.id): "its digest is another one",
    }
    assert {str(ada.id), str(brian.id)} <= set(told.out.split())
    assert "dropped 2" in told.err
    assert after.json == {"same": 1, "ignored": 0, "differs": 0, "differing": []}


async def test_snapshots_that_no_load_uses_are_not_complained_of(csbe: Csbe, pool: asyncpg.Pool) -> None:
    store = PostgresEventStore(pool, master_keys=KEYS, costs=Costs(of_a_class=AlwaysPays))
    ada, brian = await registered(store), await registered(store)
    await store.erase(ada.id)
    await pool.execute("update csbe.snapshots set schema_fingerprint = 'older' where originator_id = $1", brian.id)

    audited = await csbe("audit", "snapshots")

    assert (audited.code, audited.out.strip()) == (0, "0 same, 2 ignored, 0 differs")


async def forge(store: PostgresEventStore, member: Member) -> None:
    """A snapshot with all seals, of a state that never was: as a broken reaction would make it."""
    await store.pool.execute("delete from csbe.snapshots where originator_id = $1", member.id)
    member.city_id = "atlantis"
    await store._loader.snapshots.take_if_it_pays(member, 0)
