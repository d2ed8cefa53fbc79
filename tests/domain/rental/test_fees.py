"""What comes later than its trip, such as a fine, is told before it is taken, and its payer may object."""

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.billing.charge import Charge
from domain.billing.commands import DecideCharge, ObjectToCharge
from domain.billing.correction import Correction
from domain.billing.fee import FEE, Evidence
from domain.billing.invoice import Invoice
from domain.invariants.invoices import Invoices
from domain.kernel.errors import RefusedError
from domain.kernel.ids import ChargeId, MemberId, TripId
from domain.kernel.messages import Actor, Role
from domain.kernel.money import Currency, Money
from domain.members.commands import EraseMember
from domain.rental.commands import ChargeFee, EndTrip
from tests.support.people_and_cars import area, car, member, says, started
from tests.support.world import World, codes

LETTER = (Evidence(kind="letter", reference="Az. 58.92.123456.7"),)
A_DAY = timedelta(days=1)
ADA, BOB = Actor(role=Role.AGENT, id="ada"), Actor(role=Role.AGENT, id="bob")


def euros(minor: int) -> Money:
    return Money(amount_minor=minor, currency=Currency.EUR)


async def driven(world: World) -> tuple[MemberId, TripId]:
    """A member, and a trip of theirs of twenty minutes, which is paid."""
    await area(world)
    who, x1 = await member(world), await car(world)
    trip_id = await started(world, who, x1)
    await world.advance(timedelta(minutes=20))
    await says(world, x1)
    await world.do(EndTrip(trip_id=trip_id))
    return who, trip_id


async def charged(world: World, trip_id: TripId, fee: str = "traffic_offence", **more: Any) -> ChargeId:
    """The charge of a fee that an agent found an hour later."""
    await world.advance(timedelta(hours=1))
    asked = {"happened_at": world.now() - timedelta(hours=1), "evidence": LETTER, "reason": "fine of Berlin", **more}
    fee_id: UUID = asked.setdefault("fee_id", uuid4())
    await world.do(ChargeFee(trip_id=trip_id, fee=fee, **asked), actor=ADA)
    return Charge.id_of(FEE, fee_id)


async def decided(world: World, charge_id: ChargeId, decision: str, by: Actor = ADA, **right: Any) -> None:
    correction = Correction(**right) if right else None
    command = {"charge_id": charge_id, "decision": decision, "correction": correction, "reason": "saw the letter"}
    await world.do(DecideCharge.model_validate(command), actor=by)


def invoiced(world: World, trip_id: TripId) -> list[tuple[str, int]]:
    """What was invoiced besides the trip, gross."""
    issued = world.events(Invoice.Issued)
    return [(one.lines[0].rule_id, one.gross.amount_minor) for one in issued if one.subject_id != trip_id]


def told(world: World, since: int = 0) -> list[str]:
    return [message.template for message in world.messages[since:]]


async def test_the_payer_is_told_and_it_is_collected_when_the_time_to_object_is_over() -> None:
    world = World()
    who, trip_id = await driven(world)
    before = len(world.messages)

    charge_id = await charged(world, trip_id)
    await world.advance(14 * A_DAY - timedelta(minutes=1))
    waiting = invoiced(world, trip_id)
    await world.advance(timedelta(minutes=1))

    assert (waiting, invoiced(world, trip_id)) == ([], [("traffic_offence", 1800)])
    assert told(world, before) == ["charge_announced", "invoice_issued"]
    announced = world.messages[before]
    assert (announced.values["what"], announced.values["gross"]) == ("Handling of a traffic offence", "18.00 EUR")
    [issued] = [one for one in world.events(Invoice.Issued) if one.subject_id != trip_id]
    assert (issued.charges[0].charge_id, issued.tax.amount_minor, issued.payer_id) == (charge_id, 287, who)
    assert (await world.store.load(Invoice, issued.originator_id)).state == "paid"


async def test_an_objection_keeps_it_back_until_somebody_has_looked() -> None:
    world = World()
    _, trip_id = await driven(world)
    before = len(world.messages)
    charge_id = await charged(world, trip_id)

    for _ in range(2):
        await world.do(ObjectToCharge(charge_id=charge_id, objection="I was not there"))
    await world.advance(30 * A_DAY)
    kept = invoiced(world, trip_id)
    await decided(world, charge_id, "waive")

    assert kept == invoiced(world, trip_id) == []
    assert told(world, before) == ["charge_announced", "charge_objected_to", "charge_waived"]
    assert len(world.events(Charge.ObjectedTo)) == 1


@pytest.mark.parametrize(
    ("decision", "right", "gross"), [("approve", {}, 1800), ("correct", {"amount": euros(900)}, 900)]
)
async def test_what_is_found_right_after_an_objection_is_billed_at_once(
    decision: str, right: dict[str, Any], gross: int
) -> None:
    world = World()
    _, trip_id = await driven(world)
    charge_id = await charged(world, trip_id)
    await world.do(ObjectToCharge(charge_id=charge_id, objection="too much"))

    with pytest.raises(RefusedError) as alone:
        await decided(world, charge_id, decision, ADA, **right)  # who raised it
    await decided(world, charge_id, decision, BOB, **right)
    await world.advance(30 * A_DAY)

    assert codes(alone) == {"charge.own_facts"}
    assert invoiced(world, trip_id) == [("traffic_offence", gross)]


async def test_above_the_limit_two_persons_decide_before_the_payer_hears_of_it() -> None:
    world = World()
    _, trip_id = await driven(world)
    before = len(world.messages)

    charge_id = await charged(world, trip_id, "tow_truck", amount=euros(51_000))
    await decided(world, charge_id, "approve", ADA)
    one = told(world, before)
    await decided(world, charge_id, "approve", BOB)
    await world.advance(15 * A_DAY)

    assert (one, told(world, before)) == ([], ["charge_announced", "invoice_issued"])
    assert [event.payer_told for event in world.events(Charge.ReviewRequired)] == [False]
    assert invoiced(world, trip_id) == [("tow_truck", 51_000)]
    [issued] = [one for one in world.events(Invoice.Issued) if one.subject_id != trip_id]
    assert issued.tax.amount_minor == 0  # what is passed on is not taxed


@pytest.mark.parametrize(
    ("fee", "more", "why"),
    [
        ("coffee", {}, {"fee.unknown"}),
        ("towing", {"amount": euros(1)}, {"fee.amount_not_wanted"}),
        ("tow_truck", {}, {"fee.amount_missing"}),
        ("tow_truck", {"amount": euros(60_001)}, {"fee.amount_too_high"}),
        ("tow_truck", {"amount": euros(0)}, {"fee.amount_unfit"}),
        ("tow_truck", {"amount": euros(-5)}, {"fee.amount_unfit"}),
        ("tow_truck", {"amount": Money(amount_minor=5, currency=Currency.USD)}, {"fee.amount_unfit"}),
        ("towing", {"evidence": ()}, {"fee.without_evidence"}),
        ("towing", {"reason": "  "}, {"fee.without_reason"}),
    ],
    ids=str,
)
async def test_what_does_not_fit_the_catalogue_is_refused(fee: str, more: dict[str, Any], why: set[str]) -> None:
    world = World()
    _, trip_id = await driven(world)

    with pytest.raises(RefusedError) as refused:
        await charged(world, trip_id, fee, **more)

    assert codes(refused) == why
    assert world.events(Charge.FeeRaised) == []


@pytest.mark.parametrize(
    ("passes", "happened", "why"),
    [
        (timedelta(), timedelta(days=-2), "fee.not_of_this_trip"),
        (timedelta(), timedelta(hours=3), "fee.not_of_this_trip"),
        (91 * A_DAY, timedelta(), "fee.too_late"),
    ],
)
async def test_what_is_not_of_the_trip_or_comes_too_late_is_refused(
    passes: timedelta, happened: timedelta, why: str
) -> None:
    world = World()
    _, trip_id = await driven(world)
    ended_at = world.now()
    await world.advance(passes)

    with pytest.raises(RefusedError) as refused:
        await charged(world, trip_id, happened_at=ended_at + happened)

    assert codes(refused) == {why}


async def test_a_trip_that_has_not_ended_has_no_fee() -> None:
    world = World()
    await area(world)
    trip_id = await started(world, await member(world), await car(world))

    with pytest.raises(RefusedError) as refused:
        await charged(world, trip_id)

    assert codes(refused) == {"fee.trip_not_ended"}


async def test_a_fee_is_raised_once_and_a_trip_may_have_several() -> None:
    world = World()
    _, trip_id = await driven(world)
    once = uuid4()

    for fee_id in (once, once, uuid4()):
        await charged(world, trip_id, fee_id=fee_id)
    await world.advance(15 * A_DAY)

    assert invoiced(world, trip_id) == [("traffic_offence", 1800)] * 2


@pytest.mark.parametrize("amount", [euros(1800), euros(5000), euros(0), Money(amount_minor=5, currency=Currency.USD)])
async def test_a_fee_is_corrected_to_less_and_by_its_amount_alone(amount: Money) -> None:
    world = World()
    _, trip_id = await driven(world)
    charge_id = await charged(world, trip_id)
    await world.do(ObjectToCharge(charge_id=charge_id, objection="too much"))

    with pytest.raises(RefusedError) as more:
        await decided(world, charge_id, "correct", amount=amount)
    with pytest.raises(RefusedError) as other:
        await decided(world, charge_id, "correct", distance_m=5)

    assert (codes(more), codes(other)) == ({"charge.not_less"}, {"charge.amount_only"})


async def test_only_what_is_announced_can_be_objected_to_and_who_still_owes_is_not_erased() -> None:
    world = World()
    who, trip_id = await driven(world)
    charge_id = await charged(world, trip_id)

    with pytest.raises(RefusedError) as owing:
        await world.do(EraseMember(member_id=who, reason="asked for"))
    await world.advance(15 * A_DAY)
    with pytest.raises(RefusedError) as billed:
        await world.do(ObjectToCharge(charge_id=charge_id, objection="too late"))
    await world.do(EraseMember(member_id=who, reason="asked for"))

    assert (codes(owing), codes(billed)) == ({"member.unsettled"}, {"charge.not_announced"})


STEPS = st.lists(
    st.sampled_from(["raise", "dear", "object", "approve ada", "approve bob", "correct ada", "waive ada", "wait"]),
    max_size=12,
)


async def stepped(world: World, trip_id: TripId, step: str, known: list[ChargeId]) -> None:
    """Whoever it is does something about the fee that was raised last."""
    what, _, by = step.partition(" ")
    match what:
        case "raise":
            known.append(await charged(world, trip_id))
        case "dear":
            known.append(await charged(world, trip_id, "tow_truck", amount=euros(55_000)))
        case "wait":
            await world.advance(8 * A_DAY)
        case "object" if known:
            await world.do(ObjectToCharge(charge_id=known[-1], objection="no"))
        case "correct" if known:
            await decided(world, known[-1], what, ADA, amount=euros(1))
        case _ if known:
            await decided(world, known[-1], what, BOB if by == "bob" else ADA)


@given(STEPS)
async def test_whatever_is_done_a_fee_is_taken_once_and_never_before_its_time(steps: list[str]) -> None:
    world = World()
    _, trip_id = await driven(world)
    known: list[ChargeId] = []
    for step in steps:
        with suppress(RefusedError):
            await stepped(world, trip_id, step, known)
    await world.advance(60 * A_DAY)

    law = Invoices()
    for recorded in world.store.log:
        law.observe(recorded)
    assert [result.broken for result in law.results(finished=True).values()] == [[], []]
    announced = {event.originator_id: event for event in world.events(Charge.Announced)}
    objected = {event.originator_id for event in world.events(Charge.ObjectedTo)}
    for issued in world.events(Invoice.Issued):
        if issued.subject_kind == FEE:
            told_first = announced[issued.charges[0].charge_id]
            assert issued.gross <= told_first.price.gross
            assert issued.timestamp >= told_first.collected_from or issued.charges[0].charge_id in objected
