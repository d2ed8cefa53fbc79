"""Stories of reservations."""

from datetime import timedelta

import pytest

from domain.billing.invoice import Invoice
from domain.kernel.errors import RefusedError
from domain.members.commands import BlockMember
from domain.members.facts import MemberState
from domain.members.member import Member
from domain.rental.commands import CancelReservation, ExpireReservation, ExtendReservation
from domain.rental.reservation import Reservation
from tests.support.people_and_cars import car, member, reserved, says, started
from tests.support.world import World

MINUTE = timedelta(minutes=1)


def codes(refused: pytest.ExceptionInfo[RefusedError]) -> set[str]:
    return {violation.code for violation in refused.value.violations}


async def test_a_reservation_freezes_its_quote_and_its_free_time(world: World) -> None:
    ada, x1 = await member(world), await car(world)

    reservation_id = await reserved(world, ada, x1)

    placed = await world.store.load(Reservation, reservation_id)
    assert placed.expires_at == world.now() + world.rulebook.reservation.free
    assert placed.quote.tariff_digest == world.rulebook.tariff("berlin", "BMW X1", world.now()).digest
    assert (await world.store.load(Member, ada)).state is MemberState.IN_RESERVATION


async def test_a_second_member_cannot_reserve_the_same_car(world: World) -> None:
    ada, bob, x1 = await member(world), await member(world, "Bob"), await car(world)
    await reserved(world, ada, x1)

    with pytest.raises(RefusedError) as refused:
        await reserved(world, bob, x1)

    assert codes(refused) == {"vehicle.reserved"}


async def test_every_reason_of_member_and_car_is_told_at_once(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    await world.do(BlockMember(member_id=ada, reason="unpaid"))
    await says(world, x1, energy_percent=4.0)

    with pytest.raises(RefusedError) as refused:
        await reserved(world, ada, x1)

    assert codes(refused) == {"member.blocked", "vehicle.energy_too_low"}


async def test_an_unused_reservation_expires_by_itself_after_a_warning(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    reservation_id = await reserved(world, ada, x1)

    await world.advance(15 * MINUTE)

    assert (await world.store.load(Reservation, reservation_id)).closed_as == "expired"
    assert (await world.store.load(Member, ada)).state is MemberState.IDLE
    assert world.told()[-2:] == ["reservation_expires_soon", "reservation_expired"]
    assert world.events(Invoice.Issued) == []


async def test_expiring_early_or_twice_changes_nothing(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    reservation_id = await reserved(world, ada, x1)

    await world.do(ExpireReservation(reservation_id=reservation_id))
    await world.advance(15 * MINUTE)
    await world.do(ExpireReservation(reservation_id=reservation_id))

    assert len(world.events(Reservation.Expired)) == 1


async def test_an_extended_reservation_lives_longer_and_costs_something_without_a_trip(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    reservation_id = await reserved(world, ada, x1)

    await world.do(ExtendReservation(reservation_id=reservation_id, until=world.now() + 60 * MINUTE))
    await world.advance(59 * MINUTE)
    still = await world.store.load(Reservation, reservation_id)
    await world.advance(MINUTE)

    assert still.is_open
    (invoice,) = world.events(Invoice.Issued)
    assert (invoice.subject_kind, invoice.subject_id) == (Reservation.TOPIC, reservation_id)
    assert str(invoice.gross) == "4.50 EUR"  # 45 minutes beyond the free 15, 0.10 EUR each


async def test_a_reservation_cannot_be_extended_beyond_the_maximum(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    reservation_id = await reserved(world, ada, x1)
    until = world.now() + world.rulebook.reservation.maximum + MINUTE

    with pytest.raises(RefusedError) as refused:
        await world.do(ExtendReservation(reservation_id=reservation_id, until=until))

    assert codes(refused) == {"reservation.too_long"}


async def test_the_same_car_cannot_be_held_again_at_once_but_by_another_member(world: World) -> None:
    ada, bob, x1 = await member(world), await member(world, "Bob"), await car(world)
    first = await reserved(world, ada, x1)
    await world.do(CancelReservation(reservation_id=first))

    with pytest.raises(RefusedError) as refused:
        await reserved(world, ada, x1)
    await world.do(CancelReservation(reservation_id=await reserved(world, bob, x1)))
    await world.advance(world.rulebook.reservation.cooldown)
    again = await reserved(world, ada, x1)

    assert codes(refused) == {"reservation.cooldown"}
    assert (await world.store.load(Reservation, again)).is_open


async def test_a_converted_reservation_does_not_expire(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    reservation_id = await reserved(world, ada, x1)

    await started(world, ada, x1, reservation_id)
    await world.advance(30 * MINUTE)

    assert (await world.store.load(Reservation, reservation_id)).closed_as == "converted"
    assert world.events(Reservation.Expired) == []


async def test_a_cancelled_reservation_cannot_be_used(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    reservation_id = await reserved(world, ada, x1)
    await world.do(CancelReservation(reservation_id=reservation_id))

    with pytest.raises(RefusedError) as refused:
        await started(world, ada, x1, reservation_id)

    assert codes(refused) == {"reservation.not_open"}
