"""What auditors ask for at the terminal."""

from datetime import timedelta
from uuid import uuid4

from adapters.postgres.store import PostgresEventStore
from domain.billing.payment import Payment
from domain.kernel.ids import MemberId, PaymentId, TripId
from domain.kernel.money import Currency, Money
from tests.api.terminal import NOW, Csbe, append, registered


async def test_the_history_of_one_member_names_who_and_why_and_nothing_about_the_person(
    csbe: Csbe, store: PostgresEventStore
) -> None:
    ada = await registered(store)
    first = await store.end()
    ada.verify_email("4711", NOW)
    await append(store, ada)

    whole = await csbe("history", str(ada.id), "--json")
    then = await csbe("history", str(ada.id), "--position", str(first), "--json")
    table = await csbe("history", str(ada.id))

    assert [event["type"] for event in whole.json] == ["members.member.registered", "members.member.email_verified"]
    assert whole.json[0]["metadata"]["actor"] == {"role": "agent", "id": "Olga"}
    assert [event["version"] for event in then.json] == [1]
    assert (table.code, "Ada" in whole.out + table.out, "4711" in whole.out + table.out) == (0, False, False)


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
        member_id=MemberId(uuid4()),
        trip_id=TripId(uuid4()),
        amount=Money(amount_minor=3000, currency=Currency.EUR),
        method_token="tok_visa",
        at=NOW + timedelta(days=9999),  # long from now, so that it has just been asked for
    )
    await append(store, asked)

    running = await csbe("audit", "invariants", "--json")
    finished = await csbe("audit", "invariants", "--finished", "--json")

    assert (running.code, finished.code) == (0, 1)
    broken = {name: result["broken"] for name, result in finished.json.items() if result["broken"]}
    assert len(broken) == 1
    assert str(asked.id) in str(broken)
