"""What members have in advance: bought, used, given back, renewed, held back, ended; and no minute is used twice."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.billing.balance import Balance
from domain.billing.charge import Charge
from domain.billing.commands import CreditInvoice, DecideCharge, RetryCharge
from domain.billing.correction import Correction
from domain.billing.fee import FEE
from domain.billing.handlers import HANDLERS
from domain.billing.invoice import Invoice
from domain.billing.product_commands import CancelProduct, GiveBackUse
from domain.billing.product_facts import PRODUCT
from domain.dispatcher import Dispatcher
from domain.kernel.errors import RefusedError
from domain.kernel.ids import InvoiceId, PayerId, PaymentId, TripId, derived_id
from domain.rental.commands import EndTrip
from domain.rental.trip import Trip
from tests.domain.billing.desk import Desk, euros
from tests.domain.billing.shop import DAY, GOLD, Shop
from tests.support.memory_store import MemoryStore
from tests.support.people_and_cars import says, started
from tests.support.world import codes


async def test_minutes_that_were_bought_are_used_first_and_the_rest_is_paid() -> None:
    shop = await Shop().open()
    bundle = await shop.buy("ten")
    sold = shop.books()

    short, long = await shop.drive(4), await shop.drive(15)

    assert sold == {"provider": 270, "tax": -43, "prepaid": -227}
    assert (short.gross, long.gross) == (euros("0"), euros("3.06"))
    assert [(line.rule_id, line.quantity, line.amount) for line in long.lines] == [
        ("driving", Decimal(15), euros("5.10")),
        ("ten", Decimal(6), euros("-2.04")),
    ]
    assert (await shop.entry(bundle)).left_s == 0
    assert shop.books() == {"provider": 576, "tax": -43 - 49, "revenue": -227 - 257}
    assert shop.broken() == {}


class OneAtATime(MemoryStore):
    """Lets others go on before each append, so that whoever decides has read what is no longer so."""

    async def append(self, *args: Any, **more: Any) -> int:
        await asyncio.sleep(0)
        return await super().append(*args, **more)


async def test_two_charges_at_once_use_no_minute_twice() -> None:
    shop = await Shop().open()
    bundle = await shop.buy("ten")
    desk = Desk()
    desk.store, desk.rulebooks, desk.payer_id, desk.at = (
        OneAtATime(),
        shop.world.rulebooks,
        PayerId(shop.member),
        shop.world.time + timedelta(hours=1),
    )
    desk.store.__dict__.update(shop.world.store.__dict__)
    desk.dispatcher = Dispatcher(desk.store, desk, desk.rulebooks, HANDLERS)
    trips = [TripId(derived_id("trip at once", number)) for number in range(2)]
    bills = [desk.bill_trip(id, PaymentId(derived_id("payment", id)), minutes=8, token="card") for id in trips]

    await asyncio.gather(*(desk.do(bill) for bill in bills))

    uses = [one.use.seconds for charge in (await shop.balance()).uses.values() for one in charge]
    assert sorted(uses) == [120, 480]
    assert (await shop.entry(bundle)).left_s == 0


async def test_minutes_end_with_what_is_left_of_them_and_whoever_has_them_is_reminded() -> None:
    shop = await Shop().open()
    bundle = await shop.buy("saver")
    await shop.drive(4)

    await shop.world.advance(28 * DAY)
    reminded = [message.values for message in shop.world.messages if message.template == "product_ends_soon"]
    await shop.world.advance(3 * DAY)
    after = await shop.drive(5)

    assert [values["what"] for values in reminded] == ["Saver"]
    assert after.gross == euros("1.70")
    assert (await shop.entry(bundle)).state == "ended"
    assert shop.world.events(Balance.Ended)[0].earned[0].amount == euros("1.36")
    assert "prepaid" not in shop.books()


async def test_what_ended_in_mid_trip_is_still_used_for_it() -> None:
    shop = await Shop().open()
    await shop.buy("saver")
    await shop.world.advance(30 * DAY - timedelta(minutes=3))

    invoice = await shop.drive(15)

    assert shop.world.events(Balance.Ended)
    assert invoice.gross == euros("1.70")
    assert "prepaid" not in shop.books()


async def test_a_pass_renews_each_month_until_it_is_cancelled_in_time() -> None:
    shop = await Shop().open()
    subscription = await shop.buy("pass")

    half = await shop.drive(10)
    await shop.world.advance(20 * DAY)
    await shop.world.do(CancelProduct(member_id=shop.member, entry_id=subscription))
    late = await shop.entry(subscription)
    await shop.world.advance(25 * DAY)
    still = await shop.drive(10)
    await shop.world.advance(20 * DAY)
    full = await shop.drive(10)

    assert [invoice.gross for invoice in (half, still, full)] == [euros("1.70"), euros("1.70"), euros("3.40")]
    assert late.renews_until is not None
    assert late.renews_until.date().isoformat() == "2026-05-02"
    assert len([one for one in shop.invoices() if one.subject_kind == PRODUCT]) == 2
    assert (await shop.entry(subscription)).state == "ended"
    assert shop.broken() == {}


async def test_a_pass_that_could_not_be_paid_is_not_used_until_it_is() -> None:
    shop = await Shop().open()
    shop.world.provider = "declining"
    subscription = await shop.buy("pass")
    held_back = (await shop.entry(subscription)).state
    shop.world.provider = "accepting"

    [issued] = shop.invoices()
    await shop.world.do(RetryCharge(invoice_id=InvoiceId(issued.originator_id)))
    invoice = await shop.drive(10)

    assert held_back == "held_back"
    assert invoice.gross == euros("1.70")


async def test_a_pass_whose_price_was_never_paid_is_not_renewed() -> None:
    shop = await Shop().open()
    shop.world.provider = "declining"
    subscription = await shop.buy("pass")

    await shop.world.advance(60 * DAY)

    assert (await shop.entry(subscription)).state == "ended"
    assert len(shop.invoices()) == 1
    assert "product_ended_unpaid" in shop.world.told()


async def test_a_credit_goes_off_until_it_is_used_up() -> None:
    shop = await Shop().open()
    gift = await shop.give("credit", amount=euros("5"))

    first, second = await shop.drive(10), await shop.drive(10)

    assert (first.gross, second.gross) == (euros("0"), euros("1.80"))
    assert (await shop.entry(gift)).left == euros("0")
    assert shop.books()["revenue"] == -151
    assert shop.broken() == {}


async def test_an_invoice_that_is_credited_gives_back_what_its_trip_used() -> None:
    shop = await Shop().open()
    bundle = await shop.buy("ten")
    trip = await shop.drive(15)

    await shop.world.do(credit(trip))

    assert (await shop.entry(bundle)).left_s == 600
    assert shop.books()["prepaid"] == -227


async def test_minutes_whose_invoice_is_credited_are_gone() -> None:
    shop = await Shop().open()
    bundle = await shop.buy("ten")
    [sold] = shop.invoices()

    await shop.world.do(credit(await shop.world.store.load(Invoice, sold.originator_id)))
    full = await shop.drive(10)

    assert (await shop.entry(bundle)).state == "ended"
    assert full.gross == euros("3.40")
    assert shop.books() == {"provider": 340, "tax": -54, "revenue": -286}


async def test_what_a_charge_used_is_put_right_with_its_facts() -> None:
    shop = await Shop().open()
    rules = shop.world.rulebook
    trip = rules.trip.model_copy(update={"review_above": (euros("1"),)})
    shop.world.rulebook = rules.model_copy(update={"trip": trip})
    bundle = await shop.buy("ten")
    trip_id = await started(shop.world, shop.member, shop.car)
    await shop.world.advance(timedelta(minutes=15))
    await says(shop.world, shop.car)
    await shop.world.do(EndTrip(trip_id=trip_id))
    charge_id = Charge.id_of(Trip.TOPIC, trip_id)
    while_it_waits = (await shop.entry(bundle)).left_s

    right = Correction(duration_s=240)
    await shop.world.do(DecideCharge(charge_id=charge_id, decision="correct", correction=right, reason="saw the clock"))

    assert while_it_waits == 0
    assert (await shop.entry(bundle)).left_s == 360
    assert shop.books()["prepaid"] == -136


async def test_a_gift_above_the_limit_takes_two_persons() -> None:
    shop = await Shop().open()
    rules = shop.world.rulebook
    shop.world.rulebook = rules.model_copy(
        update={"billing": rules.billing.model_copy(update={"four_eyes_above": (euros("10"),)})}
    )

    await shop.give("credit", "ada", amount=euros("20"))
    proposed = (await shop.balance()).entries
    with pytest.raises(RefusedError) as same:
        await shop.give("credit", "ada", amount=euros("20"))
    await shop.give("credit", "bob", amount=euros("20"))

    assert proposed == {}
    assert codes(same) == {"approval.same_person"}
    [given] = shop.world.events(Balance.Given)
    assert (given.given_by, given.proposed_by, given.entry.left) == ("bob", "ada", euros("20"))


async def test_a_trip_that_is_corrected_later_uses_what_the_true_one_needs() -> None:
    shop = await Shop().open()
    bundle = await shop.buy("ten")
    trip = await shop.drive(15)

    await shop.correct(trip.subject_id, 240)
    short = (await shop.entry(bundle)).left_s
    await shop.drive(5)
    await shop.correct(trip.subject_id, 540)
    await shop.world.advance(20 * DAY)

    assert short == 360
    assert (await shop.entry(bundle)).left_s == 0
    fees = [one.gross for one in shop.invoices() if one.subject_kind == FEE]
    assert fees == [euros("1.36")]
    assert shop.broken() == {}


async def test_what_a_free_trip_used_is_given_back_by_an_agent() -> None:
    shop = await Shop().open()
    bundle = await shop.buy("ten")
    trip = await shop.drive(4)
    back = GiveBackUse(charge_id=trip.charges[0].charge_id, reason="the heating was broken")

    await shop.world.do(back)
    with pytest.raises(RefusedError) as twice:
        await shop.world.do(back)

    assert (await shop.entry(bundle)).left_s == 600
    assert codes(twice) == {"balance.nothing_used"}
    assert shop.broken() == {}


async def test_an_option_is_of_whoever_has_it_and_nobody_may_claim_it() -> None:
    shop = await Shop(GOLD).open()
    shop.ask_for("gold")

    with pytest.raises(RefusedError) as claimed:
        await shop.drive_with("gold")
    poor = await shop.drive(10)
    await shop.give("gold_tier")
    rich = await shop.drive(10)

    assert codes(claimed) == {"trip.option_not_had"}
    assert (poor.gross, rich.gross) == (euros("3.40"), euros("2.40"))


@pytest.mark.parametrize(
    ("product", "code"),
    [("credit", "product.not_for_sale"), ("gold", "product.unknown"), ("pass", "product.had_already")],
)
async def test_what_cannot_be_bought_says_why(product: str, code: str) -> None:
    shop = await Shop().open()
    await shop.buy("pass", "first")

    with pytest.raises(RefusedError) as refused:
        await shop.buy(product)

    assert codes(refused) == {code}


async def test_the_same_wish_again_buys_nothing_twice() -> None:
    shop = await Shop().open()

    assert await shop.buy("ten") == await shop.buy("ten")
    assert len(shop.invoices()) == 1


def credit(invoice: Invoice) -> CreditInvoice:
    note_id = derived_id("note", invoice.id)
    return CreditInvoice(credit_note_id=note_id, invoice_id=InvoiceId(invoice.id), reason="goodwill")
