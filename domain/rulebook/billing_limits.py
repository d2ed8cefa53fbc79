"""When a service bills, what takes two persons, and what becomes of money that does not move."""

from datetime import timedelta
from typing import Literal
from uuid import UUID

from domain.kernel.money import Currency, Money
from domain.rulebook.base import Rules
from domain.rulebook.debit import DebitRules

When = Literal["at_once", "monthly"]
"""When charges are billed."""


class BillingLimits(Rules):
    """What takes two persons, and what becomes of money that does not move."""

    four_eyes_above: tuple[Money, ...] = ()
    """Decisions about more than this need two persons: on a charge in review, and on what is credited of an invoice.

    An amount for each currency of the cities.
    """
    retry_charge_after: tuple[timedelta, ...] = (timedelta(days=1), timedelta(days=3), timedelta(days=7))
    """How long after each try to charge an invoice that failed the next one comes."""
    retry_refund_after: tuple[timedelta, ...] = (timedelta(hours=1), timedelta(days=1), timedelta(days=3))
    """How long after each refund that failed the next try comes."""
    confirmation_timeout: timedelta = timedelta(minutes=10)
    """How long the provider waits for a payer who has to confirm a payment, such as by 3-D Secure."""
    block_after: int | None = None
    """After so many failed tries to charge an invoice its payer takes no car until it is settled; never when none."""
    debit: DebitRules = DebitRules()
    """How SEPA direct debits are collected."""
    invoices: When = "at_once"
    """Whether each charge has an invoice of its own at once, or all of a payer stand on one at the end of the month."""
    monthly_payers: tuple[str, ...] = ()
    """Ids of payers who are billed by the month where others are not, such as companies."""
    buyers_kept_years: int = 8
    """How long an invoice's or credit note's buyer is kept, from the end of its calendar year, also once erased.

    Germany: 8 years (§ 147 (1) no. 4, (3) and (4) AO and § 14b UStG, as of 2025 by the fourth bureaucracy relief act).
    """

    def four_eyes(self, currency: Currency) -> Money | None:
        """More than this needs two persons; none where one is enough for any amount."""
        return Money.of_currency(self.four_eyes_above, currency)

    def is_monthly(self, payer_id: UUID) -> bool:
        """Whether what somebody pays for waits for the end of the month."""
        return self.invoices == "monthly" or str(payer_id) in self.monthly_payers
