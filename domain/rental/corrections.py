"""What an agent knows better of a trip that is over, and what becomes of the money: credited, or charged as well."""

from collections.abc import Iterator

from domain.billing import crediting
from domain.billing.charging import priced
from domain.billing.correction import corrected_trip
from domain.billing.credit_note import creditable, credited
from domain.billing.crediting import Decided
from domain.billing.decision import content_of
from domain.billing.pricing import TripFacts
from domain.kernel.approval import is_seconded, needs_two
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.ids import derived_id
from domain.kernel.money import Money
from domain.rental.balance_of_trip import put_balance_of_trip_right, with_balance_of
from domain.rental.charged import Charged, Standing, charged_for, minus, total_of
from domain.rental.correction_charge import charge_more, too_late
from domain.rental.meter import seconds_in
from domain.rental.staff_commands import CorrectTrip
from domain.rental.trip import Trip
from domain.rental.trip_event_bases import TripCorrection
from domain.rulebook.model import City
from domain.unit_of_work import UnitOfWork

Credits = list[tuple[Standing, Money]]


async def correct_trip(command: CorrectTrip, work: UnitOfWork) -> None:
    """Keep what is true, and have its difference credited, or announced as a charge, once enough persons say so."""
    trip = await work.load(Trip, command.trip_id)
    refuse_if(_ill_formed(command))
    before = await charged_for(trip, work)
    facts = await with_balance_of(trip, corrected_trip(before.facts, command.correction, work.now), work)
    price = priced(trip.quote, facts, work)
    difference = minus(total_of(price), before.total)
    correction = TripCorrection(correction_id=command.correction_id, facts=facts, difference=difference)
    credits = _credits(before.standing, -difference.gross)
    if difference.gross.amount_minor > 0:
        refuse_if([too_late(trip, work.rulebook.city(trip.city_id), work)])
    for (invoice, _), _ in credits:
        invoice.expect_no_payment_under_way()
    decided = _decide(trip, correction, before, credits, command, work)
    if decided is None:
        return
    made = trip.corrections[-1]
    for (invoice, charge_id), amount in credits:
        note_id = derived_id("rental.correction_credit", made.correction_id, charge_id)
        await crediting.credit(invoice, note_id, credited(invoice, charge_id, amount), decided, work)
    await put_balance_of_trip_right(trip, price, work)
    if difference.gross.amount_minor > 0:
        await charge_more(trip, made, command.evidence, command.reason, work)


def _ill_formed(command: CorrectTrip) -> Iterator[Violation]:
    if not command.reason.strip():
        yield Violation(code="trip.correction_without_reason", detail="say why: its member reads it")
    if not command.evidence:
        detail = "say what shows it: a letter, a photo, a receipt, a record"
        yield Violation(code="trip.correction_without_evidence", detail=detail)


def _credits(standing: list[Standing], amount: Money) -> Credits:
    """So much is taken back, of the newest charge first. What was credited already is not credited again."""
    found = []
    for one in standing:
        part = min(amount, creditable(*one))
        if part.amount_minor > 0:
            found.append((one, part))
            amount -= part
    return found


def _about(trip: Trip, correction: TripCorrection, credits: Credits) -> Money:
    """What is decided: many small corrections are one large one, and so are the credits of an invoice."""
    changes = [made.difference.gross for made in (*trip.corrections, correction)]
    together = Money.total((max(change, -change) for change in changes), changes[0].currency)
    credited = [invoice.gross - invoice.uncredited + amount for (invoice, _), amount in credits]
    return max([together, *credited])


def _decide(
    trip: Trip, correction: TripCorrection, before: Charged, credits: Credits, command: CorrectTrip, work: UnitOfWork
) -> Decided | None:
    """Correct the trip, or propose it to a second person: then there is nothing to carry out yet."""
    by, about = work.metadata.actor.id, _about(trip, correction, credits)
    limit = work.rulebook.billing.four_eyes(about.currency)
    known = {"amount": about, "four_eyes_above": limit, "evidence": command.evidence, "reason": command.reason}
    first = None
    if needs_two(about, limit):
        content, proposed = content_of("correct", correction.facts), trip.correction_proposal
        if proposed is None or not is_seconded(proposed.proposal, content, by):
            first_of_two = {"content": content, "proposed_by": by}
            trip.tell(Trip.CorrectionProposed, work.now, correction=correction, **first_of_two, **known)
            return None
        first = proposed.proposal.proposed_by
    trip.tell(
        Trip.Corrected,
        work.now,
        correction=correction,
        corrected_by=by,
        proposed_by=first,
        **known,
        **_in_figures(correction.facts, before.facts, work.rulebook.city(trip.city_id)),
    )
    return Decided(command.reason, by, first, limit)


def _in_figures(facts: TripFacts, before: TripFacts, city: City) -> dict[str, object]:
    return {
        "ended_at": facts.ended_at,
        "ended_on": city.local_day(facts.ended_at),
        "driving_s": seconds_in("driving", facts.spans),
        "parked_s": seconds_in("parked", facts.spans),
        "distance_m": facts.distance_m,
        "was_ended_at": before.ended_at,
        "was_distance_m": before.distance_m,
    }
