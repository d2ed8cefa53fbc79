"""Who bought stands on the invoice for as long as law wants it, whatever becomes of the account."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from domain.billing.buyers import Buyer, KeptBuyers, kept_until
from domain.billing.commands import CreditInvoice, ForgetBuyers
from domain.billing.invoice import Invoice
from domain.kernel.ids import InvoiceId, MemberId
from domain.members.commands import ChangeAddress, EraseMember
from domain.members.facts import PostalAddress
from domain.members.member import Member
from domain.rental.commands import EndTrip
from tests.support.people_and_cars import area, car, member, says, started
from tests.support.world import World

BERLIN = ZoneInfo("Europe/Berlin")
HOME = PostalAddress(street="Beispielweg 1", postcode="10178", city="Berlin", country="DE")


async def invoiced(world: World, who: MemberId) -> Invoice:
    """The invoice of a trip of twenty minutes, which is paid."""
    await area(world)
    x1 = await car(world)
    trip_id = await started(world, who, x1)
    await world.advance(timedelta(minutes=20))
    await says(world, x1)
    await world.do(EndTrip(trip_id=trip_id))
    return await world.store.load(Invoice, Invoice.id_of("rental.trip", trip_id))


def credit(invoice_id: UUID) -> CreditInvoice:
    return CreditInvoice(credit_note_id=uuid4(), invoice_id=InvoiceId(invoice_id), reason="it would not start")


async def next_year(world: World) -> int:
    """Lets time pass until its first of February; the year."""
    year = world.time.year + 1
    await world.advance(datetime(year, 2, 1, tzinfo=UTC) - world.time)
    return year


def ends(world: World) -> list[datetime]:
    return [opened.until for opened in world.events(KeptBuyers.Opened)]


@pytest.mark.parametrize("address", [HOME, None])
async def test_an_invoice_has_the_name_and_the_address_that_the_payer_gave(address: PostalAddress | None) -> None:
    world = World()

    invoice = await invoiced(world, await member(world, address=address))

    assert invoice.buyer == Buyer(name="Ada", address=address)


async def test_invoices_say_where_somebody_lived_when_they_were_issued() -> None:
    world = World()
    ada, elsewhere = await member(world, address=HOME), HOME.model_copy(update={"street": "Andere Gasse 2"})
    before = await invoiced(world, ada)

    await world.do(ChangeAddress(member_id=ada, address=elsewhere))
    await world.do(ChangeAddress(member_id=ada, address=elsewhere))
    after = await invoiced(world, ada)

    before = await world.store.load(Invoice, before.id)
    assert [one.buyer.address if one.buyer else None for one in (before, after)] == [HOME, elsewhere]
    assert len(world.events(Member.AddressChanged)) == 1


async def test_buyers_of_one_year_are_kept_together_for_eight_years_from_its_end() -> None:
    world = World()
    years = world.time.year + 9
    first = await invoiced(world, await member(world))
    second = await invoiced(world, await member(world, "Bob"))

    assert first.buyers_id == second.buyers_id
    assert ends(world) == [datetime(years, 1, 1, tzinfo=BERLIN)]


def test_a_year_ends_where_the_service_is() -> None:
    berlin = World().rulebook.city("berlin")

    assert kept_until(berlin, 8, datetime(2026, 12, 31, 22, 59, tzinfo=UTC)) == datetime(2035, 1, 1, tzinfo=BERLIN)
    assert kept_until(berlin, 8, datetime(2026, 12, 31, 23, 0, tzinfo=UTC)) == datetime(2036, 1, 1, tzinfo=BERLIN)


async def test_a_credit_note_of_a_later_year_keeps_the_buyer_as_long_though_the_account_is_erased() -> None:
    world = World()
    ada = await member(world)
    invoice = await invoiced(world, ada)
    await world.do(EraseMember(member_id=ada, reason="asked for"))
    year = await next_year(world)

    await world.do(credit(invoice.id))

    [credited] = world.events(Invoice.Credited)
    assert credited.buyer == Buyer(name="Ada", address=None)
    assert credited.buyers_id != invoice.buyers_id
    assert ends(world)[1] == datetime(year + 9, 1, 1, tzinfo=BERLIN)


async def test_the_key_is_destroyed_once_the_time_has_come_and_not_before() -> None:
    world = World()
    ada = await member(world)
    invoice = await invoiced(world, ada)
    await world.do(EraseMember(member_id=ada, reason="asked for"))
    [until] = ends(world)

    await world.advance(until - world.time - timedelta(seconds=1))
    await world.do(ForgetBuyers(buyers_id=invoice.buyers_id))
    assert world.destroyed == [ada]
    await world.advance(timedelta(seconds=1))
    await world.do(ForgetBuyers(buyers_id=invoice.buyers_id))

    assert world.destroyed == [ada, invoice.buyers_id]
    assert [forgotten.timestamp for forgotten in world.events(KeptBuyers.Forgotten)] == [until]
