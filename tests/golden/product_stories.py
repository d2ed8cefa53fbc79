"""A story of what a member has in advance."""

from datetime import timedelta

from domain.billing.commands import CreditInvoice, RetryCharge
from domain.billing.invoice import Invoice
from domain.billing.product_commands import BuyProduct, CancelProduct, GiveProduct, RedeemCode
from domain.kernel.ids import InvoiceId, derived_id
from domain.kernel.messages import Actor, Role
from domain.rental.commands import EndTrip
from domain.rental.trip import Trip
from tests.domain.billing.desk import euros
from tests.domain.billing.shop import FIVE, PASS, PRODUCTS, code, with_codes, with_products
from tests.support.people_and_cars import car, member, says, started
from tests.support.world import World

DAY = timedelta(days=1)


async def a_member_uses_a_code(world: World) -> None:
    world.rulebook = with_codes(with_products(world.rulebook, (FIVE,)), code())
    lee = await member(world, "Lee")
    await world.do(RedeemCode(entry_id=derived_id("redeemed"), member_id=lee, code="WELCOME-2026"))


async def a_member_buys_in_advance(world: World) -> None:
    rules = with_products(world.rulebook, (PASS.model_copy(update={"reminder": DAY}), *PRODUCTS[:2], PRODUCTS[3]))
    billing = rules.billing.model_copy(update={"four_eyes_above": (euros("10"),)})
    world.rulebook = rules.model_copy(update={"billing": billing})
    kay, which = await member(world, "Kay"), await car(world, "B-KA 1")
    for agent in ("agent-3", "agent-7"):
        gift = GiveProduct(
            entry_id=derived_id("gift", agent), member_id=kay, city_id="berlin", product="credit", amount=euros("12"),
            reason="the heating was broken",
        )  # fmt: skip
        await world.do(gift, actor=Actor(role=Role.AGENT, id=agent))
    await world.do(BuyProduct(entry_id=derived_id("ten"), member_id=kay, city_id="berlin", product="ten"))
    world.provider = "declining"
    subscription = derived_id("pass")
    await world.do(BuyProduct(entry_id=subscription, member_id=kay, city_id="berlin", product="pass"))
    world.provider = "accepting"
    await world.do(RetryCharge(invoice_id=InvoiceId(world.events(Invoice.Issued)[-1].originator_id)))
    trip_id = await started(world, kay, which)
    await world.advance(timedelta(minutes=150))
    await says(world, which)
    await world.do(EndTrip(trip_id=trip_id))
    note_id, invoice_id = derived_id("note of the trip"), Invoice.id_of(Trip.TOPIC, trip_id)
    credit = CreditInvoice(credit_note_id=note_id, invoice_id=invoice_id, reason="the heating was broken")
    for agent in ("agent-3", "agent-7"):
        await world.do(credit, actor=Actor(role=Role.AGENT, id=agent))
    await world.advance(40 * DAY)
    await world.do(CancelProduct(member_id=kay, entry_id=subscription))
    await world.advance(30 * DAY)
