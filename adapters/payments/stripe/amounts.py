"""Amounts as Stripe writes them: mostly in the minor units of ISO 4217, with exceptions.

Source: docs.stripe.com/currencies ("Zero-decimal currencies", "Three-decimal currencies", "Special cases").
"""

from domain.kernel.money import Currency, Money

AS_IF_TWO_DECIMALS = frozenset({Currency.ISK, Currency.UGX})
"""Without decimals today, but written with two, which are zero."""
WHOLE_UNITS_AT_PAYOUT = frozenset({Currency.HUF, Currency.TWD})
"""Charged with two decimals, paid out to a bank in whole units only."""

_CURRENCIES = {currency.value: currency for currency in Currency}


class NotUnderstoodError(ValueError):
    """Stripe said something that nobody can act on without guessing."""


def to_stripe(money: Money) -> tuple[int, str]:
    """Amount and currency as Stripe takes them. Raises `NotUnderstoodError` for what Stripe cannot take exactly."""
    if money.currency in AS_IF_TWO_DECIMALS:
        return money.amount_minor * 100, money.currency.value.lower()
    if money.currency.exponent == 3 and money.amount_minor % 10:  # noqa: PLR2004 (three decimals)
        raise NotUnderstoodError(f"{money} ends in a digit that Stripe does not take: its last one must be 0")
    return money.amount_minor, money.currency.value.lower()


def of_stripe(amount: object, currency: object) -> Money:
    """Raises `NotUnderstoodError` for a currency that we do not know, and for an amount that is none in it."""
    known = _CURRENCIES.get(str(currency).upper())
    if known is None:
        raise NotUnderstoodError(f"{currency!r} is no currency that a rulebook may use")
    if not isinstance(amount, int) or isinstance(amount, bool):
        raise NotUnderstoodError(f"{amount!r} is no amount in {known}")
    if known in AS_IF_TWO_DECIMALS:
        if amount % 100:
            raise NotUnderstoodError(f"{amount} is no whole amount in {known}")
        amount //= 100
    return Money.of(amount, known)
