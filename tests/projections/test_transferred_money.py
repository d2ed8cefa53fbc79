"""What the read models tell of bank transfers."""

import asyncpg

from domain.billing.commands import RecordRefundByOtherMeans
from domain.billing.invoice import Invoice
from domain.billing.transfers import TakeBackTransfer
from domain.kernel.ids import TripId
from domain.kernel.messages import Actor, Role
from tests.domain.billing.desk import euros
from tests.domain.billing.test_unpaid import invoice_of, unpaid, with_billing
from tests.projections.following import Followers, catch_up, credit, row
from tests.support.people_and_cars import area
from tests.support.transfers import DAY, assigned, transferred
from tests.support.world import World


async def test_an_invoice_is_shown_as_paid_by_transfer_and_as_open_once_that_is_taken_back(
    world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    await area(world)
    ada, invoice_id = await unpaid(world)
    due = (await invoice_of(world, invoice_id)).due.amount_minor
    transfer = transferred(await invoice_of(world, invoice_id), euros("100.00"))
    await world.do(transfer)
    await catch_up(followers)
    paid = await row(pool, "invoices", "invoice_id", invoice_id)
    received = await row(pool, "transfers", "transfer_id", transfer.transfer_id)
    await world.do(TakeBackTransfer(transfer_id=transfer.transfer_id, reference="bank 9", value_on=DAY))
    await catch_up(followers)
    reopened = await row(pool, "invoices", "invoice_id", invoice_id)
    lost = await row(pool, "transfers", "transfer_id", transfer.transfer_id)

    assert (paid["state"], paid["open_minor"], paid["decline_code"]) == ("paid", 0, None)
    assert (received["state"], received["counted_minor"], received["owed_minor"]) == ("received", due, 10_000 - due)
    assert (received["invoice_id"], received["payer_id"], received["value_on"]) == (invoice_id, ada, DAY)
    assert (reopened["state"], reopened["open_minor"]) == ("open", due)
    assert (lost["state"], lost["owed_minor"]) == ("taken_back", 0)


async def test_what_is_credited_of_a_transfer_is_shown_until_an_agent_has_paid_it_back(
    world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    await area(world)
    _, invoice_id = await unpaid(world)
    invoice = await invoice_of(world, invoice_id)
    await world.do(transferred(invoice))
    command = credit(TripId(invoice.subject_id), "1.00")
    await world.do(command)
    await catch_up(followers)
    owed = await row(pool, "refunds", "credit_note_id", command.credit_note_id)
    paid = {"reference": "SEPA 1", "reason": "he paid by transfer"}
    await world.do(RecordRefundByOtherMeans(credit_note_id=command.credit_note_id, **paid))
    await catch_up(followers)
    back = await row(pool, "refunds", "credit_note_id", command.credit_note_id)
    transfer = await row(pool, "transfers", "invoice_id", invoice_id)

    assert (owed["state"], owed["amount_minor"], back["state"]) == ("by_hand", 100, "paid_by_other_means")
    assert transfer["owed_minor"] == 0


async def test_a_proposed_assignment_is_shown_with_who_proposed_it(
    world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    await area(world)
    with_billing(world, four_eyes_above=(euros("1.00"),))
    _, invoice_id = await unpaid(world)
    invoice: Invoice = await invoice_of(world, invoice_id)
    command = assigned(invoice, invoice.due)
    await world.do(command, actor=Actor(role=Role.AGENT, id="ada"))
    await catch_up(followers)
    proposed = await row(pool, "transfers", "transfer_id", command.transfer_id)
    await world.do(command, actor=Actor(role=Role.AGENT, id="bob"))
    await catch_up(followers)
    received = await row(pool, "transfers", "transfer_id", command.transfer_id)

    assert (proposed["state"], proposed["proposed_by"]) == ("proposed", "ada")
    assert proposed["proposal"] == f"assign to {invoice.number}"
    assert (received["state"], received["assigned_by"], received["proposal"]) == ("received", "bob", None)
