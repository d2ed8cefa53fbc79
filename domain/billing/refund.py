"""What a payment gives back for a credit note."""

from typing import Literal

from domain.kernel.errors import Violation, refuse_if
from domain.kernel.money import Money
from domain.kernel.values import Count, Value


class Refund(Value):
    """pending -> refunded | failed; failed -> pending | given_up; failed | given_up -> pending | paid_by_other_means.

    It is owed until the provider has paid it out, or an agent has in another way.
    """

    number: str
    """Of the credit note."""
    amount: Money
    state: Literal["pending", "refunded", "failed", "given_up", "paid_by_other_means"] = "pending"
    """Given up is what has failed and is not asked for again by itself."""
    failures: Count = 0
    """How often the provider has refused so far."""
    was_given_up: bool = False
    """Whether it ever was, also where an agent has asked again since."""
    reference: str | None = None
    """Of the payment by other means."""

    @property
    def is_back(self) -> bool:
        return self.state in {"refunded", "paid_by_other_means"}

    @property
    def is_refused(self) -> bool:
        """Whether the provider has said no, and is not being asked again now."""
        return self.state in {"failed", "given_up"}


def check_payment_by_other_means(reference: str, reason: str) -> None:
    """Raise `RefusedError` where it does not say which payment it was, or why it was made."""
    found = []
    if not reference.strip():
        detail = "say by which reference the payment is found, such as that of the bank transfer"
        found.append(Violation(code="refund.without_reference", detail=detail))
    if not reason.strip():
        found.append(Violation(code="refund.without_reason", detail="say why it was paid by other means"))
    refuse_if(found)


def not_refused(number: str, refunds: list[Refund], reference: str) -> Violation | None:
    """Says no to a payment by other means where the provider has refused nothing; the same one again is none."""
    references = {refund.reference for refund in refunds if refund.state == "paid_by_other_means"}
    if reference in references:
        return None
    values = {"credit_note": number, "states": sorted({refund.state for refund in refunds})}
    if references:
        detail = f"it is already on record as paid by other means, under {', '.join(map(str, references))}"
        return Violation(code="refund.paid_by_other_means", detail=detail, values=values)
    detail = "nothing of this credit note is refused by the payment provider now: what is pending may still be paid out"
    return Violation(code="refund.not_failed", detail=detail, values=values)
