"""What the payment provider says by itself, or when it is looked up: which command records it.

It may come before the answer to what was asked, after it, twice, or about something older than what is known: each
command changes only what it is news for.
"""

from domain.billing.confirmation import RecordLostHold, RequireConfirmation
from domain.billing.provider_answers import (
    RecordCapture,
    RecordDecline,
    RecordHold,
    RecordRefund,
    RecordRefundFailure,
)
from domain.kernel.errors import RefusedError, Violation
from domain.kernel.messages import Command
from domain.kernel.payment_port import DisputeNews, PaymentAnswer, PaymentNews
from domain.kernel.policy import AskPaymentProvider, LookUpPayment

_RECORDS: dict[str, type[Command]] = {
    "held": RecordHold,
    "declined": RecordDecline,
    "captured": RecordCapture,
    "refunded": RecordRefund,
    "refund_failed": RecordRefundFailure,
}


def confirmation_of(asked: AskPaymentProvider, answer: PaymentAnswer) -> Command | None:
    """What follows from an answer that is neither yes nor no; nothing until the provider says more."""
    if asked.operation != "hold" or answer.confirm_link is None:
        return None
    return RequireConfirmation(payment_id=asked.payment_id, confirm_link=answer.confirm_link)


def payment_news(asked: LookUpPayment, news: PaymentNews) -> Command | None:
    """How it stands at the provider. Raises `RefusedError` for a dispute, which an operator has to see to."""
    code = news.decline_code or "unknown"
    if news.state == "unconfirmed":
        return RequireConfirmation(payment_id=asked.payment_id, confirm_link=news.confirm_link or "")
    if news.state == "lost":
        return RecordLostHold(payment_id=asked.payment_id, why=code)
    if news.dispute is not None:
        raise RefusedError(_disputed(news, news.dispute))
    kind = _RECORDS.get(news.state)
    said = {**news._asdict(), "payment_id": asked.payment_id, "decline_code": code}
    return None if kind is None else kind.model_validate({name: said[name] for name in kind.model_fields})


def _disputed(news: PaymentNews, told: DisputeNews) -> Violation:
    due = "" if told.evidence_due_at is None else f", evidence until {told.evidence_due_at:%Y-%m-%d %H:%M} UTC"
    detail = f"{news.reference} over {news.amount} is {told.stage} ({told.reason}{due}): see to it at the provider"
    values = {"dispute": news.reference, "stage": told.stage, "taken": str(told.taken), "fee": str(told.fee)}
    return Violation(code="payment.disputed", detail=detail, values=values)
