"""Stories of members who want to be forgotten while money is open between them and the company."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from domain.billing.charge import Charge
from domain.billing.commands import CreditInvoice, DecideCharge, RecordRefundByOtherMeans, RetryRefund
from domain.billing.invoice import Invoice
from domain.kernel.errors import RefusedError
from domain.kernel.ids import MemberId, TripId, derived_id
from domain.kernel.messages import Command
from domain.members.commands import EraseMember
from domain.rental.commands import EndTrip, ExtendReservation
from domain.rental.trip import Trip
from tests.domain.billing.desk import euros
from tests.support.people_and_cars import area, car, member, reserved, says, started
from tests.support.world import ProviderManner, World, codes

Opened = Callable[[World], Awaitable[tuple[MemberId, Command]]]
"""A member with something open, and what settles it."""
NOTE = derived_id("a credit note")


async def drove(world: World, provider: ProviderManner = "accepting") -> tuple[MemberId, TripId]:
    """Ada drove for twenty minutes; the provider then does as is said."""
    await area(world)
    ada, mini = await member(world), await car(world)
    trip = await started(world, ada, mini)
    await world.advance(timedelta(minutes=20))
    await says(world, mini, odometer_m=1_009_000)
    world.provider = provider
    await world.do(EndTrip(trip_id=trip))
    return ada, trip


async def charge_in_review(world: World) -> tuple[MemberId, Command]:
    trip_limits = world.rulebook.trip.model_copy(update={"review_above": (euros("1"),)})
    world.rulebook = world.rulebook.model_copy(update={"trip": trip_limits})
    ada, trip = await drove(world)
    return ada, DecideCharge(charge_id=Charge.id_of(Trip.TOPIC, trip), decision="waive", reason="goodwill")


async def unpaid_invoice(world: World) -> tuple[MemberId, Command]:
    """In a service that lets its members drive on."""
    billing = world.rulebook.billing.model_copy(update={"block_after": None})
    world.rulebook = world.rulebook.model_copy(update={"billing": billing})
    ada, trip = await drove(world, "declining")
    return ada, CreditInvoice(credit_note_id=NOTE, invoice_id=Invoice.id_of(Trip.TOPIC, trip), reason="written off")


async def open_refund(world: World) -> tuple[MemberId, Command]:
    ada, trip = await drove(world)
    world.provider = "declining"
    await world.do(CreditInvoice(credit_note_id=NOTE, invoice_id=Invoice.id_of(Trip.TOPIC, trip), reason="dirty"))
    world.provider = "accepting"
    return ada, RetryRefund(credit_note_id=NOTE)


async def given_up_refund(world: World) -> tuple[MemberId, Command]:
    """The provider never pays it out; an agent does by a transfer."""
    ada, trip = await drove(world)
    world.provider = "declining"
    await world.do(CreditInvoice(credit_note_id=NOTE, invoice_id=Invoice.id_of(Trip.TOPIC, trip), reason="dirty"))
    await world.advance(timedelta(days=30))
    paid = RecordRefundByOtherMeans(credit_note_id=NOTE, reference="SEPA 4711", reason="the card is closed")
    return ada, paid


@pytest.mark.parametrize("opened", [charge_in_review, unpaid_invoice, open_refund, given_up_refund])
async def test_a_member_with_money_open_is_not_erased_before_it_is_settled(world: World, opened: Opened) -> None:
    ada, settle = await opened(world)

    with pytest.raises(RefusedError) as refused:
        await world.do(EraseMember(member_id=ada, reason="asked by letter"))
    assert codes(refused) - {"member.unsettled"} == {f"member.{opened.__name__.replace('given_up', 'open')}"}
    assert world.destroyed == []
    await world.do(settle)
    await world.do(EraseMember(member_id=ada, reason="asked by letter"))

    assert world.destroyed == [ada]


async def test_whose_provider_has_not_answered_yet_waits_until_it_has(world: World) -> None:
    ada, trip = await drove(world, "silent")

    with pytest.raises(RefusedError) as refused:
        await world.do(EraseMember(member_id=ada, reason="asked by letter"))
    world.provider = "accepting"
    await world.answer_payments()
    await world.do(EraseMember(member_id=ada, reason="asked by letter"))

    assert codes(refused) == {"member.unsettled"}
    assert refused.value.violations[0].values == {"ids": [str(trip)]}
    assert world.destroyed == [ada]


async def test_whose_reservation_is_charged_waits_until_it_is_paid(world: World) -> None:
    await area(world)
    ada, mini = await member(world), await car(world)
    reservation = await reserved(world, ada, mini)
    await world.do(ExtendReservation(reservation_id=reservation, until=world.now() + timedelta(hours=1)))
    world.provider = "silent"
    await world.advance(timedelta(hours=2))

    with pytest.raises(RefusedError) as refused:
        await world.do(EraseMember(member_id=ada, reason="asked by letter"))
    world.provider = "accepting"
    await world.answer_payments()
    await world.do(EraseMember(member_id=ada, reason="asked by letter"))

    assert codes(refused) == {"member.unsettled"}
    assert world.destroyed == [ada]


async def test_who_has_paid_all_of_it_is_erased(world: World) -> None:
    ada, _ = await drove(world)

    await world.do(EraseMember(member_id=ada, reason="asked by letter"))

    assert world.destroyed == [ada]


async def test_all_that_is_open_is_said_at_once(world: World) -> None:
    ada, _ = await open_refund(world)
    mini = await car(world, "B-AB 2")
    await started(world, ada, mini)

    with pytest.raises(RefusedError) as refused:
        await world.do(EraseMember(member_id=ada, reason="asked by letter"))

    assert codes(refused) == {"member.open_refund", "member.in_trip"}
