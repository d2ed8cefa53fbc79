"""Money that is collected by SEPA direct debit: announced, put together, booked, refused, and taken back."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest

from domain.billing.charge import Charge
from domain.billing.commands import CreditInvoice, RetryCharge
from domain.billing.debit import Debit
from domain.billing.debit_batch import DebitBatch
from domain.billing.debit_batches import MakeDebitBatch
from domain.billing.invoice import Invoice
from domain.billing.mandate import Mandate, months_later
from domain.billing.mandates import RevokeMandate
from domain.billing.payment import Payment
from domain.billing.transfer import Transfer
from domain.kernel.aggregate import DomainEvent
from domain.kernel.errors import RefusedError
from domain.kernel.ids import derived_id
from domain.members.member import Member
from domain.rulebook.fee import Fee
from projections.ledger import entries_of
from tests.domain.billing.desk import euros
from tests.domain.billing.test_unpaid import invoice_of, reasons, with_billing
from tests.support.debits import batched, booked, debited, driven, rejected, returned, signed
from tests.support.people_and_cars import area, member
from tests.support.planting import broken, changed, first, without
from tests.support.transfers import transferred
from tests.support.world import World, codes


@pytest.fixture
async def world() -> World:
    """A city in which members drive, and in which one failed payment is enough."""
    world = World()
    await area(world)
    with_billing(world, block_after=1)
    return world


def with_return_fee(world: World) -> None:
    fee = Fee(id="returned", name="Returned debit", description="", amount=euros("4"), tax="passed on")
    cities = tuple(city.model_copy(update={"fees": (*city.fees, fee)}) for city in world.rulebook.cities)
    world.rulebook = world.rulebook.model_copy(update={"cities": cities})
    with_billing(world, debit=world.rulebook.billing.debit.model_copy(update={"return_fee": "returned"}))


def balances(events: Iterable[DomainEvent]) -> dict[str, int]:
    """Of each account that is not even, in minor units."""
    books: dict[str, int] = {}
    for event in events:
        for entry in entries_of(event):
            for account, sign in ((entry.debit, 1), (entry.credit, -1)):
                books[account] = books.get(account, 0) + sign * entry.amount.amount_minor
    return {account: minor for account, minor in books.items() if minor}


async def test_a_debit_is_announced_put_together_and_pays_once_the_bank_has_booked_it(world: World) -> None:
    ada, invoice_id, debit_id = await debited(world)
    announced = world.events(Debit.Requested)[0]

    batch_id = await batched(world, debit_id)
    in_collection = await invoice_of(world, invoice_id)
    await world.do(booked(debit_id))

    assert announced.announced_for >= world.now().date() + timedelta(days=5)
    assert world.messages[-1].template == "debit_announced"
    assert world.messages[-1].values["mandate"] == (await world.store.load(Mandate, announced.mandate_id)).reference
    assert (in_collection.state, in_collection.debit_id) == ("open", debit_id)
    batch = await world.store.load(DebitBatch, batch_id)
    assert [(one.debit_id, one.sequence, one.amount) for one in batch.collections] == [
        (debit_id, "FRST", in_collection.due)
    ]
    paid = await invoice_of(world, invoice_id)
    assert (paid.state, paid.due, paid.debit_id) == ("paid", euros("0"), None)
    assert await reasons(world, ada) == []
    assert broken(world.store.log, finished=True) == set()
    assert world.refused_reactions == []


async def test_nothing_is_held_on_a_mandate_and_the_payment_provider_is_never_asked(world: World) -> None:
    world.provider = "silent"

    _, _, debit_id = await debited(world)

    assert world.unanswered_payments == []
    assert [event.amount for event in world.events(Payment.Held)] == [euros("0")]
    assert debit_id


async def test_no_debit_goes_to_the_bank_twice(world: World) -> None:
    _, _, debit_id = await debited(world)
    await batched(world, debit_id)
    before = len(world.store.log)

    await batched(world, debit_id)
    await batched(world, debit_id, name="another")

    assert len(world.store.log) == before


async def test_while_a_debit_is_on_its_way_the_card_is_not_charged_too(world: World) -> None:
    _, invoice_id, _ = await debited(world)

    with pytest.raises(RefusedError) as refused:
        await world.do(RetryCharge(invoice_id=invoice_id))

    assert codes(refused) == {"invoice.debit_under_way"}


async def test_what_is_paid_in_another_way_before_the_run_is_not_collected(world: World) -> None:
    _, invoice_id, debit_id = await debited(world)
    await world.do(transferred(await invoice_of(world, invoice_id)))

    await batched(world, debit_id)

    assert [event.reason for event in world.events(Debit.Dropped)] == ["paid"]
    assert world.events(DebitBatch.Made) == []
    assert broken(world.store.log, finished=True) == set()


async def test_of_what_is_paid_in_part_only_the_rest_is_collected(world: World) -> None:
    _, invoice_id, debit_id = await debited(world)
    await world.do(transferred(await invoice_of(world, invoice_id), euros("1")))

    await batched(world, debit_id)
    await world.do(booked(debit_id))

    assert world.events(Debit.Batched)[0].amount == (await invoice_of(world, invoice_id)).gross - euros("1")
    assert (await invoice_of(world, invoice_id)).state == "paid"
    assert broken(world.store.log, finished=True) == set()


async def test_what_comes_for_an_invoice_that_was_paid_meanwhile_is_owed_to_the_payer(world: World) -> None:
    _, invoice_id, debit_id = await debited(world)
    await batched(world, debit_id)
    due = (await invoice_of(world, invoice_id)).due
    await world.do(transferred(await invoice_of(world, invoice_id)))

    await world.do(booked(debit_id))

    assert [event.amount for event in world.events(Transfer.RefundOwed)] == [due]


async def test_the_second_debit_of_a_mandate_is_recurring_and_after_a_reject_the_first_again(world: World) -> None:
    ada, _, first = await debited(world)
    await batched(world, first)
    await world.do(rejected(first, "MS03"))
    await world.advance(timedelta(days=8))
    again = world.events(Debit.Requested)[-1].originator_id
    await batched(world, again, name="again")
    await world.do(booked(again))
    await driven(world, ada, "B-DD 2")
    await batched(world, world.events(Debit.Requested)[-1].originator_id, name="third")

    assert [event.sequence for event in world.events(Debit.Batched)] == ["FRST", "FRST", "RCUR"]


@pytest.mark.parametrize(
    ("reason", "ends", "again"), [("AM04", False, True), ("AC04", True, False), ("MD06", False, False)]
)
async def test_what_the_bank_refuses_is_followed_by_its_reason(
    world: World, reason: str, ends: bool, again: bool
) -> None:
    ada, invoice_id, debit_id = await debited(world)
    await batched(world, debit_id)

    await world.do(rejected(debit_id, reason))
    once = len(world.store.log)
    await world.do(rejected(debit_id, reason))

    mandate = await world.store.load(Mandate, derived_id("mandate", ada))
    assert len(world.store.log) == once
    assert (mandate.ended is not None) is ends
    assert (world.events(Debit.Rejected)[0].retry_at is not None) is again
    assert "member.in_arrears" in await reasons(world, ada)
    assert "debit_failed" in world.told()
    assert (await invoice_of(world, invoice_id)).state == "open"
    methods = [method.method_id for method in (await world.store.load(Member, ada)).payment_methods]
    assert (str(mandate.id) in methods) is not ends
    world.provider = "accepting"
    await world.advance(timedelta(days=8))
    assert len(world.events(Debit.Requested)) == (2 if again else 1)


async def test_what_comes_back_opens_the_invoice_again_with_what_the_bank_took_in_the_books(world: World) -> None:
    with_return_fee(world)
    ada, invoice_id, debit_id = await debited(world)
    await batched(world, debit_id)
    await world.do(booked(debit_id))
    due = (await invoice_of(world, invoice_id)).gross

    await world.advance(timedelta(days=50))
    await world.do(returned(debit_id, "MD06"))
    once = len(world.store.log)
    await world.do(returned(debit_id, "MD06"))

    assert len(world.store.log) == once
    reopened = await invoice_of(world, invoice_id)
    assert (reopened.state, reopened.due) == ("open", due)
    assert "member.in_arrears" in await reasons(world, ada)
    assert balances(world.events(DomainEvent))["bank_fees"] == 300
    assert balances(world.events(DomainEvent))["bank"] == -300
    [fee] = world.events(Charge.FeeRaised)
    assert (fee.price.gross, fee.price.tax, fee.facts.trip_id) == (euros("4"), euros("0"), None)
    assert "debit_returned" in world.told()
    assert "charge_announced" in world.told()
    assert broken(world.store.log, finished=False) == set()


async def test_a_return_under_another_reference_is_left_to_a_person(world: World) -> None:
    _, _, debit_id = await debited(world)
    await batched(world, debit_id)
    await world.do(booked(debit_id))
    await world.do(returned(debit_id))

    with pytest.raises(RefusedError) as refused:
        await world.do(returned(debit_id, reference="bank 10"))

    assert codes(refused) == {"debit.returned_already"}


async def test_a_return_may_come_before_its_booking(world: World) -> None:
    _, invoice_id, debit_id = await debited(world)
    await batched(world, debit_id)

    await world.do(returned(debit_id, fee="0"))
    between = balances(world.events(DomainEvent))
    await world.do(booked(debit_id))

    invoice = await invoice_of(world, invoice_id)
    assert (invoice.state, invoice.due) == ("open", invoice.gross)
    assert between["suspense"] == -between["bank"] == invoice.gross.amount_minor
    after = balances(world.events(DomainEvent))
    assert "suspense" not in after
    assert "bank" not in after
    assert after["receivables"] == invoice.gross.amount_minor


async def test_what_was_credited_before_it_came_back_is_owed_to_nobody(world: World) -> None:
    _, invoice_id, debit_id = await debited(world)
    await batched(world, debit_id)
    await world.do(booked(debit_id))
    note_id = derived_id("note")
    await world.do(CreditInvoice(credit_note_id=note_id, invoice_id=invoice_id, amount=euros("1"), reason="goodwill"))

    await world.do(returned(debit_id))

    invoice = await invoice_of(world, invoice_id)
    assert invoice.due == invoice.gross - euros("1")
    assert [event.amount for event in world.events(Transfer.RefundDropped)] == [euros("1")]
    assert broken(world.store.log, finished=False) == set()


async def test_by_a_revoked_mandate_nothing_is_collected(world: World) -> None:
    ada, invoice_id, debit_id = await debited(world)
    await world.do(RevokeMandate(mandate_id=derived_id("mandate", ada)))

    await batched(world, debit_id)

    assert [event.reason for event in world.events(Debit.Dropped)] == ["mandate.ended"]
    assert (await invoice_of(world, invoice_id)).debit_id is None
    assert "member.in_arrears" in await reasons(world, ada)


async def test_a_mandate_that_was_not_used_for_three_years_counts_no_more(world: World) -> None:
    ada = await member(world)
    await world.do(signed(ada, world, signed_on=months_later(world.now().date(), -36)))

    await driven(world, ada)

    assert world.events(Debit.Requested) == []
    assert [event.reason for event in world.events(Invoice.NothingToCollectFrom)] == ["mandate.unused"]
    assert "nothing_to_collect_from" in world.told()
    assert "member.in_arrears" in await reasons(world, ada)


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"iban": "DE89370400440532013001"}, "mandate.iban_unfit"),
        ({"iban": "DE893704004405320130"}, "mandate.iban_unfit"),
        ({"iban": "TR330006100519786457841326"}, "mandate.outside_sepa"),
        ({"iban": "CH9300762011623852957"}, "mandate.address_missing"),
        ({"holder": "  "}, "mandate.holder_missing"),
        ({"signed_on": date(2030, 1, 1)}, "mandate.signed_later"),
        ({"city_id": "atlantis"}, "service.unknown_city"),
    ],
)
async def test_a_mandate_that_no_bank_would_take_is_refused(world: World, other: dict[str, Any], code: str) -> None:
    ada = await member(world)

    with pytest.raises(RefusedError) as refused:
        await world.do(signed(ada, world, **other))

    assert codes(refused) == {code}


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2026, 4, 3), {"debit.no_bank_day"}),
        (date(2026, 3, 2), {"debit.too_late"}),
        (date(2026, 3, 1), {"debit.no_bank_day", "debit.too_late"}),
    ],
)
async def test_a_batch_is_for_a_day_on_which_banks_work_and_that_is_not_over(
    world: World, on: date, expected: set[str]
) -> None:
    _, _, debit_id = await debited(world)

    with pytest.raises(RefusedError) as refused:
        await world.do(
            MakeDebitBatch(batch_id=derived_id("b"), seller_id="drivenow-de", collection_on=on, debit_ids=(debit_id,))
        )

    assert codes(refused) == expected


async def test_what_the_bank_tells_of_a_debit_that_it_never_got_is_refused(world: World) -> None:
    _, _, debit_id = await debited(world)

    for command in (booked(debit_id), rejected(debit_id), returned(debit_id)):
        with pytest.raises(RefusedError) as refused:
            await world.do(command)
        assert codes(refused) == {"debit.not_in_collection"}


async def test_the_law_of_debits_notices_what_is_asked_twice(world: World) -> None:
    _, _, debit_id = await debited(world)
    await batched(world, debit_id)
    log = world.store.log

    twice = [*log, changed(first(log, DebitBatch.Made), originator_id=derived_id("another"))]

    assert broken(log, finished=False) == set()
    assert "debit_is_asked_once" in broken(twice, finished=False)
    assert "debit_is_asked_once" in broken(without(log, DebitBatch.Made), finished=False)
    assert "debit_is_asked_once" in broken(without(log, Debit.Batched), finished=False)
