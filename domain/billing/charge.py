"""A charge: what somebody is to pay for something, from its facts to its invoice."""

from datetime import date, datetime, timedelta
from typing import ClassVar, Literal
from uuid import UUID

from domain.billing.commands import BillCharge, DecisionKind
from domain.billing.decision import Decided, Decision, content_of, own_facts
from domain.billing.estimate import Estimate
from domain.billing.fee import FEE, Evidence, Facts, FeeFacts
from domain.billing.pricing import TripFacts
from domain.billing.product_facts import PRODUCT, ProductFacts
from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.approval import Proposal, is_seconded, needs_two
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.ids import ChargeId, InvoiceId, MemberId, PayerId, PaymentId, derived_id
from domain.kernel.money import Money
from domain.kernel.personal import Personal
from domain.kernel.values import Instant
from domain.rulebook.tariff import Quote

State = Literal["raised", "announced", "in_review", "waiting", "billed", "waived"]


class Charge(Aggregate):
    """raised -> billed; raised -> in_review -> approved | corrected -> billed; in_review -> waived.

    What comes later than its trip is announced first: raised -> [in_review ->] announced -> [in_review ->] billed.
    While it is in review, or announced, it has no invoice and takes no money, and its hold is kept. Of a payer who is
    billed by the month it is waiting before it is billed, and its hold is given back.
    """

    TOPIC = "billing.charge"

    subject_kind: str
    subject_id: UUID
    member_id: MemberId
    payer_id: PayerId
    seller_id: str
    payment_id: PaymentId
    facts: Facts
    """Those that it is billed for: corrected, where they were."""
    method_id: str | None
    quote: Quote | None = None
    """Of what is priced by a tariff."""
    evidence: Personal[tuple[Evidence, ...]] = None
    reason: Personal[str] = None
    """Why it was raised, in the words of who did, where a person did."""
    raised_by: str | None = None
    facts_by: str | None = None
    state: State = "raised"
    collected_from: datetime | None = None
    """When an announced charge is billed, unless its payer objects; none before it is announced."""
    reasons: tuple[Violation, ...] = ()
    """What was found hard to believe."""
    price: Estimate | None = None
    supplied_on: date | None = None
    """The local day on which it ended, once it waits for the invoice of its month."""
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
        facts_by: str | None
        """Id of the employee who said what the facts are, who therefore does not decide alone."""

    class FeeRaised(Created):
        """Somebody found what came of a trip."""

        TOPIC = "billing.charge.fee_raised"
        subject: ClassVar[str] = "payer_id"

        subject_kind: str
        subject_id: UUID
        """Of the fee, not of the trip: there may be several."""
        member_id: MemberId
        payer_id: PayerId
        seller_id: str
        payment_id: PaymentId
        facts: FeeFacts
        method_id: str | None
        price: Estimate
        evidence: Personal[tuple[Evidence, ...]]
        reason: Personal[str]
        raised_by: str

    class ProductRaised(Created):
        """Somebody has bought a product, or it was renewed."""

        TOPIC = "billing.charge.product_raised"

        subject_kind: str
        subject_id: UUID
        member_id: MemberId
        payer_id: PayerId
        seller_id: str
        payment_id: PaymentId
        facts: ProductFacts
        method_id: str | None

    class Announced(Event):
        """The payer is told before anything is taken, and may object."""

        TOPIC = "billing.charge.announced"

        payer_id: PayerId
        what: str
        """As it will stand on the invoice."""
        price: Estimate
        collected_from: Instant

        def apply(self, aggregate: "Charge") -> None:
            aggregate.state, aggregate.collected_from = "announced", self.collected_from

    class ObjectedTo(Event):
        """The payer does not agree: an agent decides."""

        TOPIC = "billing.charge.objected_to"
        subject: ClassVar[str] = "payer_id"

        payer_id: PayerId
        what: str
        objection: Personal[str]
        price: Estimate
        reasons: tuple[Violation, ...]

        def apply(self, aggregate: "Charge") -> None:
            aggregate.state, aggregate.reasons = "in_review", self.reasons

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

        facts: Facts

        def apply(self, aggregate: "Charge") -> None:
            super().apply(aggregate)
            aggregate.facts = self.facts

    class Waived(Decided):
        """Nothing is charged."""

        TOPIC = "billing.charge.waived"
        KIND = "waive"

    class Deferred(Event):
        """It is to stand on the invoice of its month, at this price."""

        TOPIC = "billing.charge.deferred"

        payer_id: PayerId
        seller_id: str
        supplied_on: date
        price: Estimate

        def apply(self, aggregate: "Charge") -> None:
            aggregate.state, aggregate.price, aggregate.supplied_on = "waiting", self.price, self.supplied_on

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
    def begin_for(cls, command: BillCharge, facts: TripFacts, at: datetime) -> "Charge":
        """Raise the charge that is asked for, with what its payer has for it among the facts."""
        asked = {name: value for name, value in command if name not in {"doubts", "payer_told", "facts"}}
        charge_id = cls.id_of(command.subject_kind, command.subject_id)
        return cls.begin(cls.Raised, id=charge_id, timestamp=at, facts=facts, **asked)

    @classmethod
    def begin_product(
        cls, facts: ProductFacts, subject_id: UUID, member_id: MemberId, seller_id: str, method_id: str, at: datetime
    ) -> "Charge":
        """Raise what a period of a product costs. Who has it pays for it."""
        charge_id = cls.id_of(PRODUCT, subject_id)
        return cls.begin(
            cls.ProductRaised,
            id=charge_id,
            timestamp=at,
            subject_kind=PRODUCT,
            subject_id=subject_id,
            member_id=member_id,
            payer_id=PayerId(member_id),
            seller_id=seller_id,
            payment_id=PaymentId(derived_id("billing.payment", charge_id)),
            facts=facts,
            method_id=method_id,
        )

    @classmethod
    def begin_fee(
        cls, facts: FeeFacts, price: Estimate, *, fee_id: UUID, member_id: MemberId, payer_id: PayerId, seller_id: str,
        method_id: str | None, evidence: tuple[Evidence, ...], reason: str, by: str, at: datetime,
    ) -> "Charge":  # fmt: skip
        """Raise what came later than its trip."""
        charge_id = cls.id_of(FEE, fee_id)
        return cls.begin(
            cls.FeeRaised,
            id=charge_id,
            timestamp=at,
            subject_kind=FEE,
            subject_id=fee_id,
            member_id=member_id,
            payer_id=payer_id,
            seller_id=seller_id,
            payment_id=PaymentId(derived_id("billing.payment", charge_id)),
            facts=facts,
            method_id=method_id,
            price=price,
            evidence=evidence,
            reason=reason,
            raised_by=by,
        )

    @property
    def city_id(self) -> str:
        """Where it was supplied: its taxes and days count."""
        return self.quoted.city_id if isinstance(self.facts, TripFacts) else self.facts.city_id

    @property
    def quoted(self) -> Quote:
        """Of what is priced by a tariff. Raises `LookupError` for what is not."""
        if self.quote is None:
            msg = f"{self.subject_kind} {self.subject_id} is priced by no tariff"
            raise LookupError(msg)
        return self.quote

    @property
    def fee(self) -> FeeFacts:
        """Of what comes later than its trip. Raises `LookupError` for what does not."""
        if isinstance(self.facts, FeeFacts):
            return self.facts
        msg = f"{self.subject_kind} {self.subject_id} is no fee"
        raise LookupError(msg)

    @property
    def told(self) -> Estimate:
        """The price that it waits with. Raises `LookupError` for what has none yet."""
        if self.price is None:
            msg = f"{self.subject_kind} {self.subject_id} has no price yet"
            raise LookupError(msg)
        return self.price

    @property
    def is_to_be_announced(self) -> bool:
        """What comes later than its trip surprises: its payer is told first."""
        return isinstance(self.facts, FeeFacts) and self.collected_from is None

    def announce(self, price: Estimate, at: datetime) -> None:
        """Tell the payer what will be collected, and from when on."""
        until = at + timedelta(seconds=self.fee.objection_s)
        told = {"payer_id": self.payer_id, "what": self.fee.name, "price": price, "collected_from": until}
        self.trigger_event(self.Announced, timestamp=at, **told)

    def take_objection(self, objection: str, price: Estimate, at: datetime) -> None:
        """Take an objection. Once there is one, another changes nothing; refused where nothing is announced."""
        if self.state == "in_review" and self.collected_from is not None:
            return
        refuse_if([self._not_announced()])
        why = Violation(code="charge.objected_to", detail="the payer objects: look at the evidence, then decide")
        told = {"payer_id": self.payer_id, "what": self.fee.name, "price": price, "reasons": (why,)}
        self.trigger_event(self.ObjectedTo, timestamp=at, objection=objection, **told)

    def require_review(
        self, reasons: tuple[Violation, ...], price: Estimate, at: datetime, *, payer_told: bool
    ) -> None:
        """Hold the charge back until an agent decides."""
        why = {"reasons": reasons, "payer_told": payer_told}
        self.trigger_event(self.ReviewRequired, timestamp=at, price=price, **why, **self._told())

    def decide(
        self, kind: DecisionKind, facts: Facts, price: Estimate, *, by: str, reason: str,
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
        elif kind != "waive" and by in {self.facts_by, self.raised_by}:
            refuse_if([own_facts(by)])
        ends = {event.KIND: event for event in (self.Approved, self.Corrected, self.Waived)}
        right = {"facts": facts} if kind == "correct" else {}
        who = {"decided_by": by, "proposed_by": first, "payer_told": not self.is_to_be_announced}
        self.trigger_event(ends[kind], timestamp=at, **about, **who, **right, **self._told())
        return True

    def defer(self, price: Estimate, supplied_on: date, at: datetime) -> None:
        """Have it wait for the end of its month."""
        what = {"payer_id": self.payer_id, "seller_id": self.seller_id, "supplied_on": supplied_on, "price": price}
        self.trigger_event(self.Deferred, timestamp=at, **what)

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

    def _not_announced(self) -> Violation | None:
        if self.state == "announced":
            return None
        detail = (
            f"the charge is {self.state}: one that is announced can be objected to, and an invoice can be asked about"
        )
        values = {"charge_id": str(self.id), "state": self.state}
        return Violation(code="charge.not_announced", detail=detail, values=values)

    def _furthest(self, price: Estimate) -> Money:
        found = [price.gross, *([self.price.gross] if self.price else [])]
        return max(max(amount, -amount) for amount in found)

    def _told(self) -> dict[str, object]:
        """What whoever is told needs to know."""
        return {"payer_id": self.payer_id, "subject_kind": self.subject_kind}
