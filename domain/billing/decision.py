"""What an agent decides about a charge in review."""

from hashlib import sha256
from typing import Any, ClassVar

from domain.billing.commands import DecideCharge, DecisionKind
from domain.billing.fee import Facts, FeeFacts
from domain.billing.product_facts import ProductFacts
from domain.kernel.aggregate import Event
from domain.kernel.errors import Violation
from domain.kernel.ids import PayerId
from domain.kernel.money import Money
from domain.kernel.personal import Personal
from domain.kernel.values import Value


class Decision(Value):
    """What became of a charge in review, who said so, and why."""

    kind: DecisionKind
    reason: str | None
    """None once the payer is erased."""
    decided_by: str
    proposed_by: str | None
    """The first of two persons; none where one was enough."""


class Decided(Event):
    """Base of what ends a review."""

    KIND: ClassVar[DecisionKind]

    subject: ClassVar[str] = "payer_id"

    payer_id: PayerId
    subject_kind: str
    reason: Personal[str]
    decided_by: str
    """Id of an employee, as `proposed_by`."""
    proposed_by: str | None
    """The first of two persons; none where one was enough."""
    amount: Money
    """What it was about: the gross price before or after, whichever is further from nothing."""
    four_eyes_above: Money | None
    """The limit then in force."""
    payer_told: bool
    """Whether the payer knew of it before."""

    def apply(self, aggregate: Any) -> None:  # the charge, which is declared around the events
        """What is not waived is to be billed."""
        aggregate.state, aggregate.proposal = "waived" if self.KIND == "waive" else "raised", None
        aggregate.decision = Decision(
            kind=self.KIND, reason=self.reason, decided_by=self.decided_by, proposed_by=self.proposed_by
        )


def content_of(kind: DecisionKind, facts: Facts) -> str:
    """The same for the same decision, whatever reason is given for it."""
    if kind != "correct":
        return kind
    if isinstance(facts, FeeFacts):
        return f"{kind}: {facts.amount}"
    if isinstance(facts, ProductFacts):
        return kind
    zones = sha256(repr(facts.end_zones).encode()).hexdigest()[:8]  # where somebody went is read nowhere but in facts
    return f"{kind}: ended at {facts.ended_at.isoformat()}, {facts.distance_m} m, in zones {zones}"


def ill_formed(command: DecideCharge) -> list[Violation]:
    """What is wrong with a decision by itself."""
    found = []
    if not command.reason.strip():
        found.append(Violation(code="charge.decision_without_reason", detail="say why this is right"))
    if command.decision == "correct" and command.correction is None:
        detail = "say what is true instead: ended_at, duration_s or distance_m of a trip, the amount of a fee"
        found.append(Violation(code="charge.correction_missing", detail=detail))
    if command.decision != "correct" and command.correction is not None:
        detail = f"leave the correction out, or correct the charge: {command.decision} takes its facts as they are"
        values = {"decision": command.decision}
        found.append(Violation(code="charge.correction_not_wanted", detail=detail, values=values))
    return found


def own_facts(by: str) -> Violation:
    """Says no to somebody who would decide alone about what they said themselves."""
    detail = "what is charged for is what you have said yourself: another person must say that it is right"
    return Violation(code="charge.own_facts", detail=detail, values={"facts_by": by})


def costs_nothing() -> Violation:
    """Says no to an invoice without a line."""
    detail = "there is nothing in this to charge for: waive the charge"
    return Violation(code="charge.costs_nothing", detail=detail)
