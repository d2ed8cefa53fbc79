"""Why a charge costs what it costs, in words: which rule, of which version, from which facts."""

from collections.abc import Iterator
from decimal import Decimal

from domain.billing.charge import Charge
from domain.billing.estimate import Estimate
from domain.billing.fee import FeeFacts
from domain.billing.pricing import PriceLine
from domain.billing.product_facts import ProductFacts
from domain.billing.taxes import TaxAmount

_CHANGES = {
    "cap": "{before} would be more than the cap allows",
    "minimum": "{before} is less than the least that is charged, {minimum}",
    "credit": "a credit of {credit} goes off {before}",
    "rounding": "{before} is rounded",
    "prepaid min": "{minutes} minutes that you had go off {before}",
}
"""What changes a price that is already there, by the unit of its line."""


def explained(charge: Charge, price: Estimate) -> tuple[str, ...]:
    """The whole of it, a sentence at a time."""
    return (
        _origin(charge),
        *[in_words(line) for line in price.lines],
        *[_tax(tax) for tax in price.taxes],
        f"That makes {price.gross}, of which {price.tax} is tax.",
        *_course(charge),
    )


def in_words(line: PriceLine) -> str:
    """One line: what it is, how it is reckoned, by which rule."""
    rule = f"Rule {line.rule_id} of {line.tariff_id}, version {line.tariff_version}."
    return f"{line.description}: {_reckoned(line)}. {rule}"


def _reckoned(line: PriceLine) -> str:
    facts = line.facts
    if line.unit in _CHANGES:
        return f"{_CHANGES[line.unit].format_map(facts)}, which makes {line.amount}"
    if line.unit == "%":
        bounds = "".join(
            f", {name.replace('_', ' ')} {facts[name]}"
            for name in ("not_below", "at_least", "at_most")
            if name in facts
        )
        return f"{_plain(line.quantity)} % of {facts['before']}{bounds}, which makes {line.amount}"
    if line.unit_amount is None or line.quantity == 1:
        return str(line.amount)
    included = next((f" beyond the {value} included" for name, value in facts.items() if _is_included(name, value)), "")
    many = f"{_plain(line.quantity)} {line.unit}{included}"
    return f"{many} at {_plain(line.unit_amount)} {line.amount.currency}, which makes {line.amount}"


def _is_included(name: str, value: str) -> bool:
    return name.startswith("included_") and value != "0"


def _origin(charge: Charge) -> str:
    if isinstance(charge.facts, FeeFacts):
        fee = charge.facts
        when = f"{fee.happened_at:%Y-%m-%d %H:%M} UTC"
        came_of = f" and came of trip {fee.trip_id}" if fee.trip_id else ""
        return f"{fee.name}, for what happened at {when}{came_of}."
    if isinstance(charge.facts, ProductFacts):
        product = charge.facts
        until = "" if product.ends_at is None else f" until {product.ends_at:%Y-%m-%d %H:%M} UTC"
        return f"{product.name}, bought for the time from {product.starts_at:%Y-%m-%d %H:%M} UTC on{until}."
    quote = charge.quoted
    return (
        f"Priced by tariff {quote.tariff_id}, version {quote.tariff_version}, as it was shown at "
        f"{quote.quoted_at:%Y-%m-%d %H:%M} UTC for {quote.model} in {quote.city_id}: what is published later changes "
        "nothing."
    )


def _tax(tax: TaxAmount) -> str:
    how = "is contained in it" if tax.inclusive else "comes on top"
    return f"{tax.name} of {_plain(tax.rate * 100)} % on {tax.base} {how}: {tax.amount}."


def _course(charge: Charge) -> Iterator[str]:
    """What became of it."""
    for reason in charge.reasons:
        yield f"It was held back: {reason.detail}."
    if charge.decision is not None:
        kinds = {"approve": "found right as it is", "correct": "corrected", "waive": "waived"}
        yield f"One of us has looked at it, and it was {kinds[charge.decision.kind]}."
    if charge.state == "announced" and charge.collected_from is not None:
        yield f"It is collected from {charge.collected_from:%Y-%m-%d %H:%M} UTC on, unless you object before."
    if charge.state == "in_review":
        yield "Nothing is collected before it is decided."


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
