"""The price engine agrees with a naive second one on every line and every share of it, for any tariff and trip."""

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from hypothesis import HealthCheck, given, settings

from domain.billing.pricing import TripFacts, price
from domain.rulebook.tariff import Tariff
from tests.domain.billing.any_tariff import priced_trips
from tests.domain.billing.naive import naive_price

Told = list[tuple[str, int, dict[str, int], Decimal]]


def by_the_engine(tariff: Tariff, trip: TripFacts) -> Told:
    return [
        (
            line.rule_id,
            line.amount.amount_minor,
            {of: share.amount_minor for of, share in line.shares.items() if share},
            line.quantity,
        )
        for line in price(tariff, trip).lines
    ]


def by_hand(tariff: Tariff, trip: TripFacts) -> Told:
    percent = {e.id: e.percent for e in tariff.elements if e.kind in {"percentage", "percentage_fee"}}
    return [
        (
            line.rule_id,
            line.minor,
            {of: share for of, share in line.shares.items() if share},
            percent.get(line.rule_id, six_places(line.quantity)),
        )
        for line in naive_price(tariff, trip)
    ]


def six_places(number: Fraction) -> Decimal:
    return Decimal(round(number * 1_000_000)).scaleb(-6).quantize(Decimal("1.000000"), rounding=ROUND_HALF_EVEN)


@given(priced=priced_trips())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
def test_both_engines_come_to_the_same_lines(priced: tuple[Tariff, TripFacts]) -> None:
    tariff, trip = priced

    assert by_the_engine(tariff, trip) == by_hand(tariff, trip)
