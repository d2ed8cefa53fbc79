"""A SEPA mandate: a payer lets a seller collect from a bank account."""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.errors import Violation
from domain.kernel.iban import compact
from domain.kernel.ids import PayerId
from domain.kernel.personal import Personal
from domain.members.facts import PostalAddress

Sequence = Literal["FRST", "RCUR"]
"""The first collection by a mandate, or one that follows."""
SEPA_DEBIT = "sepa_debit"
"""Brand of the payment method that a mandate is."""


class Mandate(Aggregate):
    """signed -> ended. Used by each collection; one that is not used for long counts no more.

    Its id is that of the payment method.
    """

    TOPIC = "billing.mandate"

    payer_id: PayerId
    seller_id: str
    creditor_id: str
    reference: str
    signed_on: date
    iban: Personal[str]
    holder: Personal[str]
    address: Personal[PostalAddress]
    last_used_on: date | None = None
    uses: int = 0
    ended: str | None = None
    """Why, once it has."""

    class Signed(Created):
        TOPIC = "billing.mandate.signed"
        subject: ClassVar[str] = "payer_id"

        payer_id: PayerId
        seller_id: str
        """Legal entity, of the rulebook."""
        creditor_id: str
        """Of the seller, as it was signed."""
        reference: str
        """Unique mandate reference, at most 35 characters."""
        signed_on: date
        iban: Personal[str]
        """Without spaces."""
        holder: Personal[str]
        address: Personal[PostalAddress]
        """Of the holder, where the bank needs it."""

    class Used(Event):
        """A collection by it goes to the bank."""

        TOPIC = "billing.mandate.used"

        debit_id: UUID
        sequence: Sequence
        collection_on: date

        def apply(self, aggregate: "Mandate") -> None:
            aggregate.last_used_on, aggregate.uses = self.collection_on, aggregate.uses + 1

    class FirstUseFailed(Event):
        """Its first collection was rejected before it was booked: the next one is its first."""

        TOPIC = "billing.mandate.first_use_failed"

        debit_id: UUID

        def apply(self, aggregate: "Mandate") -> None:
            aggregate.uses = 0

    class Ended(Event):
        TOPIC = "billing.mandate.ended"

        payer_id: PayerId
        reason: str
        """`revoked`, `unused`, or the bank's code."""

        def apply(self, aggregate: "Mandate") -> None:
            aggregate.ended = self.reason

    @classmethod
    def sign(
        cls, id: UUID, *, payer_id: PayerId, seller_id: str, creditor_id: str, iban: str, holder: str,
        address: PostalAddress | None, signed_on: date, at: datetime,
    ) -> "Mandate":  # fmt: skip
        """Take a mandate; its reference is its id."""
        who = {"payer_id": payer_id, "seller_id": seller_id, "creditor_id": creditor_id}
        what = {"iban": iban, "holder": holder, "address": address, "signed_on": signed_on}
        return cls.begin(cls.Signed, id=id, timestamp=at, reference=id.hex.upper(), **who, **what)

    @property
    def next_sequence(self) -> Sequence:
        """Of the next collection."""
        return "RCUR" if self.uses else "FRST"

    def unusable(self, creditor_id: str | None, on: date, unused_months: int) -> Violation | None:
        """Says no to a collection for a creditor on a day."""
        values = {"mandate": self.reference}
        if self.ended is not None:
            return Violation(code="mandate.ended", detail=f"it has ended: {self.ended}", values=values)
        if self.creditor_id != compact(creditor_id or ""):
            detail = "it was signed for another creditor: have one signed for this one"
            return Violation(code="mandate.other_creditor", detail=detail, values=values)
        if on >= months_later(self.last_used_on or self.signed_on, unused_months):
            detail = f"it was not used for {unused_months} months: have a new one signed"
            return Violation(code="mandate.unused", detail=detail, values=values)
        if self.iban is None or self.holder is None:
            return Violation(code="mandate.erased", detail="its holder is forgotten", values=values)
        return None

    def use(self, debit_id: UUID, collection_on: date, at: datetime) -> Sequence:
        """A collection goes to the bank; says which it is."""
        sequence = self.next_sequence
        what = {"debit_id": debit_id, "sequence": sequence, "collection_on": collection_on}
        self.trigger_event(self.Used, timestamp=at, **what)
        return sequence

    def fail_first_use(self, debit_id: UUID, at: datetime) -> None:
        """What was rejected has not begun anything."""
        if self.uses == 1:
            self.trigger_event(self.FirstUseFailed, timestamp=at, debit_id=debit_id)

    def end(self, reason: str, at: datetime) -> None:
        """Nothing is collected by it any more; twice changes nothing."""
        if self.ended is None:
            self.trigger_event(self.Ended, timestamp=at, payer_id=self.payer_id, reason=reason)


def months_later(day: date, months: int) -> date:
    """The same day of a later month; its last day where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError
