"""How money is collected from bank accounts."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from domain.rulebook.base import Rules


class DebitRules(Rules):
    """SEPA direct debits. They need a `creditor_id` and an `iban` of the legal entity that sells."""

    told_before: timedelta = timedelta(days=5)
    """How long before its collection a debit is announced (the scheme asks for 14 days unless less is agreed)."""
    unused_months: Annotated[int, Field(ge=1, le=36)] = 36
    """A mandate ends that was not used for so long (SEPA Core rulebook: 36 months)."""
    retry_after: tuple[timedelta, ...] = (timedelta(days=7),)
    """How long after each debit that failed for want of money the next try comes; other reasons have none."""
    return_fee: str | None = None
    """Fee of the catalogue that a returned or rejected debit costs its payer; none when none."""
