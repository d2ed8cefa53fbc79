"""Stories of payments and invoices, for the samples of billing's events."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from domain.billing.charge import Charge
from domain.billing.commands import BillMonth, CreditInvoice, RecordRefundByOtherMeans, ReleaseHold, RetryCharge
from domain.billing.confirmation import RecordLostHold, RequireConfirmation
from domain.billing.debit import Debit
from domain.billing.invoice import Invoice
from domain.billing.mandate import months_later
from domain.billing.payment import Payment
from domain.billing.transfers import RecordTransferPaidBack, TakeBackTransfer
from domain.kernel.aggregate import DomainEvent
from domain.kernel.ids import ChargeId, InvoiceId, derived_id
from domain.rental.trip import Trip
from tests.domain.billing.desk import Desk, euros
from tests.support.debits import batched, booked, debited, driven, rejected, returned, signed
from tests.support.people_and_cars import area, member
from tests.support.services import RULEBOOKS
from tests.support.transfers import DAY, assigned, transferred
from tests.support.world import World


async def events() -> list[DomainEvent]:
    """All that happens in them."""
    told: list[DomainEvent] = []
    for story in STORIES:
        desk = Desk()
        await story(desk)
        told += [recorded.event for recorded in desk.store.log]
    for tale in TALES:
        world = World()
        await area(world)
        await tale(world)
        told += [recorded.event for recorded in world.store.log if recorded.topic.startswith("billing.")]
    return told


async def a_long_trip_is_paid_in_parts_and_credited(desk: Desk) -> None:
    trip_id, payment_id = await desk.hold("30")
    await desk.provider_answers()
    invoice_id = await desk.price(trip_id, payment_id, minutes=200)
    await desk.provider_answers()
    for amount, refunded in ((euros("40"), True), (euros("10"), False)):
        credit_note_id = derived_id("credit note", amount)
        await desk.do(
            CreditInvoice(
                credit_note_id=credit_note_id, invoice_id=invoice_id, amount=amount, reason="the heating was broken"
            )
        )
        await desk.provider_answers(accepted=refunded)


async def charges_are_reviewed(desk: Desk) -> None:
    charges = []
    for _ in range(3):
        trip_id, payment_id = await desk.hold()
        await desk.provider_answers()
        await desk.price(trip_id, payment_id, minutes=3 * 24 * 60)
        charges.append(Charge.id_of(Trip.TOPIC, trip_id))
    for agent in ("agent-3", "agent-7"):
        await desk.decide(charges[0], "approve", agent)
        await desk.decide(charges[1], "correct", agent, duration_s=600, distance_m=5000)
        await desk.decide(charges[2], "waive", agent)
    await desk.provider_answers()
    for agent in ("agent-3", "agent-7"):
        invoice_id = desk.events(Charge.Billed)[0].invoice_id
        credit_note_id = derived_id("credit note", agent)
        await desk.do(
            CreditInvoice(credit_note_id=credit_note_id, invoice_id=invoice_id, reason="the car was towed"), agent
        )
    await desk.provider_answers()


async def a_card_is_declined(desk: Desk) -> None:
    trip_id, payment_id = await desk.hold()
    await desk.provider_answers()
    invoice_id = await desk.price(trip_id, payment_id)
    await desk.provider_answers(accepted=False)
    await desk.do(RetryCharge(invoice_id=invoice_id))
    await desk.provider_answers(accepted=False)


async def a_payer_confirms_and_the_hold_is_lost(desk: Desk) -> None:
    _, payment_id = await desk.hold()
    await desk.do(RequireConfirmation(payment_id=payment_id, confirm_link="https://bank.example/3ds"))
    await desk.provider_answers()
    await desk.do(RecordLostHold(payment_id=payment_id, why="automatic"))


async def a_month_is_billed(desk: Desk) -> None:
    rules = RULEBOOKS[desk.service]
    billing = rules.billing.model_copy(update={"invoices": "monthly"})
    desk.rulebooks.hold(rules.model_copy(update={"billing": billing}))
    for minutes in (10, 20):
        trip_id, payment_id = await desk.hold()
        await desk.provider_answers()
        await desk.price(trip_id, payment_id, minutes=minutes)
    charges = tuple(ChargeId(event.originator_id) for event in desk.events(Charge.Raised))
    seller_id = rules.city(desk.city).legal_entity.id
    desk.at += timedelta(days=30)
    await desk.do(BillMonth(month="2021-06", payer_id=desk.payer_id, seller_id=seller_id, charge_ids=charges))
    [issued] = desk.events(Invoice.Issued)
    await desk.do(
        CreditInvoice(
            credit_note_id=derived_id("credit note", issued.number),
            invoice_id=InvoiceId(issued.originator_id),
            charge_id=charges[0],
            amount=euros("1"),
            reason="the heating was broken",
        )
    )


async def a_hold_is_given_up(desk: Desk) -> None:
    _, payment_id = await desk.hold()
    await desk.do(ReleaseHold(payment_id=payment_id))
    await desk.provider_answers()


async def a_refund_is_paid_by_other_means(desk: Desk) -> None:
    trip_id, payment_id = await desk.hold()
    await desk.provider_answers()
    invoice_id = await desk.price(trip_id, payment_id, minutes=10)
    await desk.provider_answers()
    note_id = derived_id("credit note", "paid by other means")
    await desk.do(CreditInvoice(credit_note_id=note_id, invoice_id=invoice_id, reason="the heating was broken"))
    await desk.provider_answers(accepted=False)
    while not desk.events(Payment.RefundGivenUp):
        await desk.time_passes(timedelta(days=3))
        await desk.provider_answers(accepted=False)
    await desk.do(RecordRefundByOtherMeans(credit_note_id=note_id, reference="SEPA 4711", reason="the card is closed"))


async def transfers_come_too_much_and_are_taken_back(desk: Desk) -> None:
    trip_id, payment_id = await desk.hold()
    await desk.provider_answers()
    invoice_id = await desk.price(trip_id, payment_id, minutes=10)
    await desk.provider_answers(accepted=False)
    invoice = await desk.invoice(invoice_id)
    large = assigned(invoice, euros("600"), "bank 2")
    for agent in ("agent-3", "agent-7"):
        await desk.do(large, agent)
    how = {"reference": "SEPA 4712", "reason": "it was too much"}
    await desk.do(RecordTransferPaidBack(transfer_id=large.transfer_id, **how))
    note_id = derived_id("credit note", "of a transfer")
    note = CreditInvoice(credit_note_id=note_id, invoice_id=invoice_id, amount=euros("1"), reason="goodwill")
    await desk.do(note)
    await desk.do(TakeBackTransfer(transfer_id=large.transfer_id, reference="bank 3", value_on=DAY))


async def accounts_are_debited(world: World) -> None:
    _, _, first = await debited(world)
    await batched(world, first, name="first")
    await world.do(rejected(first, "AM04"))
    await world.advance(timedelta(days=8))
    second = world.events(Debit.Requested)[-1].originator_id
    await batched(world, second, name="second")
    await world.do(booked(second))
    await world.do(returned(second, "AC04"))
    fay = await member(world, "Fay")
    await world.do(signed(fay, world, signed_on=months_later(world.now().date(), -36)))
    await driven(world, fay, "B-DD 2")
    eve = await member(world, "Eve")
    await world.do(signed(eve, world))
    invoice_id = await driven(world, eve, "B-DD 3")
    await world.do(transferred(await world.store.load(Invoice, invoice_id)))
    await batched(world, world.events(Debit.Requested)[-1].originator_id, name="third")


async def a_buyer_is_kept_as_long_as_law_wants(desk: Desk) -> None:
    trip_id, payment_id = await desk.hold()
    await desk.provider_answers()
    await desk.price(trip_id, payment_id)
    await desk.provider_answers()
    await desk.time_passes(timedelta(days=9 * 366))


STORIES: tuple[Callable[[Desk], Awaitable[None]], ...] = (
    a_long_trip_is_paid_in_parts_and_credited,
    charges_are_reviewed,
    a_card_is_declined,
    a_payer_confirms_and_the_hold_is_lost,
    a_month_is_billed,
    a_hold_is_given_up,
    a_refund_is_paid_by_other_means,
    transfers_come_too_much_and_are_taken_back,
    a_buyer_is_kept_as_long_as_law_wants,
)

TALES: tuple[Callable[[World], Awaitable[None]], ...] = (accounts_are_debited,)
"""Stories that need a member with an account."""
