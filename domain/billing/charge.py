"""A charge: what somebody is to pay for something, from its facts to its invoice."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from domain.billing.commands import BillCharge, DecisionKind
from domain.billing.decision import Decided, Decision, content_of
from domain.billing.estimate import Estimate
from domain.billing.pricing import TripFacts
from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.approval import Proposal, is_seconded, needs_two
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.ids import ChargeId, InvoiceId, MemberId, PayerId, PaymentId, derived_id
from domain.kernel.money import Money
from domain.kernel.personal import Personal
from domain.rulebook.tariff import Quote

State = Literal["raised", "in_review", "billed", "waived"]


class Charge(Aggregate):
    """raised -> billed; raised -> in_review -> approved | corrected -> billed; in_review -> waived.

    While it is in review it has no invoice and takes no money, and its hold is kept.
    """

    TOPIC = "billing.charge"

    subject_kind: str
    subject_id: UUID
    member_id: MemberId
    payer_id: PayerId
    seller_id: str
    payment_id: PaymentId
    quote: Quote
    facts: TripFacts
    """Those that it is billed for: corrected, where they were."""
    method_id: str | None
    state: State = "raised"
    reasons: tuple[Violation, ...] = ()
    """What was found hard to believe."""
    price: Estimate | None = None
    proposal: Proposal | None = None
    decision: Decision | None = None
    invoice_id: InvoiceId | None = None

    class Raised(Created):
        TOPIC = "billing.charge.raised"

        subject_kind: str
        """Topic of the aggregate that is charged for, e.g. `rental.trip`."""
        subject_id: UUID
        member_id: MemberId
        """Who had it."""
        payer_id: PayerId
        seller_id: str
        """Legal entity, of the rulebook."""
        payment_id: PaymentId
        quote: Quote
        facts: TripFacts
        method_id: str | None
        """Charged where there is no hold."""

    class ReviewRequired(Event):
        """It is hard to believe: nobody is charged until an agent decides."""

        TOPIC = "billing.charge.review_required"

        payer_id: PayerId
        subject_kind: str
        reasons: tuple[Violation, ...]
        price: Estimate
        """What it would cost."""
        payer_told: bool
        """Whether whoever asked for the charge has told the payer already that it is doubted."""

        def apply(self, aggregate: "Charge") -> None:
            aggregate.state, aggregate.reasons, aggregate.price = "in_review", self.reasons, self.price

    class DecisionProposed(Event):
        """The first of two persons has decided; another proposal takes its place."""

        TOPIC = "billing.charge.decision_proposed"
        subject: ClassVar[str] = "payer_id"

        payer_id: PayerId
        kind: DecisionKind
        proposal: Proposal
        reason: Personal[str]
        amount: Money
        four_eyes_above: Money | None

        def apply(self, aggregate: "Charge") -> None:
            aggregate.proposal = self.proposal

    class Approved(Decided):
        """It is right as it is."""

        TOPIC = "billing.charge.approved"
        KIND = "approve"

    class Corrected(Decided):
        """Other facts are true."""

        TOPIC = "billing.charge.corrected"
        KIND = "correct"

        facts: TripFacts

        def apply(self, aggregate: "Charge") -> None:
            super().apply(aggregate)
            aggregate.facts = self.facts

    class Waived(Decided):
        """Nothing is charged."""

        TOPIC = "billing.charge.waived"
        KIND = "waive"

    class Billed(Event):
        TOPIC = "billing.charge.billed"

        invoice_id: InvoiceId

        def apply(self, aggregate: "Charge") -> None:
            aggregate.state, aggregate.invoice_id = "billed", self.invoice_id

    @staticmethod
    def id_of(subject_kind: str, subject_id: UUID) -> ChargeId:
        """What is charged for has one charge, whoever asks for it how often."""
        return ChargeId(derived_id("billing.charge", subject_kind, subject_id))

    @classmethod
    def begin_for(cls, command: BillCharge, at: datetime) -> "Charge":
        """Raise the charge that is asked for."""
        facts = {name: value for name, value in command if name not in {"doubts", "payer_told"}}
        charge_id = cls.id_of(command.subject_kind, command.subject_id)
        return cls.begin(cls.Raised, id=charge_id, timestamp=at, **facts)

    def require_review(
        self, reasons: tuple[Violation, ...], price: Estimate, at: datetime, *, payer_told: bool
    ) -> None:
        """Hold the charge back until an agent decides."""
        why = {"reasons": reasons, "payer_told": payer_told}
        self.trigger_event(self.ReviewRequired, timestamp=at, price=price, **why, **self._told())

    def decide(
        self, kind: DecisionKind, facts: TripFacts, price: Estimate, *, by: str, reason: str,
        four_eyes_above: Money | None, at: datetime,
    ) -> bool:  # fmt: skip
        """End the review, with the facts and the price that it is then billed for. Says whether it did.

        Above the limit it takes two persons: what the first decides is a proposal.
        """
        refuse_if([self.not_in_review()])
        amount = self._furthest(price)
        about: dict[str, object] = {"reason": reason, "amount": amount, "four_eyes_above": four_eyes_above}
        first, content = None, content_of(kind, facts)
        if needs_two(amount, four_eyes_above):
            if not is_seconded(self.proposal, content, by):
                proposal = Proposal(content=content, proposed_by=by, proposed_at=at)
                about |= {"kind": kind, "proposal": proposal, "payer_id": self.payer_id}
                self.trigger_event(self.DecisionProposed, timestamp=at, **about)
                return False
            first = self.proposal.proposed_by if self.proposal else None
        ends = {event.KIND: event for event in (self.Approved, self.Corrected, self.Waived)}
        right = {"facts": facts} if kind == "correct" else {}
        who = {"decided_by": by, "proposed_by": first}
        self.trigger_event(ends[kind], timestamp=at, **about, **who, **right, **self._told())
        return True

    def bill(self, invoice_id: InvoiceId, at: datetime) -> None:
        """Its invoice is issued."""
        self.trigger_event(self.Billed, timestamp=at, invoice_id=invoice_id)

    def not_in_review(self) -> Violation | None:
        """Says no to a decision about what waits for none."""
        if self.state == "in_review":
            return None
        detail = f"the charge is {self.state}: only one in review is decided"
        values = {"charge_id": str(self.id), "state": self.state}
        return Violation(code="charge.not_in_review", detail=detail, values=values)

    def _furthest(self, price: Estimate) -> Money:
        found = [price.gross, *([self.price.gross] if self.price else [])]
        return max(max(amount, -amount) for amount in found)

    def _told(self) -> dict[str, object]:
        """What whoever is told needs to know."""
        return {"payer_id": self.payer_id, "subject_kind": self.subject_kind}
