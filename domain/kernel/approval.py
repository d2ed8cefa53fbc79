"""Four eyes: what is about more than a limit is decided by two persons. The first proposes, the second carries out."""

from domain.kernel.errors import Violation, refuse_if
from domain.kernel.money import Money
from domain.kernel.values import Instant, Value


class Proposal(Value):
    """What one person has decided, and another has yet to decide as well."""

    content: str
    """What exactly: the same text for the same decision."""
    proposed_by: str
    """Id of the person."""
    proposed_at: Instant


def needs_two(amount: Money, limit: Money | None) -> bool:
    """Whether an amount, whoever is owed it, is above the limit. In another currency it cannot be below."""
    if limit is None:
        return False
    return amount.currency is not limit.currency or max(amount, -amount) > limit


def is_seconded(proposal: Proposal | None, content: str, by: str) -> bool:
    """Whether a decision completes what is proposed. One of another content is a proposal of its own.

    Raises `RefusedError` when a person decides the same twice.
    """
    if proposal is None or proposal.content != content:
        return False
    refuse_if([_same_person(proposal) if proposal.proposed_by == by else None])
    return True


def _same_person(proposal: Proposal) -> Violation:
    values = {"proposed_by": proposal.proposed_by, "proposed_at": proposal.proposed_at.isoformat()}
    detail = "you have proposed this yourself: another person must decide the same"
    return Violation(code="approval.same_person", detail=detail, values={**values, "content": proposal.content})
