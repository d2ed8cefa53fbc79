"""Nobody pays for a damage unless something shows that they alone had the car before it, or two persons say so."""

from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.billing.charge import Charge
from domain.billing.commands import DecideCharge
from domain.billing.fee import FEE, Evidence
from domain.fleet.custody import MOST_USES, Use, attribute
from domain.fleet.damage import Damage, Photo
from domain.fleet.damage_handlers import RepairDamage, ReportDamage, ShowIntact
from domain.kernel.errors import RefusedError
from domain.kernel.ids import ChargeId, TripId, VehicleId, derived_id
from domain.kernel.messages import Actor
from domain.rental.commands import EndTrip
from domain.rental.damages import ChargeDamage, ReportDamageInTrip
from tests.domain.rental.test_corrections import broken
from tests.domain.rental.test_fees import ADA, BOB, euros, told
from tests.support.people_and_cars import area, car, member, says, started
from tests.support.world import START, World, codes

MINUTE = timedelta(minutes=1)
BILL = (Evidence(kind="receipt", reference="body shop 4711"),)


def photo(at: datetime) -> Photo:
    return Photo(sha256="5f" * 32, taken_at=at)


async def a_trip(world: World, which: VehicleId, minutes: int = 20) -> TripId:
    """Somebody drives the car, brings it back, and it stands for an hour."""
    trip_id = await started(world, await member(world), which)
    await world.advance(minutes * MINUTE)
    await says(world, which)
    await world.do(EndTrip(trip_id=trip_id))
    return trip_id


async def found(world: World, which: VehicleId) -> UUID:
    damage_id = uuid4()
    seen = {"kind": "scratch", "place": "left", "photos": (photo(world.now()),), "found_at": world.now()}
    await world.do(ReportDamage.model_validate({"damage_id": damage_id, "vehicle_id": which, **seen}))
    return damage_id


async def intact(world: World, damage_id: UUID, at: datetime) -> str:
    await world.do(ShowIntact(damage_id=damage_id, intact=photo(at)))
    return (await world.store.load(Damage, damage_id)).attribution.custody


async def charged(world: World, damage_id: UUID, trip_id: TripId, minor: int = 18_000, by: Actor = ADA) -> ChargeId:
    fee_id = uuid4()
    what = {"amount": euros(minor), "evidence": BILL, "reason": "scratch on the left door"}
    await world.do(
        ChargeDamage.model_validate({"fee_id": fee_id, "damage_id": damage_id, "trip_id": trip_id, **what}), actor=by
    )
    return Charge.id_of(FEE, fee_id)


async def test_who_alone_had_the_car_between_two_pictures_is_told_and_may_object() -> None:
    world = World()
    await area(world)
    x1, before = await car(world), world.now()
    trip_id = await a_trip(world, x1)
    damage_id, said = await found(world, x1), len(world.messages)
    custody = await intact(world, damage_id, before)

    charge_id = await charged(world, damage_id, trip_id)

    assert (custody, told(world, said)) == ("alone", ["charge_announced"])
    damage, charge = await world.store.load(Damage, damage_id), await world.store.load(Charge, charge_id)
    assert (damage.charge_id, charge.fee.damage_id, charge.state) == (charge_id, damage_id, "announced")
    await world.advance(timedelta(days=20))
    assert broken(world) == []


async def test_a_damage_of_an_earlier_user_is_not_charged_to_the_next_by_one_person() -> None:
    world = World()
    await area(world)
    x1, before = await car(world), world.now()
    await a_trip(world, x1)
    second = await a_trip(world, x1)
    damage_id, said = await found(world, x1), len(world.messages)
    custody = await intact(world, damage_id, before)

    charge_id = await charged(world, damage_id, second)
    with pytest.raises(RefusedError) as alone:
        await world.do(DecideCharge(charge_id=charge_id, decision="approve", reason="it was them"), actor=ADA)
    quiet = told(world, said)
    await world.do(DecideCharge(charge_id=charge_id, decision="approve", reason="the dash cam shows it"), actor=BOB)

    assert (custody, codes(alone), quiet) == ("several", {"charge.own_facts"}, [])
    assert told(world, said) == ["charge_announced"]
    assert broken(world) == []


async def test_who_reports_before_they_drive_is_not_charged_even_by_two() -> None:
    world = World()
    await area(world)
    x1, before = await car(world), world.now()
    first = await a_trip(world, x1)
    await world.advance(timedelta(hours=1))
    second = await started(world, await member(world), x1)
    await world.advance(3 * MINUTE)
    damage_id = uuid4()
    await world.do(ReportDamageInTrip(damage_id=damage_id, trip_id=second, kind="dent", place="rear"))
    custody = await intact(world, damage_id, before)
    await world.advance(20 * MINUTE)
    await says(world, x1)
    await world.do(EndTrip(trip_id=second))

    with pytest.raises(RefusedError) as theirs:
        await charged(world, damage_id, second)

    assert codes(theirs) == {"damage.not_had"}
    assert custody == "stood"  # for an hour anybody may have hit it
    charge_id = await charged(world, damage_id, first)
    assert (await world.store.load(Charge, charge_id)).state == "in_review"


async def test_who_has_driven_first_reports_what_may_be_their_own() -> None:
    world = World()
    await area(world)
    x1 = await car(world)
    trip_id = await started(world, await member(world), x1)
    await world.advance(5 * MINUTE)
    await says(world, x1, odometer_m=1_003_000, position={"latitude": 52.54, "longitude": 13.42}, ignition_on=True)

    damage_id = uuid4()
    await world.do(ReportDamageInTrip(damage_id=damage_id, trip_id=trip_id, kind="dent", place="rear"))

    damage = await world.store.load(Damage, damage_id)
    assert (damage.source, damage.found_at, damage.not_had_by(trip_id)) == ("member", world.now(), None)


async def test_what_cannot_be_charged_is_refused() -> None:
    world = World()
    await area(world)
    x1, other = await car(world), await car(world, "B-CD 2")
    trip_id, of_the_other = await a_trip(world, x1), await a_trip(world, other)
    damage_id = await found(world, x1)

    async def why(trip: TripId, minor: int = 100) -> set[str]:
        with pytest.raises(RefusedError) as refused:
            await charged(world, damage_id, trip, minor)
        return codes(refused)

    assert await why(of_the_other) == {"damage.not_had"}
    assert await why(trip_id, 75_001) == {"fee.amount_too_high"}
    await charged(world, damage_id, trip_id)
    assert await why(trip_id) == {"damage.charged_already"}
    with pytest.raises(RefusedError) as late:
        await intact(world, damage_id, world.now() + MINUTE)
    await world.advance(timedelta(hours=1))
    with pytest.raises(RefusedError) as over:
        await world.do(ReportDamageInTrip(damage_id=uuid4(), trip_id=trip_id, kind="dent", place="rear"))
    assert (codes(late), codes(over)) == ({"damage.too_late"}, {"damage.not_in_trip"})


async def test_the_latest_picture_counts_and_a_repaired_damage_stays_repaired() -> None:
    world = World()
    await area(world)
    x1, before = await car(world), world.now()
    await a_trip(world, x1)
    between = world.now()
    await a_trip(world, x1)
    damage_id = await found(world, x1)

    seen = [await intact(world, damage_id, at) for at in (before, between, before)]
    for _ in range(2):
        await world.do(RepairDamage(damage_id=damage_id))

    assert seen == ["several", "alone", "alone"]
    assert [len(world.events(kind)) for kind in (Damage.IntactShown, Damage.Repaired)] == [2, 1]


async def test_a_crash_is_on_the_list_without_anybody_reporting_it() -> None:
    world = World()
    await area(world)
    x1 = await car(world)
    trip_id = await started(world, await member(world), x1)
    await world.advance(MINUTE)

    await says(world, x1, crashed=True)

    [damage] = world.events(Damage.Reported)
    assert (damage.vehicle_id, damage.source, damage.uses[-1].trip_id) == (x1, "sensor", trip_id)


HOURS = st.integers(0, 200)


@given(st.lists(st.tuples(HOURS, HOURS), max_size=25), HOURS, HOURS)
def test_alone_is_said_of_one_trip_only_and_never_of_what_is_forgotten(
    spans: list[tuple[int, int]], intact_h: int, found_h: int
) -> None:
    marks = sorted({hour for span in spans for hour in span})
    all_uses = [
        Use(
            trip_id=TripId(derived_id("trip", a)),
            opened_at=START + timedelta(hours=a),
            closed_at=START + timedelta(hours=b),
        )
        for a, b in zip(marks[::2], marks[1::2], strict=False)
    ]
    intact_at, found_at = START + timedelta(hours=intact_h), START + timedelta(hours=found_h)

    said = attribute(all_uses[-MOST_USES:], intact_at, found_at, 10 * MINUTE)

    had = [u.trip_id for u in all_uses if u.opened_at < found_at and (u.closed_at or found_at) > intact_at]
    if said.custody == "alone":
        assert [*said.trip_ids] == had
        assert len(had) == 1
    if said.custody != "unknown":
        assert [*said.trip_ids] == had


@given(
    st.lists(
        st.sampled_from(["charge first", "charge second", "approve ada", "approve bob", "intact", "waive"]), max_size=6
    )
)
async def test_whatever_is_done_nobody_pays_for_what_they_need_not_have_done_by_one_person(steps: list[str]) -> None:
    world = World()
    await area(world)
    x1, before = await car(world), world.now()
    trips = {"first": await a_trip(world, x1), "second": await a_trip(world, x1)}
    damage_id = await found(world, x1)
    for step in steps:
        what, _, which = step.partition(" ")
        with suppress(RefusedError):
            charge_id = (await world.store.load(Damage, damage_id)).charge_id
            if what == "charge":
                await charged(world, damage_id, trips[which])
            elif what == "intact":
                await intact(world, damage_id, before)
            elif charge_id is not None:
                decision = {"charge_id": charge_id, "decision": what, "reason": "looked at it"}
                await world.do(DecideCharge.model_validate(decision), actor=BOB if which == "bob" else ADA)
    await world.advance(timedelta(days=30))

    assert broken(world) == []
    approved_by_another = {event.originator_id for event in world.events(Charge.Approved) if event.decided_by == "bob"}
    assert {event.originator_id for event in world.events(Charge.Announced)} <= approved_by_another
