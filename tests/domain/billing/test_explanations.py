"""Why a charge costs what it costs, in words that say every amount, rule and version."""

from hypothesis import given
from hypothesis import strategies as st

from domain.billing.charge import Charge
from domain.billing.estimate import estimate
from domain.billing.explanation import explained, in_words
from domain.billing.invoice import Invoice
from domain.billing.pricing import TripFacts, price
from domain.rental.trip import Trip
from domain.rulebook.tariff import Tariff
from tests.domain.billing.any_tariff import tariffs, trips
from tests.domain.billing.desk import Desk


@given(st.data())
async def test_every_line_of_any_price_is_told_with_its_amount_rule_and_version(data: st.DataObject) -> None:
    tariff: Tariff = data.draw(tariffs())
    facts: TripFacts = data.draw(trips(tariff))

    for line in price(tariff, facts).lines:
        words = in_words(line)

        assert words.startswith(f"{line.description}: ")
        assert str(line.amount) in words
        assert words.endswith(f". Rule {line.rule_id} of {tariff.id}, version {tariff.version}.")
        assert "{" not in words


async def test_what_is_explained_is_what_was_invoiced() -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold()
    await desk.provider_answers()
    await desk.price(trip_id, payment_id, minutes=24)
    charge = await desk.store.load(Charge, Charge.id_of(Trip.TOPIC, trip_id))
    [issued] = desk.events(Invoice.Issued)

    assert isinstance(charge.facts, TripFacts)
    city = desk.rulebooks.in_force(desk.service, desk.at).rulebook.city(desk.city)  # type: ignore[union-attr]  # it is
    found = estimate(desk.rulebooks.tariff(desk.service, charge.quoted.tariff_digest), city, charge.facts)

    shown, frozen = "shown at 2021-06-01 11:36 UTC", "what is published later changes nothing"
    assert (found.lines, found.gross, found.taxes) == (issued.lines, issued.gross, issued.taxes)
    assert explained(charge, found) == (
        f"Priced by tariff drivenow-berlin-31, version 1, as it was {shown} for MINI 3-Door in berlin: {frozen}.",
        "Driving: 24 min at 0.31 EUR, which makes 7.44 EUR. Rule driving of drivenow-berlin-31, version 1.",
        "VAT of 19 % on 6.25 EUR is contained in it: 1.19 EUR.",
        "That makes 7.44 EUR, of which 1.19 EUR is tax.",
    )


async def test_a_review_and_its_decision_are_told() -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold()
    await desk.provider_answers()
    await desk.price(trip_id, payment_id, minutes=3 * 24 * 60)
    charge_id = Charge.id_of(Trip.TOPIC, trip_id)
    waiting = await desk.store.load(Charge, charge_id)
    assert waiting.price is not None
    before = explained(waiting, waiting.price)
    await desk.decide(charge_id, "waive", "ada")
    await desk.decide(charge_id, "waive", "bob")
    after = explained(await desk.store.load(Charge, charge_id), waiting.price)

    held = "It was held back: check that the trip really lasted this long."
    assert held in before
    assert held in after
    assert before[-1] == "Nothing is collected before it is decided."
    assert after[-1] == "One of us has looked at it, and it was waived."
