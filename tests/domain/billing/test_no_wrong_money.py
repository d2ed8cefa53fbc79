"""What is wrong with an amount is refused or looked at by a person; nothing is taken or sent for nothing."""

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.billing.billed import proportion
from domain.billing.charge import Charge
from domain.billing.commands import BillCharge, CreditInvoice, RetryCharge
from domain.billing.invoice import Invoice
from domain.billing.number_range import NumberRange
from domain.billing.payment import Payment
from domain.billing.pricing import Span
from domain.billing.taxes import Taxed, tax
from domain.kernel.errors import RefusedError
from domain.kernel.ids import ChargeId, PaymentId, TripId
from domain.kernel.money import Currency, Money
from domain.rental.reservation import Reservation
from domain.rulebook.rates import AgreedAmount
from domain.rulebook.tariff import Quote
from domain.rulebook.tax import TaxRule
from tests.domain.billing.desk import Desk, euros
from tests.support.services import RULEBOOKS


def with_fuel(desk: Desk, command: BillCharge, paid_by_member: str) -> BillCharge:
    """The same trip by a tariff that gives back what the member paid for fuel."""
    rulebook = RULEBOOKS[desk.service]
    city = rulebook.city(desk.city)
    usual = rulebook.tariff(desk.city, desk.model, desk.at)
    fuel = AgreedAmount(id="fuel", description="Fuel", name="fuel", optional=True)
    tariff = usual.model_copy(update={"elements": (*usual.elements, fuel)})
    cities = (city.model_copy(update={"tariffs": (tariff,)}),)
    desk.rulebooks.hold(rulebook.model_copy(update={"cities": cities}))
    facts = command.facts.model_copy(update={"agreed": {"fuel": euros(f"-{paid_by_member}")}})
    quote = Quote.of(tariff, city_id=desk.city, model=desk.model, at=command.quote.quoted_at)
    return command.model_copy(update={"quote": quote, "facts": facts})


async def below_nothing(desk: Desk) -> ChargeId:
    """12 minutes for 3.72, and fuel for 60.00 that the member paid."""
    trip_id, payment_id = await desk.hold()
    await desk.provider_answers()
    await desk.do(with_fuel(desk, desk.bill_trip(trip_id, payment_id, minutes=12), "60"))
    return Charge.id_of("rental.trip", trip_id)


async def test_a_total_below_nothing_waits_for_an_agent_and_takes_nothing() -> None:
    desk = Desk()

    await below_nothing(desk)

    assert await desk.provider_answers() == []
    [review] = desk.events(Charge.ReviewRequired)
    assert [reason.code for reason in review.reasons] == ["charge.below_nothing"]
    assert review.price.gross == euros("-56.28")


async def test_what_is_owed_to_a_payer_is_never_captured_and_stays_open() -> None:
    desk = Desk()
    charge_id = await below_nothing(desk)

    await desk.decide(charge_id, "approve")
    invoice_id = desk.events(Charge.Billed)[0].invoice_id
    await desk.do(RetryCharge(invoice_id=invoice_id))

    assert await desk.provider_answers() == ["release 30.00 EUR"]
    assert desk.events(Payment.CaptureRequested) == []
    invoice = await desk.invoice(invoice_id)
    assert (invoice.state, invoice.due) == ("open", euros("-56.28"))


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"distance_m": 10_000_000_000}, "charge.distance_too_long"),
        ({"spans": (Span(phase="driving", seconds=1), Span(phase="parked", seconds=1)) * 600}, "charge.too_many_spans"),
    ],
)
async def test_what_no_car_can_have_done_is_priced_at_once_and_waits_for_an_agent(
    facts: dict[str, Any], reason: str
) -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold()
    command = desk.bill_trip(trip_id, payment_id)

    await desk.do(command.model_copy(update={"facts": command.facts.model_copy(update=facts)}))

    [review] = desk.events(Charge.ReviewRequired)
    assert reason in [found.code for found in review.reasons]


@pytest.mark.parametrize("amount", ["0", "-1"])
async def test_a_credit_of_nothing_is_refused(amount: str) -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold()
    await desk.provider_answers()
    invoice_id = await desk.price(trip_id, payment_id)
    await desk.provider_answers()

    with pytest.raises(RefusedError, match="amount_out_of_range"):
        await desk.do(CreditInvoice(credit_note_id=uuid4(), invoice_id=invoice_id, amount=euros(amount), reason="x"))


async def test_a_hold_that_cost_nothing_has_no_invoice_and_takes_no_number() -> None:
    desk = Desk()
    trip = desk.bill_trip(TripId(uuid4()), PaymentId(uuid4()), minutes=0, token="tok_visa")
    held = {"reservation_only": True, "reserved_at": desk.at - timedelta(minutes=10), "spans": ()}
    what = {"subject_kind": Reservation.TOPIC, "facts": trip.facts.model_copy(update=held)}

    await desk.do(trip.model_copy(update=what))

    assert await desk.provider_answers() == []
    assert not desk.events(Invoice.Issued)
    assert not desk.events(NumberRange.Taken)
    assert desk.told == []


rules = st.lists(
    st.builds(
        TaxRule,
        name=st.just("tax"),
        rate=st.decimals(Decimal(0), Decimal("0.3"), places=3),
        valid_from=st.just(date(2000, 1, 1)),
        inclusive=st.booleans(),
        compound=st.booleans(),
    ),
    min_size=1,
    max_size=3,
).map(tuple)


def cents(minor: int) -> Money:
    return Money(amount_minor=minor, currency=Currency.EUR)


def invoice_of(taxed: Taxed, credited: int) -> Any:
    left = Money(amount_minor=taxed.gross.amount_minor - credited, currency=Currency.EUR)
    return SimpleNamespace(taxes=taxed.taxes, net=taxed.net, gross=taxed.gross, uncredited=left)


def test_the_base_of_a_part_that_is_credited_is_its_net() -> None:
    [vat] = (rule for rule in RULEBOOKS["drivenow-europe"].city("berlin").taxes if rule.valid_from.year == 2021)
    taxed = tax(euros("0.04"), (vat,), date(2021, 6, 1))

    part = proportion(taxed, euros("0"), euros("0.02"))

    assert [one.base for one in part.taxes] == [part.net]


@given(
    total=st.integers(1, 500), untaxed=st.integers(0, 100), rules=rules, cuts=st.lists(st.integers(1, 200), max_size=4)
)
def test_bases_of_all_parts_are_those_of_the_invoice(
    total: int, untaxed: int, rules: tuple[TaxRule, ...], cuts: list[int]
) -> None:
    of = {"standard": cents(total), "passed on": cents(untaxed)} if untaxed else None
    taxed = tax(cents(total + untaxed), rules, date(2021, 6, 1), of=of)
    ends = sorted({min(cut, taxed.gross.amount_minor) for cut in cuts} | {taxed.gross.amount_minor})

    parts = [proportion(taxed, cents(begin), cents(end - begin)) for begin, end in zip([0, *ends], ends, strict=False)]

    for n, one in enumerate(taxed.taxes):
        assert Money.total((part.taxes[n].base for part in parts), Currency.EUR) == one.base
        assert Money.total((part.taxes[n].amount for part in parts), Currency.EUR) == one.amount
    if not untaxed and not any(rule.compound for rule in rules):
        assert all(one.base == part.net for part in parts for one in part.taxes)
