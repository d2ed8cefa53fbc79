"""Stories of reservations for a period that is to come."""

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.billing.invoice import Invoice
from domain.billing.pricing import PriceLine
from domain.fleet.commands import DecommissionVehicle
from domain.fleet.vehicle import Vehicle
from domain.kernel.calendar import Period
from domain.kernel.errors import RefusedError
from domain.kernel.ids import ReservationId
from domain.members.commands import EraseMember, RemovePaymentMethod
from domain.members.facts import MemberState
from domain.members.member import Member
from domain.rental.commands import EndTrip, ExtendReservation
from domain.rental.scheduled import ScheduledReservation
from domain.rental.scheduled_commands import CancelScheduledReservation, ChangeScheduledReservation
from domain.rental.scheduled_plan import Wish
from domain.rental.trip import Trip
from domain.rulebook.faults import faults
from domain.rulebook.reservations import AheadLimits
from tests.support.ahead import charge_for_reservations
from tests.support.people_and_cars import car, member, reserved, says, scheduled, started
from tests.support.world import World, codes

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
AHEAD = AheadLimits(substitutes=("MINI", "BMW i3", "BMW X1"))
"""Those of DriveNow Europe."""


def tomorrow(world: World, *, hours: float = 3, later: timedelta = timedelta(0)) -> Period:
    begins = world.now() + DAY + later
    return Period(begins=begins, ends=begins + hours * HOUR)


async def ride(world: World, id: ReservationId) -> ScheduledReservation:
    return await world.store.load(ScheduledReservation, id)


async def until(world: World, moment: datetime) -> None:
    await world.advance(moment - world.now())


async def test_a_car_is_promised_for_tomorrow_and_free_until_then(world: World) -> None:
    ada, bob, x1 = await member(world), await member(world, "Bob"), await car(world)

    id = await scheduled(world, ada, tomorrow(world), x1)
    held = await reserved(world, bob, x1)

    assert (await ride(world, id)).state == "placed"
    assert held
    assert (await world.store.load(Member, ada)).state is MemberState.IDLE


async def test_nobody_else_is_promised_the_car_in_the_period_or_in_the_buffer_after_it(world: World) -> None:
    ada, bob, x1 = await member(world), await member(world, "Bob"), await car(world)
    first = tomorrow(world)
    await scheduled(world, ada, first, x1)

    with pytest.raises(RefusedError) as within:
        await scheduled(world, bob, tomorrow(world, later=HOUR), x1)
    with pytest.raises(RefusedError) as in_the_buffer:
        await scheduled(world, bob, tomorrow(world, later=3 * HOUR + 29 * MINUTE), x1)
    after = await scheduled(world, bob, tomorrow(world, later=3 * HOUR + 30 * MINUTE), x1)

    assert codes(within) == codes(in_the_buffer) == {"vehicle.booked"}
    (free_before, free_after) = within.value.violations[0].values["free_instead"]
    assert free_before["until"] == (first.begins - AHEAD.buffer).isoformat()
    assert free_after["from"] == (first.ends + AHEAD.buffer).isoformat()
    assert (await ride(world, after)).state == "placed"


async def test_the_car_is_pinned_an_hour_before_and_the_member_takes_no_other_one(world: World) -> None:
    ada, x1, other = await member(world), await car(world), await car(world, "B-AB 2")
    period = tomorrow(world)
    id = await scheduled(world, ada, period, x1)

    await until(world, period.begins - HOUR)

    with pytest.raises(RefusedError) as refused:
        await reserved(world, ada, other)
    assert codes(refused) == {"member.in_reservation"}
    assert (await ride(world, id)).state == "pinned"
    assert (await world.store.load(Vehicle, x1)).state == "reserved"
    assert world.told()[-1] == "reservation_pinned"


async def test_who_has_not_reserved_takes_no_car_that_is_promised_soon(world: World) -> None:
    ada, bob, x1 = await member(world), await member(world, "Bob"), await car(world)
    period = tomorrow(world)
    await scheduled(world, ada, period, x1)
    await until(world, period.begins - 2 * HOUR)
    await says(world, x1)

    with pytest.raises(RefusedError) as held:
        await reserved(world, bob, x1)
    with pytest.raises(RefusedError) as taken:
        await started(world, bob, x1)

    assert codes(held) == codes(taken) == {"vehicle.booked_soon"}
    assert held.value.violations[0].values["booked_from"] == period.begins.isoformat()


async def test_a_trip_comes_of_it_and_its_rest_is_free_once_the_car_is_back(world: World) -> None:
    ada, bob, x1 = await member(world), await member(world, "Bob"), await car(world)
    period = tomorrow(world)
    id = await scheduled(world, ada, period, x1)
    await until(world, period.begins)
    await says(world, x1)

    trip_id = await started(world, ada, x1, id)
    await world.advance(HOUR)
    await says(world, x1)
    await world.do(EndTrip(trip_id=trip_id))

    (ended,) = world.events(Trip.Ended)
    assert (ended.facts.booked_from, ended.facts.booked_until) == (period.begins, period.ends)
    assert (await ride(world, id)).state == "completed"
    assert (await world.store.load(Vehicle, x1)).bookings.entries == ()
    assert (await world.store.load(Member, ada)).bookings.entries == ()
    assert await reserved(world, bob, x1)


async def test_it_is_extended_while_driving_unless_the_next_one_is_near(world: World) -> None:
    ada, bob, x1 = await member(world), await member(world, "Bob"), await car(world)
    period = tomorrow(world)
    id = await scheduled(world, ada, period, x1)
    await scheduled(world, bob, tomorrow(world, later=5 * HOUR), x1)
    await until(world, period.begins)
    await says(world, x1)
    await started(world, ada, x1, id)

    await world.do(ChangeScheduledReservation(reservation_id=id, until=period.ends + HOUR))
    with pytest.raises(RefusedError) as refused:
        await world.do(ChangeScheduledReservation(reservation_id=id, until=period.ends + 2 * HOUR))

    assert codes(refused) == {"vehicle.booked"}
    (trip,) = world.events(Trip.PeriodChanged)
    assert trip.booked.booked_until == period.ends + HOUR


async def test_it_is_shortened_a_day_before_and_not_later(world: World) -> None:
    ada, bob, x1 = await member(world), await member(world, "Bob"), await car(world)
    period = tomorrow(world, later=HOUR)
    id = await scheduled(world, ada, period, x1)

    await world.do(ChangeScheduledReservation(reservation_id=id, until=period.begins + HOUR))
    await scheduled(world, bob, Period(begins=period.begins + 2 * HOUR, ends=period.ends), x1)
    await world.advance(2 * HOUR)
    with pytest.raises(RefusedError) as refused:
        await world.do(ChangeScheduledReservation(reservation_id=id, until=period.begins + 30 * MINUTE))

    assert codes(refused) == {"reservation.shortened_too_late"}


async def test_who_does_not_come_loses_the_car_an_hour_later(world: World) -> None:
    ada, bob, x1 = await member(world), await member(world, "Bob"), await car(world)
    period = tomorrow(world)
    id = await scheduled(world, ada, period, x1)

    await until(world, period.begins + HOUR)
    await says(world, x1)

    assert (await ride(world, id)).state == "no_show"
    assert world.told()[-1] == "reservation_no_show"
    assert (await world.store.load(Member, ada)).state is MemberState.IDLE
    assert await reserved(world, bob, x1)


async def test_a_late_user_is_seen_before_and_the_next_gets_a_substitute(world: World) -> None:
    ada, bob, x1 = await member(world), await member(world, "Bob"), await car(world)
    period = tomorrow(world)
    id = await scheduled(world, ada, period, x1)
    await until(world, period.begins - 3 * HOUR)
    await says(world, x1)
    await started(world, bob, x1)
    other = await car(world, "B-AB 2")

    await until(world, period.begins - AHEAD.looked_before)

    (replaced,) = world.events(ScheduledReservation.CarReplaced)
    assert (replaced.instead_of, replaced.vehicle_id, replaced.why) == (x1, other, ("vehicle.in_trip",))
    assert (await ride(world, id)).state == "pinned"
    assert world.told()[-2:] == ["reservation_car_replaced", "reservation_pinned"]
    assert (await world.store.load(Vehicle, x1)).bookings.entries == ()

    await until(world, period.begins)
    await says(world, other)
    trip_id = await started(world, ada, other, id)

    assert (await world.store.load(Trip, trip_id)).reservation_id == id


async def test_without_a_substitute_both_are_told_and_it_ends_free_of_charge(world: World) -> None:
    ada, bob, x1 = await member(world), await member(world, "Bob"), await car(world)
    period = tomorrow(world)
    id = await scheduled(world, ada, period, x1)
    await until(world, period.begins - 3 * HOUR)
    await says(world, x1)
    await started(world, bob, x1)

    await until(world, period.begins - AHEAD.looked_before)
    told = world.messages[-2:]
    await until(world, period.begins + AHEAD.waits)

    assert [(m.template, m.member_id) for m in told] == [
        ("reservation_car_awaited", ada),
        ("trip_car_wanted_back", bob),
    ]
    assert (await ride(world, id)).state == "no_car"
    assert world.told()[-1] == "reservation_without_car"
    assert world.events(ScheduledReservation.ChargeDue) == []


async def test_a_car_that_comes_back_in_time_is_pinned_after_all(world: World) -> None:
    ada, bob, x1 = await member(world), await member(world, "Bob"), await car(world)
    period = tomorrow(world)
    id = await scheduled(world, ada, period, x1)
    await until(world, period.begins - 3 * HOUR)
    await says(world, x1)
    trip_id = await started(world, bob, x1)
    await until(world, period.begins - 10 * MINUTE)
    await says(world, x1)
    await world.do(EndTrip(trip_id=trip_id))

    await until(world, period.begins)

    assert (await ride(world, id)).state == "pinned"


@pytest.mark.parametrize(("before", "costs"), [(25 * HOUR, None), (23 * HOUR, "10.00 EUR"), (MINUTE, "20.00 EUR")])
async def test_a_cancellation_costs_what_the_tariff_says_of_its_time(
    world: World, before: timedelta, costs: str | None
) -> None:
    charge_for_reservations(world)
    ada, bob, x1 = await member(world), await member(world, "Bob"), await car(world)
    period = tomorrow(world, later=2 * HOUR)
    id = await scheduled(world, ada, period, x1)
    await until(world, period.begins - before)

    await world.do(CancelScheduledReservation(reservation_id=id))
    await world.do(CancelScheduledReservation(reservation_id=id))

    assert [str(invoice.gross) for invoice in world.events(Invoice.Issued)] == ([costs] if costs else [])
    assert (await ride(world, id)).state == "cancelled"
    assert await scheduled(world, bob, period, x1)


async def test_who_does_not_come_pays_for_it(world: World) -> None:
    charge_for_reservations(world)
    ada, x1 = await member(world), await car(world)
    period = tomorrow(world)
    id = await scheduled(world, ada, period, x1)

    await until(world, period.begins + HOUR)

    (invoice,) = world.events(Invoice.Issued)
    assert (str(invoice.gross), invoice.subject_id) == ("30.00 EUR", id)


async def test_whose_car_was_replaced_may_go_without_paying(world: World) -> None:
    charge_for_reservations(world)
    ada, bob, x1 = await member(world), await member(world, "Bob"), await car(world)
    period = tomorrow(world)
    id = await scheduled(world, ada, period, x1)
    await until(world, period.begins - 3 * HOUR)
    await says(world, x1)
    await started(world, bob, x1)
    await car(world, "B-AB 2")
    await until(world, period.begins - AHEAD.looked_before)

    await world.do(CancelScheduledReservation(reservation_id=id))

    assert world.events(ScheduledReservation.ChargeDue) == []


async def test_who_comes_back_late_pays_for_it_and_who_extended_in_time_does_not(world: World) -> None:
    charge_for_reservations(world)
    ada, bob, x1, x2 = await member(world), await member(world, "Bob"), await car(world), await car(world, "B-AB 2")
    period = tomorrow(world, hours=1)
    ids = [await scheduled(world, who, period, which) for who, which in ((ada, x1), (bob, x2))]
    await until(world, period.begins)
    for which in (x1, x2):
        await says(world, which)
    trips = [await started(world, ada, x1, ids[0]), await started(world, bob, x2, ids[1])]
    await world.do(ChangeScheduledReservation(reservation_id=ids[1], until=period.ends + HOUR))

    await until(world, period.ends + 20 * MINUTE)
    for which, trip_id in zip((x1, x2), trips, strict=True):
        await says(world, which)
        await world.do(EndTrip(trip_id=trip_id))

    prices = {charge.member_id: charge for charge in world.events(Invoice.Issued)}
    late, in_time = (str(sum(line.amount.amount_minor for line in _lines(prices[who]))) for who in (ada, bob))
    assert (late, in_time) == ("2500", "0")


def _lines(invoice: Invoice.Issued) -> list[PriceLine]:
    return [line for line in invoice.lines if line.rule_id == "late_return"]


async def test_the_quote_is_kept_when_a_tariff_is_published_in_between(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    period = tomorrow(world)
    id = await scheduled(world, ada, period, x1)
    before = (await ride(world, id)).quote
    charge_for_reservations(world)

    await until(world, period.begins + HOUR)

    assert (await ride(world, id)).quote == before
    assert world.events(ScheduledReservation.ChargeDue) == []


async def test_asked_twice_it_is_the_same_one(world: World) -> None:
    ada, x1 = await member(world), await car(world)

    first = await scheduled(world, ada, tomorrow(world), x1)
    again = await scheduled(world, ada, tomorrow(world), x1)

    assert first == again
    assert len(world.events(ScheduledReservation.Placed)) == 1


async def test_a_client_whose_clock_is_wrong_is_told_ours(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    begins = world.now() - MINUTE

    with pytest.raises(RefusedError) as refused:
        await scheduled(world, ada, Period(begins=begins, ends=begins + HOUR), x1)

    (begun,) = refused.value.violations
    assert (begun.code, begun.values["now"]) == ("reservation.begun_already", world.now().isoformat())


async def test_a_period_over_the_change_of_the_clocks_is_as_long_as_time_passes(world: World) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    begins = datetime(2026, 3, 29, 0, 0, tzinfo=berlin)  # at 2 o'clock it is 3
    period = Period(begins=begins, ends=datetime(2026, 3, 29, 4, 0, tzinfo=berlin))
    world.time = datetime(2026, 3, 28, 12, tzinfo=UTC)
    ada, x1 = await member(world), await car(world)

    id = await scheduled(world, ada, period, x1)

    assert (await ride(world, id)).period.length == 3 * HOUR


async def test_any_car_of_a_model_is_promised_until_there_is_none(world: World) -> None:
    ada, bob, eve = await member(world), await member(world, "Bob"), await member(world, "Eve")
    cars = {await car(world), await car(world, "B-AB 2")}
    wish = Wish(model="BMW X1", city_id="berlin")

    promised = [await scheduled(world, who, tomorrow(world), wish=wish) for who in (ada, bob)]
    with pytest.raises(RefusedError) as refused:
        await scheduled(world, eve, tomorrow(world), wish=wish)

    assert {(await ride(world, id)).vehicle_id for id in promised} == cars
    assert codes(refused) == {"reservation.none_free"}
    assert refused.value.violations[0].values["free_instead"] != []


async def test_a_start_and_a_cancellation_at_once_leave_one_of_both(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    period = tomorrow(world)
    id = await scheduled(world, ada, period, x1)
    await until(world, period.begins)
    await says(world, x1)

    answers = await asyncio.gather(
        started(world, ada, x1, id),
        world.ask(CancelScheduledReservation(reservation_id=id)),
        return_exceptions=True,
    )

    (refused,) = [answer for answer in answers if isinstance(answer, RefusedError)]
    assert {violation.code for violation in refused.violations} == {"reservation.not_open"}


async def test_a_car_that_is_promised_does_not_leave_the_fleet(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    await scheduled(world, ada, tomorrow(world), x1)

    with pytest.raises(RefusedError) as refused:
        await world.do(DecommissionVehicle(vehicle_id=x1, reason="sold"))

    assert codes(refused) == {"vehicle.promised"}


async def test_who_has_a_reservation_is_not_forgotten_before_it_is_over(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    await scheduled(world, ada, tomorrow(world), x1)

    with pytest.raises(RefusedError) as erased:
        await world.do(EraseMember(member_id=ada, reason="asked for it"))
    with pytest.raises(RefusedError) as unpaid:
        await world.do(RemovePaymentMethod(member_id=ada, method_id="card"))

    assert codes(erased) == codes(unpaid) == {"member.has_reservations"}


async def test_a_start_that_failed_gives_the_reservation_back(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    period = tomorrow(world)
    id = await scheduled(world, ada, period, x1)
    await until(world, period.begins)
    await says(world, x1)
    world.cars[x1] = "refusing"

    await started(world, ada, x1, id)

    again = await ride(world, id)
    assert (again.state, again.excused) == ("pinned", True)
    assert (await world.store.load(Member, ada)).state is MemberState.IN_RESERVATION


async def test_nobody_starts_earlier_than_a_quarter_of_an_hour_before(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    period = tomorrow(world)
    id = await scheduled(world, ada, period, x1)
    await until(world, period.begins - 16 * MINUTE)
    await says(world, x1)

    with pytest.raises(RefusedError) as refused:
        await started(world, ada, x1, id)
    await world.advance(MINUTE)

    assert codes(refused) == {"reservation.too_early"}
    assert await started(world, ada, x1, id)


async def test_what_a_business_member_writes_on_it_is_kept(world: World) -> None:
    ada, x1 = await member(world), await car(world)

    id = await scheduled(world, ada, tomorrow(world), x1, purpose="business", business_reference="Project 7")

    placed = await ride(world, id)
    assert (placed.purpose, placed.business_reference) == ("business", "Project 7")


async def test_a_hold_is_not_extended_into_what_was_promised(world: World) -> None:
    ada, bob, x1 = await member(world), await member(world, "Bob"), await car(world)
    begins = world.now() + 3 * HOUR
    await scheduled(world, ada, Period(begins=begins, ends=begins + HOUR), x1)
    held = await reserved(world, bob, x1)

    with pytest.raises(RefusedError) as refused:
        await world.do(ExtendReservation(reservation_id=held, until=begins + MINUTE))
    await world.do(ExtendReservation(reservation_id=held, until=begins))

    assert codes(refused) == {"vehicle.booked_soon"}


@pytest.mark.parametrize(
    ("limit", "other", "code"),
    [
        ("furthest", HOUR, "reservation.too_far_ahead"),
        ("shortest", 4 * HOUR, "reservation.too_short"),
        ("longest", HOUR, "reservation.too_long"),
        ("open_at_once", 0, "member.too_many_reservations"),
        ("side_by_side", 0, "member.reserved_then"),
    ],
)
async def test_what_may_be_reserved_is_data(world: World, limit: str, other: object, code: str) -> None:
    ada, x1, x2 = await member(world), await car(world), await car(world, "B-AB 2")
    if limit == "side_by_side":
        await scheduled(world, ada, tomorrow(world), x2)
    changed = AHEAD.model_copy(update={limit: other})
    rules = world.rulebook.reservation.model_copy(update={"ahead": changed})
    world.rulebook = world.rulebook.model_copy(update={"reservation": rules})

    with pytest.raises(RefusedError) as refused:
        await scheduled(world, ada, tomorrow(world), x1)

    assert codes(refused) == {code}


@pytest.mark.parametrize(
    ("limit", "other"),
    [
        ("furthest", timedelta(0)),
        ("buffer", -MINUTE),
        ("shortest", 31 * DAY),
        ("looked_before", 2 * HOUR),
        ("pinned_before", 3 * HOUR),
        ("waits", 2 * HOUR),
        ("open_at_once", 0),
        ("substitutes", ("MINI", "MINI")),
    ],
)
def test_rules_that_contradict_each_other_are_no_rulebook(world: World, limit: str, other: object) -> None:
    changed = AHEAD.model_copy(update={limit: other})
    rules = world.rulebook.reservation.model_copy(update={"ahead": changed})

    found = [fault.path for fault in faults(world.rulebook.model_copy(update={"reservation": rules}))]

    assert ("reservation", "ahead", limit) in found
