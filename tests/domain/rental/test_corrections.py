"""A trip that is over is corrected by a new fact: too much comes back, more is announced, and a large one takes two."""

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.billing.charge import Charge
from domain.billing.commands import CreditInvoice, DecideCharge, ObjectToCharge
from domain.billing.correction import Correction
from domain.billing.credit_note import CreditNote
from domain.billing.fee import FEE, Evidence
from domain.billing.invoice import Invoice
from domain.invariants import Invariants
from domain.kernel.errors import NotFoundError, RefusedError
from domain.kernel.ids import ChargeId, InvoiceId, TripId
from domain.kernel.messages import Actor
from domain.kernel.money import Currency
from domain.rental.commands import ForceEndTrip
from domain.rental.staff_commands import CorrectTrip
from domain.rental.trip import Trip
from tests.domain.rental.test_fees import A_DAY, ADA, BOB, driven, euros, told
from tests.support.people_and_cars import area, car, member, says, started
from tests.support.world import World, codes

PHOTO = (Evidence(kind="photo", reference="parked.jpg", sha256="ab" * 32),)
MINUTE = timedelta(minutes=1)


async def correct(
    world: World, trip_id: TripId, by: Actor = ADA, *, evidence: Any = PHOTO, reason: str = "a photo", **true: Any
) -> None:
    said = {"trip_id": trip_id, "correction": Correction(**true), "evidence": evidence, "reason": reason}
    await world.do(CorrectTrip(correction_id=uuid4(), **said), actor=by)


def of_the_trip(trip_id: TripId) -> InvoiceId:
    return Invoice.id_of(Trip.TOPIC, trip_id)


def credited(world: World) -> list[int]:
    return [note.gross.amount_minor for note in world.events(CreditNote.Issued)]


def announced(world: World) -> list[int]:
    return [charge.price.gross.amount_minor for charge in world.events(Charge.Announced)]


def charge_of_the_last(world: World) -> ChargeId:
    return Charge.id_of(FEE, world.events(Trip.Corrected)[-1].correction.correction_id)


def broken(world: World) -> list[str]:
    """What the laws say of the whole log."""
    laws = Invariants()
    for recorded in world.store.log:
        laws.observe(recorded)
    return [why for result in laws.report().values() for why in result.broken]


async def test_what_was_charged_too_much_comes_back_by_a_credit_note_and_the_member_is_told() -> None:
    world = World()
    _, trip_id = await driven(world)
    before = len(world.messages)

    await correct(world, trip_id, duration_s=600)

    [first] = world.events(Invoice.Issued)
    assert (first.gross.amount_minor, credited(world)) == (680, [340])
    invoice = await world.store.load(Invoice, of_the_trip(trip_id))
    assert (invoice.paid, invoice.state) == (euros(340), "paid")
    trip = await world.store.load(Trip, trip_id)
    assert (trip.facts and trip.facts.duration_s, trip.corrections[0].difference.gross) == (600, euros(-340))
    assert told(world, before) == ["trip_corrected", "credit_note_issued"]
    assert world.messages[before].values["difference"] == "-3.40 EUR"
    [ended] = world.events(Trip.Ended)
    assert ended.facts.duration_s == 1200  # what was believed stays in the log


async def test_what_is_more_is_announced_and_open_to_objection() -> None:
    world = World()
    _, trip_id = await driven(world)
    await world.advance(timedelta(hours=1))

    await correct(world, trip_id, duration_s=1800)
    waiting = len(world.events(Invoice.Issued))
    await world.advance(15 * A_DAY)

    assert (waiting, announced(world), credited(world)) == (1, [340], [])
    [_, more] = world.events(Invoice.Issued)
    assert (more.subject_kind, more.gross, more.lines[0].description) == (FEE, euros(340), "Correction of a trip")


async def test_what_was_objected_to_and_waived_is_not_credited_when_the_trip_is_corrected_back() -> None:
    world = World()
    _, trip_id = await driven(world)
    await world.advance(timedelta(hours=1))
    await correct(world, trip_id, duration_s=1800)
    charge_id = charge_of_the_last(world)
    await world.do(ObjectToCharge(charge_id=charge_id, objection="I was back by then"))
    with pytest.raises(RefusedError) as undecided:
        await correct(world, trip_id, duration_s=1200)
    await world.do(DecideCharge(charge_id=charge_id, decision="waive", reason="so it was"), actor=BOB)

    await correct(world, trip_id, duration_s=1200)

    assert codes(undecided) == {"trip.charge_undecided"}
    assert (credited(world), [made.gross for made in differences(world)]) == ([], [euros(340), euros(0)])


def differences(world: World) -> list[Any]:
    return [event.correction.difference for event in world.events(Trip.Corrected)]


async def test_goodwill_is_neither_charged_again_nor_given_twice() -> None:
    world = World()
    _, trip_id = await driven(world)
    goodwill = CreditInvoice(credit_note_id=uuid4(), invoice_id=of_the_trip(trip_id), amount=euros(500), reason="dirty")
    await world.do(goodwill)

    await correct(world, trip_id, duration_s=600)

    assert (credited(world), differences(world)[0].gross) == ([500, 180], euros(-340))
    assert broken(world) == []


async def test_above_the_limit_nothing_moves_before_a_second_person_says_the_same() -> None:
    world = World()
    _, trip_id = await long_driven(world)
    before = len(world.messages)

    await correct(world, trip_id, ADA, duration_s=0)
    with pytest.raises(RefusedError) as herself:
        await correct(world, trip_id, ADA, duration_s=0)
    await correct(world, trip_id, BOB, duration_s=60)
    proposed = (credited(world), told(world, before), len(world.events(Trip.CorrectionProposed)))
    await correct(world, trip_id, ADA, duration_s=60)

    assert codes(herself) == {"approval.same_person"}
    assert proposed == ([], [], 2)
    [note], [made] = world.events(CreditNote.Issued), world.events(Trip.Corrected)
    assert (note.proposed_by, note.issued_by, made.proposed_by) == ("bob", "ada", "bob")
    assert broken(world) == []


async def long_driven(world: World) -> tuple[Any, TripId]:
    """A trip of two days, which costs more than one person may take back."""
    await area(world)
    who, x1 = await member(world), await car(world)
    trip_id = await started(world, who, x1)
    await world.advance(timedelta(hours=47))
    await says(world, x1)
    await world.do(ForceEndTrip(trip_id=trip_id, ended_at=world.now(), reason="asked by phone"), actor=ADA)
    charge_id = Charge.id_of(Trip.TOPIC, trip_id)
    for by in (ADA, BOB):
        with suppress(RefusedError):
            await world.do(DecideCharge(charge_id=charge_id, decision="approve", reason="looked"), actor=by)
    return who, trip_id


async def test_many_small_corrections_are_one_large_one() -> None:
    world = World()
    _, trip_id = await long_driven(world)

    done = 0
    for hours in range(46, 0, -1):
        await correct(world, trip_id, ADA, duration_s=hours * 3600)
        if world.events(Trip.CorrectionProposed):
            break
        done += 1

    limit = world.rulebook.billing.four_eyes(Currency.EUR)
    assert limit is not None
    assert sum(credited(world)) <= limit.amount_minor
    assert done < 46
    assert broken(world) == []


@pytest.mark.parametrize(
    ("true", "why"),
    [
        ({"duration_s": 1200}, "charge.nothing_corrected"),
        ({"duration_s": 9000}, "charge.end_in_future"),
        ({"amount": euros(5)}, "charge.amount_not_wanted"),
        ({"duration_s": 60, "evidence": ()}, "trip.correction_without_evidence"),
        ({"duration_s": 60, "reason": "  "}, "trip.correction_without_reason"),
    ],
    ids=str,
)
async def test_what_is_no_correction_is_refused(true: dict[str, Any], why: str) -> None:
    world = World()
    _, trip_id = await driven(world)

    with pytest.raises(RefusedError) as refused:
        await correct(world, trip_id, **true)

    assert codes(refused) == {why}


async def test_long_after_a_trip_less_can_be_charged_and_no_more() -> None:
    world = World()
    _, trip_id = await driven(world)
    await world.advance(91 * A_DAY)

    with pytest.raises(RefusedError) as more:
        await correct(world, trip_id, duration_s=1800)
    await correct(world, trip_id, duration_s=600)

    assert (codes(more), credited(world)) == ({"trip.correction_too_late"}, [340])


async def test_a_trip_under_way_is_ended_and_not_corrected() -> None:
    world = World()
    await area(world)
    trip_id = await started(world, await member(world), await car(world))

    with pytest.raises(RefusedError) as refused:
        await correct(world, trip_id, distance_m=5)

    assert codes(refused) == {"trip.not_ended"}


STEP = st.one_of(
    st.tuples(st.just("correct"), st.integers(0, 40), st.sampled_from([ADA, BOB])),
    st.tuples(st.sampled_from(["object", "waive", "approve", "wait", "goodwill"]), st.integers(1, 300), st.just(ADA)),
)


@given(st.lists(STEP, max_size=6))
async def test_whatever_is_corrected_the_books_say_what_is_true(steps: list[tuple[str, int, Actor]]) -> None:
    world = World()
    _, trip_id = await driven(world)
    await world.advance(timedelta(hours=1))
    for what, number, by in steps:
        with suppress(RefusedError, NotFoundError, IndexError):
            await stepped(world, trip_id, what, number, by)
    await world.advance(60 * A_DAY)

    assert (broken(world), world.refused_reactions) == ([], [])
    raised, billed = (len(world.events(kind)) for kind in (Charge.FeeRaised, Charge.Billed))
    if raised + 1 == billed and not world.events(Charge.Waived) and "goodwill" not in {what for what, _, _ in steps}:
        trip = await world.store.load(Trip, trip_id)
        invoices = [await world.store.load(Invoice, one.originator_id) for one in world.events(Invoice.Issued)]
        assert trip.facts is not None
        assert sum(invoice.uncredited.amount_minor for invoice in invoices) == 34 * (trip.facts.duration_s // 60)


async def stepped(world: World, trip_id: TripId, what: str, number: int, by: Actor) -> None:
    match what:
        case "correct":
            await correct(world, trip_id, by, duration_s=number * 60)
        case "wait":
            await world.advance(15 * A_DAY)
        case "goodwill":
            invoice_id = of_the_trip(trip_id)
            amount = euros(number)
            await world.do(CreditInvoice(credit_note_id=uuid4(), invoice_id=invoice_id, amount=amount, reason="dirty"))
        case "object":
            await world.do(ObjectToCharge(charge_id=charge_of_the_last(world), objection="no"))
        case _:
            decision = {"charge_id": charge_of_the_last(world), "decision": what, "reason": "seen"}
            await world.do(DecideCharge.model_validate(decision))
