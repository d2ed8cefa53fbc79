"""All charges of a month on one invoice: each once, none lost, and what is taken back of one of them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from domain.billing.commands import BillMonth, CreditInvoice
from domain.billing.credit_note import CreditNote
from domain.billing.invoice import Invoice
from domain.billing.payment import Payment
from domain.invariants import Invariants
from domain.kernel.errors import RefusedError
from domain.kernel.ids import ChargeId, InvoiceId, MemberId, PayerId
from tests.domain.billing.desk import Desk, euros
from tests.support.services import RULEBOOKS

JULY = datetime(2021, 7, 1, 12, tzinfo=UTC)


def monthly(service: str = "drivenow-europe", city: str = "berlin", model: str = "MINI 3-Door") -> Desk:
    """A service that bills by the month."""
    desk = Desk(service, city, model)
    rules = RULEBOOKS[service]
    billing = rules.billing.model_copy(update={"invoices": "monthly"})
    desk.rulebooks.hold(rules.model_copy(update={"billing": billing}))
    return desk


async def driven(desk: Desk, *, minutes: int = 10) -> ChargeId:
    """A trip with a hold that ends now."""
    trip_id, payment_id = await desk.hold()
    await desk.provider_answers()
    await desk.price(trip_id, payment_id, minutes=minutes)
    return ChargeId((await desk.charge(trip_id)).id)


async def bill(desk: Desk, *charges: ChargeId, month: str = "2021-06") -> None:
    seller = desk.seller_id or RULEBOOKS[desk.service].city(desk.city).legal_entity.id
    await desk.do(BillMonth(month=month, payer_id=desk.payer_id, seller_id=seller, charge_ids=charges))


async def all_of_june(desk: Desk) -> Invoice:
    """Trips of 10, 7 and 5 minutes, billed in July."""
    charges = [await driven(desk, minutes=minutes) for minutes in (10, 7, 5)]
    desk.at = JULY
    await bill(desk, *charges)
    [issued] = desk.events(Invoice.Issued)
    return await desk.invoice(issued.originator_id)


async def test_a_charge_waits_for_its_month_and_gives_its_hold_back() -> None:
    desk = monthly()

    await driven(desk)

    assert desk.events(Invoice.Issued) == []
    [charge] = [await desk.charge(event.subject_id) for event in desk.events(Payment.HoldRequested)]
    assert (charge.state, charge.told.gross, str(charge.supplied_on)) == ("waiting", euros("3.10"), "2021-06-01")
    assert len(desk.events(Payment.ReleaseRequested)) == 1


async def test_all_charges_of_a_month_stand_on_one_invoice_each_at_the_price_that_was_told() -> None:
    desk = monthly()

    invoice = await all_of_june(desk)

    assert [one.gross for one in invoice.charges] == [euros("3.10"), euros("2.17"), euros("1.55")]
    assert (invoice.gross, invoice.net + invoice.tax) == (euros("6.82"), euros("6.82"))
    assert (invoice.subject_kind, invoice.subject_id, invoice.member_id) == (
        Invoice.TOPIC, invoice.id, desk.member_id
    )  # fmt: skip
    [vat] = invoice.taxes
    assert vat.amount == invoice.tax
    assert vat.base == invoice.net
    assert (str(invoice.supplied_from), str(invoice.issued_on)) == ("2021-06-01", "2021-07-01")
    assert [(await desk.charge(one.subject_id)).state for one in invoice.charges] == ["billed"] * 3


async def test_a_charge_is_billed_once_however_often_its_month_is() -> None:
    desk = monthly()
    first, second = await driven(desk), await driven(desk)
    desk.at = JULY

    await bill(desk, first)
    await bill(desk, first, second)
    await bill(desk, second, first)

    assert [[one.charge_id for one in issued.charges] for issued in desk.events(Invoice.Issued)] == [[first], [second]]
    assert [issued.number for issued in desk.events(Invoice.Issued)] == ["DE-2021-000001", "DE-2021-000002"]


async def test_a_month_that_is_not_over_is_not_billed() -> None:
    desk = monthly()
    charge = await driven(desk)
    desk.at = datetime(2021, 6, 30, 21, 59, tzinfo=UTC)  # a minute before midnight in Berlin

    with pytest.raises(RefusedError) as refused:
        await bill(desk, charge)

    assert [one.code for one in refused.value.violations] == ["invoice.month_not_over"]
    desk.at += timedelta(minutes=1)
    await bill(desk, charge)
    assert len(desk.events(Invoice.Issued)) == 1


async def test_what_is_of_a_later_month_or_of_somebody_else_waits_on() -> None:
    desk = monthly()
    june = await driven(desk)
    desk.payer_id, mine = PayerId(uuid4()), desk.payer_id
    others = await driven(desk)
    desk.payer_id, desk.at = mine, JULY
    july = await driven(desk)
    desk.at = datetime(2021, 8, 2, tzinfo=UTC)

    await bill(desk, june, others, july, month="2021-06")

    [issued] = desk.events(Invoice.Issued)
    assert [one.charge_id for one in issued.charges] == [june]


async def test_members_of_one_payer_stand_on_one_invoice_that_names_none_of_them() -> None:
    desk = monthly()
    desk.payer_id = PayerId(uuid4())
    first = await driven(desk)
    desk.member_id = MemberId(uuid4())
    second = await driven(desk)
    desk.at = JULY

    await bill(desk, first, second)

    [issued] = desk.events(Invoice.Issued)
    assert issued.member_id is None
    assert len({one.member_id for one in issued.charges}) == 2


async def test_who_is_billed_by_the_month_may_be_one_payer_alone() -> None:
    desk = Desk()
    rules = RULEBOOKS[desk.service]
    billing = rules.billing.model_copy(update={"monthly_payers": (str(desk.payer_id),)})
    desk.rulebooks.hold(rules.model_copy(update={"billing": billing}))

    await driven(desk)
    desk.payer_id = PayerId(uuid4())
    await driven(desk)

    assert len(desk.events(Invoice.Issued)) == 1


async def test_without_a_payment_method_the_invoice_is_open_until_its_payer_transfers_the_money() -> None:
    desk = monthly()

    invoice = await all_of_june(desk)

    assert (invoice.state, invoice.payment_ids, invoice.due) == ("open", (), euros("6.82"))


async def test_a_part_of_one_charge_is_taken_back_with_its_own_tax() -> None:
    desk = monthly()
    invoice = await all_of_june(desk)
    first = invoice.charges[0]

    await credit(desk, invoice, first.charge_id, "1.19")
    await credit(desk, invoice, first.charge_id, None)

    some, rest = desk.events(CreditNote.Issued)
    assert [(str(one.net), str(one.tax), str(one.gross)) for one in (some, rest)] == [
        ("1.00 EUR", "0.19 EUR", "1.19 EUR"), ("1.61 EUR", "0.30 EUR", "1.91 EUR")
    ]  # fmt: skip
    assert (some.net + rest.net, some.tax + rest.tax) == (first.net, first.tax)
    after = await desk.invoice(invoice.id)
    assert (after.credited_in(first.charge_id), after.due) == (first.gross, euros("3.72"))


async def test_all_that_is_left_is_taken_back_of_every_charge() -> None:
    desk = monthly()
    invoice = await all_of_june(desk)
    await credit(desk, invoice, invoice.charges[1].charge_id, "1")

    await credit(desk, invoice, None, None)

    [_, note] = desk.events(CreditNote.Issued)
    assert [part.gross for part in note.charges] == [euros("3.10"), euros("1.17"), euros("1.55")]
    after = await desk.invoice(invoice.id)
    assert (after.state, after.due, {*after.credited_of.values()}) == (
        "credited", euros("0"), {one.gross for one in invoice.charges}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("which", "amount", "code"),
    [
        (None, "1", "credit_note.which_charge"),
        (0, "3.11", "credit_note.amount_out_of_range"),
        ("another", None, "credit_note.unknown_charge"),
    ],
)
async def test_it_is_said_which_charge_less_than_all_is_taken_back_of(which: object, amount: str, code: str) -> None:
    desk = monthly()
    invoice = await all_of_june(desk)
    charge = {None: None, 0: invoice.charges[0].charge_id, "another": uuid4()}[which]  # type: ignore[index]  # of those above

    with pytest.raises(RefusedError) as refused:
        await credit(desk, invoice, charge, amount)

    assert [one.code for one in refused.value.violations] == [code]


async def test_taxes_on_top_are_those_of_each_trip_as_they_were_told() -> None:
    desk = monthly("reachnow-usa", "seattle", "BMW 3 Series")
    charges = [await driven(desk, minutes=minutes) for minutes in (3, 11, 100)]
    told = [(await desk.charge(event.subject_id)).told for event in desk.events(Payment.HoldRequested)]
    desk.at = JULY

    await bill(desk, *charges)

    [issued] = desk.events(Invoice.Issued)
    assert issued.gross.amount_minor == sum(one.gross.amount_minor for one in told)
    assert [tax.name for tax in issued.taxes] == [tax.name for tax in told[0].taxes]
    laws = Invariants()
    for recorded in desk.store.log:
        laws.observe(recorded)
    assert laws.report(finished=False)["cent_is_explained"].broken == []


async def credit(desk: Desk, invoice: Invoice, charge_id: UUID | None, amount: str | None) -> None:
    command = CreditInvoice(
        credit_note_id=uuid4(),
        invoice_id=InvoiceId(invoice.id),
        charge_id=None if charge_id is None else ChargeId(charge_id),
        amount=None if amount is None else euros(amount),
        reason="the heating was broken",
    )
    await desk.do(command)
