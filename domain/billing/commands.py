"""What may be asked of billing; what the payment provider answers is in `provider_answers`."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from domain.billing.correction import Correction
from domain.billing.pricing import TripFacts
from domain.kernel.errors import Violation
from domain.kernel.ids import ChargeId, InvoiceId, MemberId, PayerId, PaymentId
from domain.kernel.messages import Command
from domain.kernel.money import Money
from domain.kernel.personal import Told
from domain.kernel.values import Count
from domain.rulebook.tariff import Quote

MOST_CHARGES = 150
"""On one invoice. Each tax is rounded charge by charge, and EN 16931 lets the sum be one unit of currency from that of
the whole (BR-CO-17)."""


class RequestHold(Command):
    """Hold the estimated cost of what is about to be supplied."""

    NAME = "billing.request_hold"

    payment_id: PaymentId
    payer_id: PayerId
    subject_kind: str
    subject_id: UUID
    amount: Money
    method_id: str
    on_session: bool = False
    """Whether the payer is there to confirm it."""


class ReleaseHold(Command):
    """Give a hold back: nothing was supplied. An unknown or finished payment is left as it is."""

    NAME = "billing.release_hold"

    payment_id: PaymentId


class BillCharge(Command):
    """Price what was supplied, issue its invoice and take the money. The same subject again changes nothing.

    What is hard to believe waits for an agent, without an invoice. With a payment that is not known, `method_id` is
    charged without a hold.
    """

    NAME = "billing.bill_charge"

    subject_kind: str
    """Topic of the aggregate that is charged for, e.g. `rental.trip`."""
    subject_id: UUID
    member_id: MemberId
    """Who had it, and is told of it on the invoice; who pays may be another."""
    payer_id: PayerId
    seller_id: str
    """Legal entity, of the rulebook."""
    payment_id: PaymentId
    quote: Quote
    facts: TripFacts
    method_id: str | None = None
    doubts: tuple[Violation, ...] = ()
    """Why whoever asks does not believe the facts: each is a reason for a review."""
    payer_told: bool = False
    """Whether whoever asks has told the payer so."""
    facts_by: str | None = None
    """Id of the employee who says what the facts are; none where what was supplied says it by itself."""


DecisionKind = Literal["approve", "correct", "waive"]
"""A charge in review is billed as it is, or for other facts, or not at all."""


class DecideCharge(Command):
    """Decide what becomes of a charge in review. Above the limit of the service, two persons must decide the same."""

    NAME = "billing.decide_charge"

    charge_id: ChargeId
    decision: DecisionKind
    correction: Correction | None = None
    reason: Told[str]


class ObjectToCharge(Command):
    """The payer does not agree with an announced charge: nothing is collected before an agent has decided."""

    NAME = "billing.object_to_charge"

    charge_id: ChargeId
    objection: Told[str]


class CollectCharge(Command):
    """The time to object is over: bill an announced charge. One that is announced no more is left as it is."""

    NAME = "billing.collect_charge"

    charge_id: ChargeId


class BillMonth(Command):
    """Issue one invoice for charges of a payer and a seller that wait for the end of their month, and take the money.

    A charge that waits no more is left out. What is of a later month, of another payer or seller, or in another
    currency than the first, is left as it is.
    """

    NAME = "billing.bill_month"

    month: Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
    """The last one, e.g. 2026-11; over where the first of the charges was supplied."""
    payer_id: PayerId
    seller_id: str
    charge_ids: Annotated[tuple[ChargeId, ...], Field(min_length=1, max_length=MOST_CHARGES)]


class RetryCharge(Command):
    """Try once more to take the money of an open invoice, with another of the payer's methods if one is given."""

    NAME = "billing.retry_charge"

    invoice_id: InvoiceId
    method_id: str | None = None


class TryChargeAgain(Command):
    """The time has come to try to take the money of an invoice once more. After another try it changes nothing."""

    NAME = "billing.try_charge_again"

    invoice_id: InvoiceId
    tries: Count
    """How many there were when this was decided."""


class CreditInvoice(Command):
    """Take back an invoice or one of its charges, or `amount` of the gross, and refund what was paid.

    Of an invoice of several charges less than all is taken back charge by charge.

    When more than the limit of the service is taken back of an invoice, two persons must ask for the same.
    """

    NAME = "billing.credit_invoice"
    CREATES = "credit_note_id"

    credit_note_id: UUID
    invoice_id: InvoiceId
    charge_id: ChargeId | None = None
    """One of the invoice's; all of them when none."""
    amount: Money | None = None
    """All that is not yet credited when none."""
    reason: Told[str]


class RetryRefund(Command):
    """Ask once more for what the provider refused to give back for a credit note."""

    NAME = "billing.retry_refund"

    credit_note_id: UUID


class RecordRefundByOtherMeans(Command):
    """What the provider refused to give back for a credit note was paid in another way, such as a bank transfer.

    Nothing asks for it any more. The same reference again changes nothing.
    """

    NAME = "billing.record_refund_by_other_means"

    credit_note_id: UUID
    reference: str
    """Of that payment, by which it is found."""
    reason: Told[str]


class ForgetBuyers(Command):
    """The time has come that law set: nobody need know any more who bought. Before it, it changes nothing."""

    NAME = "billing.forget_buyers"

    buyers_id: UUID


class TryRefundAgain(Command):
    """The time has come to ask for a refund once more. After another try it changes nothing."""

    NAME = "billing.try_refund_again"

    payment_id: PaymentId
    credit_note_id: UUID
    failures: Count
    """How many there were when this was decided."""
