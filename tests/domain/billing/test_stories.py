"""Billing, told as stories: hold, price, capture, failure, review, credit."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from domain.billing.commands import BillCharge, CreditInvoice, ReleaseHold, RetryCharge
from domain.billing.credit_note import CreditNote
from domain.billing.invoice import Invoice
from domain.billing.number_range import NumberRange
from domain.billing.payment import Payment
from domain.kernel.errors import RefusedError
from domain.kernel.ids import PayerId, PaymentId, TripId
from domain.kernel.money import Currency, Money
from domain.rental.reservation import Reservation
from tests.domain.billing.desk import Desk, euros
from tests.support.services import RULEBOOKS


async def test_a_trip_is_paid_from_its_hold_and_the_rest_is_let_go() -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold("30")
    assert await desk.provider_answers() == ["hold 30.00 EUR"]

    invoice_id = await desk.price(trip_id, payment_id, minutes=10)

    assert await desk.provider_answers() == ["capture 3.10 EUR"]
    invoice = await desk.invoice(invoice_id)
    assert (invoice.state, invoice.number, invoice.gross) == ("paid", "DE-2021-000001", euros("3.10"))
    assert (invoice.net, invoice.tax) == (euros("2.61"), euros("0.49"))
    [captured] = desk.events(Payment.Captured)
    assert captured.unused == euros("26.90")


async def test_pricing_a_trip_twice_issues_one_invoice_and_asks_for_the_money_once() -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold()
    await desk.provider_answers()

    for _ in range(2):
        await desk.price(trip_id, payment_id)

    assert len(desk.events(Invoice.Issued)) == len(desk.events(Payment.CaptureRequested)) == 1


async def test_what_goes_beyond_the_hold_is_held_and_captured_anew() -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold("30")
    await desk.provider_answers()

    invoice_id = await desk.price(trip_id, payment_id, minutes=200)

    asked = await desk.provider_answers()
    assert sorted(asked) == ["capture 30.00 EUR", "capture 32.00 EUR", "hold 32.00 EUR"]
    invoice = await desk.invoice(invoice_id)
    assert (invoice.state, invoice.paid) == ("paid", euros("62"))


async def test_a_declined_capture_leaves_the_invoice_open_and_gives_the_hold_back() -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold()
    await desk.provider_answers()
    invoice_id = await desk.price(trip_id, payment_id)

    asked = await desk.provider_answers(accepted=False)

    assert asked == ["capture 3.10 EUR", "release 30.00 EUR"]
    assert (await desk.invoice(invoice_id)).state == "open"
    [failed] = desk.events(Invoice.PaymentFailed)
    assert failed.decline_code == "card_declined"


async def test_an_open_invoice_can_be_charged_again() -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold()
    await desk.provider_answers()
    invoice_id = await desk.price(trip_id, payment_id)
    await desk.provider_answers(accepted=False)

    await desk.do(RetryCharge(invoice_id=invoice_id))

    assert await desk.provider_answers() == ["hold 3.10 EUR", "capture 3.10 EUR"]
    assert (await desk.invoice(invoice_id)).state == "paid"


async def test_a_charge_under_way_cannot_be_asked_for_again() -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold()
    await desk.provider_answers()
    invoice_id = await desk.price(trip_id, payment_id)

    with pytest.raises(RefusedError, match="payment_under_way"):
        await desk.do(RetryCharge(invoice_id=invoice_id))


async def test_a_hold_that_nobody_needs_any_more_is_released() -> None:
    desk = Desk()
    _, payment_id = await desk.hold()
    await desk.provider_answers()

    await desk.do(ReleaseHold(payment_id=payment_id))

    assert await desk.provider_answers() == ["release 30.00 EUR"]
    assert (await desk.store.load(Payment, payment_id)).state == "released"


async def test_a_hold_given_up_before_the_provider_answers_is_released_when_it_comes() -> None:
    desk = Desk()
    _, payment_id = await desk.hold()
    await desk.do(ReleaseHold(payment_id=payment_id))

    assert await desk.provider_answers() == ["hold 30.00 EUR", "release 30.00 EUR"]


async def test_a_credit_note_refunds_what_was_paid_from_every_payment() -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold("30")
    await desk.provider_answers()
    invoice_id = await desk.price(trip_id, payment_id, minutes=200)
    await desk.provider_answers()
    note_id = uuid4()

    for _ in range(2):
        await desk.do(
            CreditInvoice(credit_note_id=note_id, invoice_id=invoice_id, amount=euros("40"), reason="goodwill")
        )

    assert await desk.provider_answers() == ["refund 30.00 EUR", "refund 10.00 EUR"]
    [note] = desk.events(CreditNote.Issued)
    assert (note.number, note.gross, note.net + note.tax) == ("DE-C2021-000001", euros("40"), euros("40"))
    assert (await desk.invoice(invoice_id)).state == "paid"


async def test_no_more_than_the_invoice_is_credited() -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold()
    await desk.provider_answers()
    invoice_id = await desk.price(trip_id, payment_id)
    await desk.provider_answers()

    with pytest.raises(RefusedError, match="amount_out_of_range"):
        await desk.do(CreditInvoice(credit_note_id=uuid4(), invoice_id=invoice_id, amount=euros("3.11"), reason="x"))


def kept_without_a_trip(desk: Desk, reservation_id: UUID) -> BillCharge:
    """A car was reserved for an hour, and nobody came."""
    command = desk.bill_trip(TripId(reservation_id), PaymentId(uuid4()), minutes=0, token="tok_visa")
    kept = {"reservation_only": True, "reserved_at": desk.at - timedelta(hours=1), "spans": ()}
    what = {"subject_kind": Reservation.TOPIC, "facts": command.facts.model_copy(update=kept)}
    return command.model_copy(update=what)


async def test_a_reservation_without_a_trip_is_charged_without_a_hold() -> None:
    desk = Desk()

    command = kept_without_a_trip(desk, uuid4())
    await desk.do(command)

    assert await desk.provider_answers() == ["hold 4.50 EUR", "capture 4.50 EUR"]
    invoice = await desk.invoice(Invoice.id_of(Reservation.TOPIC, command.subject_id))
    [asked] = desk.events(Payment.HoldRequested)
    assert invoice.state == "paid"
    assert (invoice.subject_kind, invoice.subject_id) == ("rental.reservation", command.subject_id)
    assert (asked.subject_kind, asked.subject_id) == ("rental.reservation", command.subject_id)


async def test_things_of_another_kind_with_the_same_id_have_an_invoice_each() -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold()
    await desk.provider_answers()

    await desk.price(trip_id, payment_id)
    await desk.do(kept_without_a_trip(desk, trip_id))

    issued = desk.events(Invoice.Issued)
    assert [e.subject_kind for e in issued] == ["rental.trip", "rental.reservation"]
    assert len({e.originator_id for e in issued}) == 2


async def test_who_pays_need_not_be_who_drove() -> None:
    desk = Desk()
    driver, company = desk.member_id, PayerId(uuid4())
    desk.payer_id = company
    trip_id, payment_id = await desk.hold()
    await desk.provider_answers()

    invoice_id = await desk.price(trip_id, payment_id)
    await desk.provider_answers(accepted=False)
    await desk.do(RetryCharge(invoice_id=invoice_id))
    await desk.provider_answers()
    await desk.do(CreditInvoice(credit_note_id=uuid4(), invoice_id=invoice_id, reason="the heating was broken"))
    await desk.provider_answers()

    [issued], [note] = desk.events(Invoice.Issued), desk.events(CreditNote.Issued)
    assert (issued.member_id, issued.payer_id, note.payer_id) == (driver, company, company)
    assert {e.payer_id for e in desk.events(Payment.HoldRequested) + desk.events(Payment.Captured)} == {company}
    assert {m.template for m in desk.told} == {"invoice_issued", "payment_failed", "credit_note_issued"}
    assert {m.member_id for m in desk.told} == {company}


async def test_the_seller_need_not_be_that_of_the_city_whose_taxes_apply() -> None:
    desk = Desk(city="berlin")
    desk.seller_id = "drivenow-at"

    await desk.price(TripId(uuid4()), PaymentId(uuid4()), token="tok_visa")

    [issued] = desk.events(Invoice.Issued)
    assert (issued.number, issued.seller.id, issued.city_id) == ("AT-2021-000001", "drivenow-at", "berlin")
    assert [str(t.rate) for t in issued.taxes] == ["0.19"]


async def test_what_was_sold_before_its_city_changed_hands_is_invoiced_by_who_sold_it() -> None:
    desk = Desk(city="berlin")
    command = desk.bill_trip(TripId(uuid4()), PaymentId(uuid4()), token="tok_visa")
    rulebook = RULEBOOKS[desk.service]
    vienna = rulebook.city("vienna").legal_entity
    cities = tuple(city.model_copy(update={"legal_entity": vienna}) for city in rulebook.cities)

    desk.rulebooks.hold(rulebook.model_copy(update={"cities": cities}))
    await desk.do(command)

    assert [e.seller.id for e in desk.events(Invoice.Issued)] == [command.seller_id]
    assert command.seller_id != vienna.id


async def test_a_trip_that_costs_nothing_has_no_invoice_and_its_hold_is_released() -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold()
    await desk.provider_answers()

    await desk.price(trip_id, payment_id, minutes=0)

    assert await desk.provider_answers() == ["release 30.00 EUR"]
    assert not desk.events(Invoice.Issued)
    assert not desk.events(NumberRange.Taken)


async def test_numbers_have_no_gap_even_when_a_command_is_refused() -> None:
    desk = Desk()
    for minutes in (5, 6, 7):
        trip_id, payment_id = await desk.hold()
        await desk.provider_answers()
        invoice_id = await desk.price(trip_id, payment_id, minutes=minutes)
        with pytest.raises(RefusedError):
            await desk.do(CreditInvoice(credit_note_id=uuid4(), invoice_id=invoice_id, amount=euros("999"), reason="x"))

    assert [e.sequence for e in desk.events(NumberRange.Taken)] == [1, 2, 3]
    assert [e.number for e in desk.events(Invoice.Issued)] == ["DE-2021-000001", "DE-2021-000002", "DE-2021-000003"]


async def test_each_legal_entity_has_its_own_numbers() -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold()
    await desk.price(trip_id, payment_id)
    desk.city = "vienna"
    trip_id, payment_id = await desk.hold()
    await desk.price(trip_id, payment_id)

    assert [e.number for e in desk.events(Invoice.Issued)] == ["DE-2021-000001", "AT-2021-000001"]


async def test_numbers_begin_at_one_in_each_year_of_the_city() -> None:
    desk = Desk()
    for at in (datetime(2021, 12, 31, 22, 59, tzinfo=UTC), datetime(2021, 12, 31, 23, tzinfo=UTC)):
        desk.at = at
        trip_id, payment_id = await desk.hold()
        await desk.price(trip_id, payment_id)

    assert [e.number for e in desk.events(Invoice.Issued)] == ["DE-2021-000001", "DE-2022-000001"]


async def test_another_payment_method_can_pay_an_open_invoice() -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold(token="tok_first")
    await desk.provider_answers()
    invoice_id = await desk.price(trip_id, payment_id)
    await desk.provider_answers(accepted=False)

    await desk.do(RetryCharge(invoice_id=invoice_id, method_id="tok_second"))

    assert [e.method_id for e in desk.events(Payment.HoldRequested)] == ["tok_first", "tok_second"]


async def test_a_declined_hold_is_recorded_with_its_code() -> None:
    desk = Desk()
    _, payment_id = await desk.hold()

    assert await desk.provider_answers(accepted=False) == ["hold 30.00 EUR"]

    assert (await desk.store.load(Payment, payment_id)).state == "hold_declined"
    assert desk.events(Payment.HoldDeclined)[0].decline_code == "card_declined"


async def test_an_american_invoice_adds_its_taxes_to_the_price() -> None:
    desk = Desk("reachnow-usa", "seattle", "BMW 3 Series")
    trip_id, payment_id = TripId(uuid4()), PaymentId(uuid4())

    command = desk.bill_trip(trip_id, payment_id, minutes=100, token="tok_visa")
    await desk.do(command)

    [issued] = desk.events(Invoice.Issued)
    assert (issued.number, str(issued.net), str(issued.tax), str(issued.gross)) == (
        "US-2021-000001",
        "50.00 USD",
        "8.90 USD",
        "58.90 USD",
    )
    assert [(t.name, str(t.amount)) for t in issued.taxes] == [
        ("Sales tax", "5.05 USD"),
        ("WA rental car tax", "2.95 USD"),
        ("County rental car tax", "0.50 USD"),
        ("RTA rental car tax", "0.40 USD"),
    ]


async def test_every_line_of_an_invoice_says_which_rule_of_which_version_made_it() -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold()
    await desk.price(trip_id, payment_id, minutes=10)

    [issued] = desk.events(Invoice.Issued)
    [line] = issued.lines
    assert (line.rule_id, line.tariff_id, line.tariff_version) == ("driving", "drivenow-berlin-31", 1)
    assert (line.quantity, line.unit, str(line.unit_amount), line.facts) == (
        Decimal(10),
        "min",
        "0.31",
        {"driving_s": "600"},
    )


async def test_the_tax_is_that_of_the_local_day_on_which_the_trip_ended() -> None:
    desk = Desk()
    desk.at = datetime(2020, 6, 30, 22, 5, tzinfo=UTC)  # 00:05 on 1 July in Berlin
    trip_id, payment_id = await desk.hold()
    await desk.price(trip_id, payment_id, minutes=10)

    [issued] = desk.events(Invoice.Issued)
    assert (str(issued.supplied_on), str(issued.issued_on)) == ("2020-07-01", "2020-07-01")
    assert [str(t.rate) for t in issued.taxes] == ["0.16"]


async def test_a_release_that_the_provider_refuses_can_be_asked_for_again() -> None:
    desk = Desk()
    _, payment_id = await desk.hold()
    await desk.provider_answers()
    await desk.do(ReleaseHold(payment_id=payment_id))
    await desk.provider_answers(accepted=False)

    await desk.do(ReleaseHold(payment_id=payment_id))

    assert await desk.provider_answers() == ["release 30.00 EUR"]


async def test_credit_notes_for_all_parts_of_an_invoice_are_together_exactly_the_invoice() -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold()
    await desk.provider_answers()
    invoice_id = await desk.price(trip_id, payment_id, minutes=11)
    await desk.provider_answers()

    for amount in (euros("1.11"), euros("1.13"), None):
        await desk.do(CreditInvoice(credit_note_id=uuid4(), invoice_id=invoice_id, amount=amount, reason="in parts"))
        await desk.provider_answers()

    invoice, notes = await desk.invoice(invoice_id), desk.events(CreditNote.Issued)
    assert invoice.state == "credited"
    assert Money.total((n.tax for n in notes), Currency.EUR) == invoice.tax
    assert Money.total((n.net for n in notes), Currency.EUR) == invoice.net
    assert Money.total((e.amount for e in desk.events(Payment.Refunded)), Currency.EUR) == invoice.gross
