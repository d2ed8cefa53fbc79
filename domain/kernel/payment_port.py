"""The port of payment providers, and what they say."""

from datetime import date, datetime
from typing import Literal, NamedTuple, Protocol
from uuid import UUID

from domain.kernel.money import Money
from domain.kernel.policy import AskPaymentProvider, LookUpPayment


class PaymentGateway(Protocol):
    """A payment provider."""

    async def perform(
        self, request: AskPaymentProvider, /, *, token: str | None, idempotency_key: str
    ) -> "PaymentAnswer":
        """Do it once per key. A decline is an answer; raises `GatewayUnavailableError` when none came.

        `token` is the provider's own for the payment method; none once the payer is erased, when the provider is to go
        by the payment alone.
        """
        ...

    async def describe(self, token: str, /) -> "MethodDetails | None":
        """What is behind a token; none if the provider does not know it. Raises `GatewayUnavailableError`."""
        ...

    async def look_up(self, request: LookUpPayment, /) -> "PaymentNews | None":
        """How it stands now; none where that says nothing yet, or not to us. Raises `GatewayUnavailableError`."""
        ...


class MethodDetails(NamedTuple):
    """What the provider says of a payment method; none where it does not say."""

    brand: str | None
    prepaid: bool | None
    expires_on: date | None
    fingerprint: str | None
    """Of the card or account itself, the same however often it was given a token."""


class PaymentAnswer(NamedTuple):
    """The provider's word: accepted, or declined with a code, or pending until it says so by itself."""

    accepted: bool
    reference: str
    decline_code: str | None = None
    pending: bool = False
    """Neither yet."""
    confirm_link: str | None = None
    """Where the payer confirms it, such as by 3-D Secure: empty where only an app can; none where nobody has to."""


class PaymentNews(NamedTuple):
    """How a payment, a refund or a dispute stands at the provider."""

    state: Literal["held", "declined", "unconfirmed", "lost", "captured", "refunded", "refund_failed", "disputed"]
    """Unconfirmed waits for the payer; lost is a hold that ended without a word of ours."""
    reference: str
    amount: Money
    decline_code: str | None = None
    confirm_link: str | None = None
    credit_note_id: UUID | None = None
    """Of a refund."""
    dispute: "DisputeNews | None" = None


DisputeStage = Literal["inquiry", "open", "won", "lost"]


class DisputeNews(NamedTuple):
    """What the payer's bank says against a payment, and what the provider has taken from us for it."""

    stage: DisputeStage
    """An inquiry only asks; no money has moved."""
    reason: str
    taken: Money
    """What is gone from our account at the provider now."""
    fee: Money
    """What the provider takes for its trouble, so far."""
    evidence_due_at: datetime | None


class ForeignNoticeError(ValueError):
    """Something claims to be sent by a provider, and was not."""


class ProviderNoticeReceiver(Protocol):
    """Takes in what a payment provider sends by itself."""

    async def receive(self, body: bytes, signature: str, /) -> None:
        """Keep it for good before this returns; what follows from it, follows later. Raises `ForeignNoticeError`."""
        ...
