"""What an agent knows better than the facts of a charge."""

from datetime import datetime, timedelta

from domain.billing.fee import Facts, FeeFacts
from domain.billing.pricing import Span, TripFacts
from domain.billing.product_facts import ProductFacts
from domain.billing.review import too_far
from domain.kernel.errors import RefusedError, Violation, refuse_if
from domain.kernel.money import Money
from domain.kernel.personal import Restricted
from domain.kernel.units import Metres
from domain.kernel.values import Instant, Seconds, Value


class Correction(Value):
    """What is true instead. What is none stays as it is; the end is given as a time or as a duration."""

    ended_at: Instant | None = None
    duration_s: Seconds | None = None
    distance_m: Metres | None = None
    end_zones: Restricted[tuple[str, ...] | None] = None
    """Kinds and names of the zones that it ended in; all of them."""
    amount: Money | None = None
    """Of a fee; nothing else of it is corrected."""


def corrected(facts: Facts, correction: Correction, at: datetime) -> Facts:
    """The facts as they are by a correction. Raises `RefusedError` with all that cannot be."""
    if isinstance(facts, ProductFacts):
        raise RefusedError(_of_product())
    if isinstance(facts, FeeFacts):
        return _other_amount(facts, correction)
    return corrected_trip(facts, correction, at)


def corrected_trip(facts: TripFacts, correction: Correction, at: datetime) -> TripFacts:
    """Those of a trip, or of a hold of a car."""
    refuse_if([_no_fee() if correction.amount is not None else None])
    ended_at = _ended_at(facts, correction)
    found = [*_contradictions(facts, correction), *_impossible_end(facts, ended_at, at)]
    refuse_if(found)
    distance = {} if correction.distance_m is None else {"distance_m": correction.distance_m}
    place = {} if correction.end_zones is None else {"end_zones": tuple(sorted({*correction.end_zones}))}
    right = facts.model_copy(update={**_until(facts, ended_at), **distance, **place})
    refuse_if([_nothing_corrected(facts) if right == facts else None, too_far(right) if distance else None])
    return right


def _other_amount(facts: FeeFacts, correction: Correction) -> FeeFacts:
    """Less than was announced: more is another fee, which is announced as that."""
    amount = correction.amount
    if amount is None or correction != Correction(amount=amount):
        detail = "this is a fee: give the amount that is right, and nothing else"
        raise RefusedError(Violation(code="charge.amount_only", detail=detail))
    if amount.currency is not facts.amount.currency or not 0 < amount.amount_minor < facts.amount.amount_minor:
        detail = (
            f"give less than {facts.amount}, in its currency; waive what is not due at all, and raise more as a fee"
        )
        values = {"amount": str(amount), "raised": str(facts.amount)}
        raise RefusedError(Violation(code="charge.not_less", detail=detail, values=values))
    return facts.model_copy(update={"amount": amount})


def _of_product() -> Violation:
    detail = "the price of a product is that of the list: waive it, or credit its invoice"
    return Violation(code="charge.product_not_corrected", detail=detail)


def _no_fee() -> Violation:
    detail = "the price of a trip follows from its facts: give those, not an amount"
    return Violation(code="charge.amount_not_wanted", detail=detail)


def _begin(facts: TripFacts) -> datetime:
    """Of the trip, or of the hold where there was none."""
    held_from = facts.reserved_at if facts.reservation_only else None
    return held_from or facts.started_at


def _ended_at(facts: TripFacts, correction: Correction) -> datetime:
    if correction.ended_at is not None:
        return correction.ended_at
    if correction.duration_s is not None:
        return _begin(facts) + timedelta(seconds=correction.duration_s)
    return facts.ended_at


def _contradictions(facts: TripFacts, correction: Correction) -> list[Violation]:
    found = []
    if correction.ended_at is not None and correction.duration_s is not None:
        values = {"ended_at": correction.ended_at.isoformat(), "duration_s": correction.duration_s}
        found.append(Violation(code="charge.two_ends", detail="give ended_at or duration_s, not both", values=values))
    if facts.reservation_only and (correction.distance_m, correction.end_zones) != (None, None):
        values = {"distance_m": correction.distance_m}
        detail = "the car was reserved and never driven: leave distance_m and end_zones out"
        found.append(Violation(code="charge.nothing_driven", detail=detail, values=values))
    return found


def _impossible_end(facts: TripFacts, ended_at: datetime, at: datetime) -> list[Violation]:
    values = {"ended_at": ended_at.isoformat(), "began_at": _begin(facts).isoformat(), "now": at.isoformat()}
    found = []
    if ended_at < _begin(facts):
        found.append(Violation(code="charge.end_before_start", detail="choose an end after the start", values=values))
    if ended_at > max(at, facts.ended_at):
        found.append(Violation(code="charge.end_in_future", detail="choose an end that has passed", values=values))
    return found


def _nothing_corrected(facts: TripFacts) -> Violation:
    values = {"ended_at": facts.ended_at.isoformat(), "distance_m": facts.distance_m}
    detail = "these are the facts that the charge has: say what is true instead, or approve it"
    return Violation(code="charge.nothing_corrected", detail=detail, values=values)


def _until(facts: TripFacts, ended_at: datetime) -> dict[str, object]:
    """The facts that say when it ended: a trip's spans, cut or with the last one longer; a hold's own end."""
    if facts.reservation_only:
        return {"started_at": ended_at}
    left, spans = int((ended_at - facts.started_at).total_seconds()), list[Span]()
    for span in facts.spans:
        seconds = min(span.seconds, left)
        spans += [span.model_copy(update={"seconds": seconds})] if seconds else []
        left -= seconds
    if left:
        last = spans.pop() if spans else Span(phase="driving", seconds=0)
        spans.append(last.model_copy(update={"seconds": last.seconds + left}))
    return {"spans": tuple(spans)}
