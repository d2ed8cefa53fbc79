"""What Stripe's objects say, whichever version of its API wrote them: tolerant of shapes, strict about meaning.

A field that is not there says nothing; a status that is not known says nothing either, and is asked for again when
Stripe sends the next word of it.
"""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from adapters.payments.stripe.amounts import of_stripe
from domain.kernel.money import Money
from domain.kernel.payment_port import DisputeNews, DisputeStage, MethodDetails, PaymentNews

Object = Mapping[str, Any]

_OLD_STATUS = {"requires_source": "requires_payment_method", "requires_source_action": "requires_action"}
"""Before API version 2019-02-11."""
_STAGES: dict[str, DisputeStage] = {
    "warning_needs_response": "inquiry",
    "warning_under_review": "inquiry",
    "warning_closed": "won",
    "needs_response": "open",
    "under_review": "open",
    "won": "won",
    "prevented": "won",
    "lost": "lost",
    "charge_refunded": "won",
}
"""An inquiry that is closed took nothing, and one that a refund ended takes nothing beside it."""


def status_of(intent: Object) -> str:
    """Of a PaymentIntent, by its newest name."""
    status = str(intent.get("status"))
    return _OLD_STATUS.get(status, status)


def id_of(reference: object) -> str | None:
    """Of something that is named by its id, or expanded to the whole object."""
    found = reference.get("id") if isinstance(reference, Mapping) else reference
    return found if isinstance(found, str) and found else None


def uuid_in(metadata: object, key: str) -> UUID | None:
    """What we have written there; none where it is somebody else's."""
    try:
        return UUID(metadata[key]) if isinstance(metadata, Mapping) else None
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def decline_code(error: object, otherwise: str = "declined") -> str:
    """Why, in the provider's words: the bank's reason if it gave one, else Stripe's."""
    said = error if isinstance(error, Mapping) else {}
    banks = said.get("decline_code")
    return str((banks if banks != "generic_decline" else None) or said.get("code") or banks or otherwise)


def news_of_intent(intent: Object) -> PaymentNews | None:
    """How a payment stands; none while that is still being found out. Raises `NotUnderstoodError`."""
    reference, currency = id_of(intent) or "", intent.get("currency")
    asked = of_stripe(intent.get("amount"), currency)
    match status_of(intent):
        case "requires_capture":
            return PaymentNews("held", reference, _or(intent.get("amount_capturable"), asked))
        case "requires_action":
            return PaymentNews("unconfirmed", reference, asked, confirm_link=confirm_link(intent))
        case "requires_payment_method" if _is_decline(intent.get("last_payment_error")):
            return PaymentNews("declined", reference, asked, decline_code(intent["last_payment_error"]))
        case "canceled":
            why = str(intent.get("cancellation_reason") or "canceled")
            return PaymentNews("lost", reference, asked, why)
        case "succeeded" if intent.get("amount_received") is not None:
            return PaymentNews("captured", reference, of_stripe(intent["amount_received"], currency))
    return None


def _is_decline(error: object) -> bool:
    """Whether a bank, or Stripe for it, has said no; errors in how Stripe was asked are not about the money."""
    return isinstance(error, Mapping) and bool(error.get("code") or error.get("type") == "card_error")


def confirm_link(intent: Object) -> str:
    """The page at which the payer confirms; empty where only an app with Stripe's own library can."""
    action = intent.get("next_action") or intent.get("next_source_action") or {}
    for how in ("redirect_to_url", "authorize_with_url"):
        if isinstance(found := action.get(how), Mapping) and found.get("url"):
            return str(found["url"])
    return ""


def news_of_refund(refund: Object) -> PaymentNews | None:
    """How a refund stands; none while it is under way, and for one that we have not asked for."""
    credit_note_id = uuid_in(refund.get("metadata"), "credit_note_id")
    if credit_note_id is None:
        return None
    reference, amount = id_of(refund) or "", of_stripe(refund.get("amount"), refund.get("currency"))
    match refund.get("status"):
        case "succeeded" | None:  # which refunds of old versions do not say
            return PaymentNews("refunded", reference, amount, credit_note_id=credit_note_id)
        case "failed" | "canceled" as status:
            why = str(refund.get("failure_reason") or status)
            return PaymentNews("refund_failed", reference, amount, why, credit_note_id=credit_note_id)
    return None


def news_of_dispute(dispute: Object) -> PaymentNews | None:
    """How a dispute stands; none for a status that nobody knows."""
    stage = _STAGES.get(str(dispute.get("status")))
    if stage is None:
        return None
    amount = of_stripe(dispute.get("amount"), dispute.get("currency"))
    moved = [row for row in dispute.get("balance_transactions") or () if isinstance(row, Mapping)]
    told = DisputeNews(
        stage=stage,
        reason=str(dispute.get("reason") or "general"),
        taken=_taken(stage, moved, amount),
        fee=_fee(moved, amount),
        evidence_due_at=evidence_due_at(dispute),
    )
    return PaymentNews("disputed", id_of(dispute) or "", amount, dispute=told)


def evidence_due_at(dispute: Object) -> datetime | None:
    """Until when evidence counts; none where it is not wanted any more."""
    details = dispute.get("evidence_details")
    due = details.get("due_by") if isinstance(details, Mapping) else dispute.get("evidence_due_by")
    return datetime.fromtimestamp(due, UTC) if isinstance(due, int) and due > 0 else None


def _taken(stage: DisputeStage, moved: list[Object], amount: Money) -> Money:
    """What is gone now: as the moves say where they are told in our currency, else as the stage says."""
    if moved and all(row.get("currency") == amount.currency.value.lower() for row in moved):
        sums = [of_stripe(row.get("amount"), row.get("currency")) for row in moved]
        return max(-Money.total(sums, amount.currency), Money.zero(amount.currency))
    return amount if stage in {"open", "lost"} else Money.zero(amount.currency)


def _fee(moved: list[Object], amount: Money) -> Money:
    fees = [row.get("fee") for row in moved if row.get("currency") == amount.currency.value.lower()]
    return of_stripe(sum(fee for fee in fees if isinstance(fee, int)), amount.currency)


def details_of(method: Object) -> MethodDetails | None:
    """What is behind a payment method; none of a kind on which no money can be held.

    Apple Pay, Google Pay and Link with a card are cards to Stripe, and so to us.
    """
    card = method.get("card") if method.get("type", "card") == "card" else None
    if not isinstance(card, Mapping):
        return None
    funding = card.get("funding")
    return MethodDetails(
        brand=card.get("brand"),
        prepaid=funding == "prepaid" if funding in {"prepaid", "credit", "debit"} else None,
        expires_on=_last_day(card.get("exp_year"), card.get("exp_month")),
        fingerprint=card.get("fingerprint"),
    )


def _last_day(year: object, month: object) -> date | None:
    if isinstance(year, int) and isinstance(month, int) and 1 <= month <= 12:  # noqa: PLR2004 (of a year)
        return date(year, month, monthrange(year, month)[1])
    return None


def _or(amount: object, otherwise: Money) -> Money:
    """An amount that is there, in the currency of another."""
    return otherwise if amount is None else of_stripe(amount, otherwise.currency)


def rows(listed: object) -> Iterator[Object]:
    """Of a list as Stripe writes it."""
    data = listed.get("data") if isinstance(listed, Mapping) else None
    yield from (row for row in data or () if isinstance(row, Mapping))
