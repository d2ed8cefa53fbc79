"""A payer has to confirm a payment, such as by 3-D Secure; and holds that end at the provider by themselves."""

from datetime import timedelta

import pytest

from domain.billing.commands import RetryCharge
from domain.billing.confirmation import ExpireConfirmation, RecordLostHold, RequireConfirmation
from domain.billing.invoice import Invoice
from domain.billing.payment import Payment
from domain.kernel.ids import InvoiceId, MemberId, PaymentId, TripId
from domain.kernel.messages import Actor, Role
from domain.kernel.policy import AskPaymentProvider
from domain.rental.billing import payment_id_of
from domain.rental.commands import EndTrip
from domain.rental.trip import Trip
from tests.support.people_and_cars import area, car, member, says, started
from tests.support.world import World

LINK = "https://bank.example/3ds"


@pytest.fixture
async def world() -> World:
    """A city in which members drive, and whose bank wants every payment confirmed."""
    world = World()
    await area(world)
    world.provider = "confirming"
    return world


async def asked(world: World) -> tuple[MemberId, TripId, PaymentId]:
    """Ada asks for a trip."""
    ada, mini = await member(world), await car(world)
    trip_id = await started(world, ada, mini)
    return ada, trip_id, payment_id_of(Trip.TOPIC, trip_id)


async def test_a_start_waits_for_the_payer_longer_than_for_the_provider(world: World) -> None:
    _, trip_id, _ = await asked(world)
    await world.advance(timedelta(minutes=9))
    before = (await world.store.load(Trip, trip_id)).state

    await world.answer_after_confirmation()

    assert (before, (await world.store.load(Trip, trip_id)).state) == ("requested", "running")
    [told] = [message for message in world.messages if message.template == "payment_to_confirm"]
    assert "bank.example" not in str(told.values), "the link is looked up when it is sent"


async def test_who_does_not_confirm_in_time_has_no_trip_and_nothing_is_held(world: World) -> None:
    await asked(world)
    await world.advance(timedelta(minutes=10))

    [failed] = world.events(Trip.StartFailed)
    [declined] = world.events(Payment.HoldDeclined)
    assert (failed.reason, declined.decline_code) == ("payment_declined", "confirmation_timed_out")
    assert len(world.events(Payment.ReleaseRequested)) == 1, "the provider waits no more"
    assert not world.events(Payment.Released)

    await world.answer_after_confirmation()
    assert not world.events(Payment.Held), "the answer that comes too late is that to what was called off"
    assert world.refused_reactions == []


async def test_a_payment_that_was_confirmed_is_not_expired(world: World) -> None:
    _, _, payment_id = await asked(world)
    await world.answer_after_confirmation()
    await world.do(ExpireConfirmation(payment_id=payment_id))
    assert not world.events(Payment.HoldDeclined)


async def test_word_that_comes_twice_or_after_the_answer_asks_for_nothing(world: World) -> None:
    _, _, payment_id = await asked(world)
    await world.do(RequireConfirmation(payment_id=payment_id, confirm_link=LINK))
    await world.answer_after_confirmation()
    await world.do(RequireConfirmation(payment_id=payment_id, confirm_link=LINK))

    payment = await world.store.load(Payment, payment_id)
    assert len(world.events(Payment.ConfirmationRequired)) == 1
    assert (payment.confirm_link, payment.awaits_confirmation) == (None, False)


async def test_a_payer_who_pays_an_invoice_is_there_and_one_who_is_charged_later_is_not(world: World) -> None:
    world.provider = "accepting"
    ada, trip_id, _ = await asked(world)
    mini = (await world.store.load(Trip, trip_id)).vehicle_id
    await world.advance(timedelta(minutes=20))
    world.empty_cards = {ada}
    await says(world, mini, odometer_m=1_009_000)
    await world.do(EndTrip(trip_id=trip_id))
    world.empty_cards, world.provider = set(), "silent"
    await world.advance(timedelta(days=1))
    later = [request.on_session for request in world.unanswered_payments]
    world.provider = "declining"
    await world.answer_payments()
    world.provider = "confirming"

    invoice_id = Invoice.id_of(Trip.TOPIC, trip_id)
    await world.do(RetryCharge(invoice_id=invoice_id), actor=Actor(role=Role.MEMBER, id=str(ada)))

    assert later == [False]
    assert [request.on_session for request in world.unanswered_payments] == [True]
    await world.advance(timedelta(minutes=10))
    failures = [event.decline_code for event in world.events(Invoice.PaymentFailed)]
    assert failures[-1] == "confirmation_timed_out"
    assert not (await world.store.load(Invoice, InvoiceId(invoice_id))).pending


async def test_a_hold_that_ends_by_itself_is_charged_anew_at_the_end(world: World) -> None:
    world.provider = "accepting"
    ada, trip_id, payment_id = await asked(world)
    mini = (await world.store.load(Trip, trip_id)).vehicle_id
    for _ in range(2):
        await world.do(RecordLostHold(payment_id=payment_id, why="automatic"))
    await world.advance(timedelta(minutes=20))
    await says(world, mini, odometer_m=1_009_000)
    await world.do(EndTrip(trip_id=trip_id))

    invoice = await world.store.load(Invoice, Invoice.id_of(Trip.TOPIC, trip_id))
    assert len(world.events(Payment.HoldLost)) == 1
    assert (invoice.state, invoice.paid) == ("paid", invoice.gross)
    [captured] = world.events(Payment.Captured)
    assert captured.originator_id != payment_id
    assert captured.payer_id == ada


async def test_a_hold_that_is_being_captured_is_not_lost(world: World) -> None:
    world.provider = "accepting"
    _, trip_id, payment_id = await asked(world)
    mini = (await world.store.load(Trip, trip_id)).vehicle_id
    await world.advance(timedelta(minutes=20))
    world.provider = "silent"
    await says(world, mini, odometer_m=1_009_000)
    await world.do(EndTrip(trip_id=trip_id))
    await world.do(RecordLostHold(payment_id=payment_id, why="automatic"))
    assert not world.events(Payment.HoldLost)
    assert isinstance(world.unanswered_payments[0], AskPaymentProvider)
