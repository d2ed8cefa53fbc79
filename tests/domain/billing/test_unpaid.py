"""An invoice whose money cannot be taken: it is tried again, told each time, and keeps its payer from driving."""

from datetime import timedelta
from typing import Any

import pytest

from domain.billing.commands import RetryCharge
from domain.billing.invoice import Invoice
from domain.billing.payment import Payment
from domain.kernel.errors import RefusedError
from domain.kernel.ids import InvoiceId, MemberId
from domain.members.commands import AddPaymentMethod
from domain.members.member import Member
from domain.rental.commands import EndTrip
from domain.rental.trip import Trip
from tests.domain.billing.desk import Desk
from tests.projections.following import credit
from tests.support.people_and_cars import area, car, member, reserved, says, started
from tests.support.world import ProviderManner, World, codes

WAITS = (timedelta(days=1), timedelta(days=3), timedelta(days=7))
"""Of the rulebook, where it says nothing else."""


@pytest.fixture
async def world() -> World:
    """A city in which members drive."""
    world = World()
    await area(world)
    return world


async def unpaid(world: World, provider: ProviderManner = "declining") -> tuple[MemberId, InvoiceId]:
    """Ada drove for twenty minutes, and her card is declined at the end."""
    ada, mini = await member(world), await car(world)
    trip = await started(world, ada, mini)
    await world.advance(timedelta(minutes=20))
    world.provider = provider
    await says(world, mini, odometer_m=1_009_000)
    await world.do(EndTrip(trip_id=trip))
    return ada, Invoice.id_of(Trip.TOPIC, trip)


def with_billing(world: World, **limits: Any) -> None:
    """Other limits than the service's."""
    billing = world.rulebook.billing.model_copy(update=limits)
    world.rulebook = world.rulebook.model_copy(update={"billing": billing})


async def invoice_of(world: World, invoice_id: InvoiceId) -> Invoice:
    return await world.store.load(Invoice, invoice_id)


async def reasons(world: World, who: MemberId) -> list[str]:
    found = (await world.store.load(Member, who)).ineligibility(world.rulebook, world.now())
    return [violation.code for violation in found]


async def test_a_declined_invoice_is_tried_again_after_each_wait_and_then_no_more(world: World) -> None:
    await unpaid(world)

    tries = [len(world.events(Invoice.PaymentFailed))]
    for wait in WAITS:
        await world.advance(wait - timedelta(seconds=1))
        assert len(world.events(Invoice.PaymentFailed)) == tries[-1]
        await world.advance(timedelta(seconds=1))
        tries.append(len(world.events(Invoice.PaymentFailed)))
    await world.advance(timedelta(days=365))

    assert tries == [1, 2, 3, 4]
    failed = world.events(Invoice.PaymentFailed)
    assert [event.tries for event in failed] == [1, 2, 3, 4]
    assert failed[-1].retry_at is None
    assert world.told().count("payment_failed") == 4
    assert world.refused_reactions == []


async def test_a_later_try_that_works_pays_the_invoice_once(world: World) -> None:
    _, invoice_id = await unpaid(world)
    world.provider = "accepting"

    await world.advance(timedelta(days=30))

    invoice = await invoice_of(world, invoice_id)
    assert (invoice.state, invoice.tries) == ("paid", 2)
    assert len(world.events(Payment.Captured)) == 1


async def test_a_later_try_takes_the_payment_method_that_the_member_has_added_since(world: World) -> None:
    ada, _ = await unpaid(world)
    world.provider = "accepting"
    new = {"method_id": "new", "token": "tok-new", "brand": "visa", "expires_on": "2030-01-01"}
    await world.do(AddPaymentMethod.model_validate({"member_id": ada, **new}))

    await world.advance(WAITS[0])

    assert world.events(Payment.HoldRequested)[-1].method_id == "new"


async def test_another_payment_method_pays_and_ends_the_tries(world: World) -> None:
    ada, invoice_id = await unpaid(world)
    world.provider = "accepting"
    other = {"method_id": "other", "token": "tok_other", "brand": "visa", "expires_on": "2030-01-01"}
    await world.do(AddPaymentMethod.model_validate({"member_id": ada, **other}))

    await world.do(RetryCharge(invoice_id=invoice_id, method_id="other"))
    before = len(world.store.log)
    await world.advance(timedelta(days=30))

    assert (await invoice_of(world, invoice_id)).state == "paid"
    assert len(world.store.log) == before
    assert world.refused_reactions == []


async def test_a_try_by_hand_that_fails_takes_the_place_of_the_next_one(world: World) -> None:
    _, invoice_id = await unpaid(world)

    await world.do(RetryCharge(invoice_id=invoice_id))
    await world.advance(WAITS[0])

    assert [e.tries for e in world.events(Invoice.PaymentFailed)] == [1, 2]
    assert world.events(Invoice.PaymentFailed)[-1].retry_at == world.now() - WAITS[0] + WAITS[1]


async def test_who_owes_takes_no_car_and_is_told(world: World) -> None:
    ada, invoice_id = await unpaid(world)
    mini = await car(world, "B-AB 2")

    with pytest.raises(RefusedError) as refused:
        await reserved(world, ada, mini)

    [violation] = refused.value.violations
    assert (violation.code, violation.values) == ("member.in_arrears", {"invoices": [str(invoice_id)]})
    with pytest.raises(RefusedError):
        await started(world, ada, mini)
    assert world.told().count("account_in_arrears") == 1


async def test_who_has_paid_is_eligible_again_at_once_and_is_told(world: World) -> None:
    ada, invoice_id = await unpaid(world)
    assert await reasons(world, ada) == ["member.in_arrears"]
    world.provider = "accepting"

    await world.do(RetryCharge(invoice_id=invoice_id))

    assert await reasons(world, ada) == []
    assert world.told()[-1] == "arrears_settled"
    await reserved(world, ada, await car(world, "B-AB 2"))


async def test_who_is_credited_all_of_it_is_eligible_again_and_after_a_part_is_not(world: World) -> None:
    ada, invoice_id = await unpaid(world)
    [trip] = [i.subject_id for i in world.events(Invoice.Issued)]

    await world.do(credit(trip, "1.00"))
    assert await reasons(world, ada) == ["member.in_arrears"]
    await world.do(credit(trip))

    assert await reasons(world, ada) == []
    assert (await invoice_of(world, invoice_id)).state == "credited"
    await world.advance(timedelta(days=30))
    assert world.refused_reactions == []


async def test_a_debt_that_was_noted_is_settled_whatever_the_rules_say_by_then(world: World) -> None:
    ada, first = await unpaid(world)
    with_billing(world, block_after=None)
    world.provider = "accepting"
    await world.do(RetryCharge(invoice_id=first))
    with_billing(world, block_after=1)

    assert await reasons(world, ada) == []


async def test_a_service_that_blocks_after_the_second_try_blocks_then(world: World) -> None:
    with_billing(world, block_after=2)
    ada, _ = await unpaid(world)
    assert await reasons(world, ada) == []

    await world.advance(WAITS[0])

    assert await reasons(world, ada) == ["member.in_arrears"]


async def test_a_service_that_never_blocks_lets_its_debtors_drive(world: World) -> None:
    with_billing(world, block_after=None, retry_charge_after=())
    ada, _ = await unpaid(world)

    await world.advance(timedelta(days=30))

    assert await reasons(world, ada) == []
    assert len(world.events(Invoice.PaymentFailed)) == 1


async def test_what_is_left_after_a_part_came_late_is_tried_again_too() -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold("30")
    await desk.provider_answers()
    invoice_id = await desk.price(trip_id, payment_id, minutes=200)
    capture, rest = sorted(desk.taken(), key=lambda request: request.operation)
    await desk.answer(rest, accepted=False)
    await desk.time_passes(timedelta(days=2))
    assert desk.taken() == []

    await desk.answer(capture)
    await desk.time_passes(WAITS[0])

    assert await desk.provider_answers() == ["hold 32.00 EUR", "capture 32.00 EUR"]
    assert (await desk.invoice(invoice_id)).state == "paid"


async def test_a_provider_that_is_silent_is_no_decline(world: World) -> None:
    ada, invoice_id = await unpaid(world, "silent")

    await world.advance(timedelta(days=10))
    assert await reasons(world, ada) == []
    with pytest.raises(RefusedError) as refused:
        await world.do(RetryCharge(invoice_id=invoice_id))
    assert codes(refused) == {"invoice.payment_under_way"}
    world.provider = "accepting"
    await world.answer_payments()

    assert (await invoice_of(world, invoice_id)).state == "paid"
