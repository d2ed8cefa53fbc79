"""Each limit of a rulebook changes some decision: a table of what is tried under one value and under another."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from pydantic import BaseModel

from domain.billing.buyers import kept_until
from domain.billing.debit import Debit
from domain.billing.invoice import Invoice
from domain.billing.payment import Payment
from domain.billing.pricing import TripFacts
from domain.billing.review import review_reasons
from domain.fleet.custody import Use, attribute
from domain.fleet.readiness import end_violations, energy_violation, has_fallen_silent
from domain.fleet.state import Reading, VehicleReadings
from domain.fleet.vehicle import Vehicle
from domain.kernel.approval import needs_two
from domain.kernel.calendar import Period
from domain.kernel.errors import RefusedError, Violation
from domain.kernel.ids import TripId, derived_id
from domain.kernel.money import Currency, Money
from domain.kernel.units import Position
from domain.members.age import age_violation
from domain.members.commands import AddPaymentMethod, BlockMember, EraseMember, SubmitLicence
from domain.members.eligibility import licence_violations, payment_violation
from domain.members.facts import Licence, LicenceState, PaymentMethod
from domain.members.identifier import Identifier
from domain.members.member import Member
from domain.rental.commands import EndTrip, ExtendReservation
from domain.rental.forced_end import far_back
from domain.rental.reservation import Reservation
from domain.rental.reservation_rules import cooldown
from domain.rental.trip import Trip
from domain.rulebook.billing_limits import BillingLimits
from domain.rulebook.debit import DebitRules
from domain.rulebook.eligibility import Eligibility
from domain.rulebook.model import FleetLimits, Rulebook
from domain.rulebook.reservations import ReservationLimits
from domain.rulebook.trip_limits import TripLimits
from domain.rulebook.uniqueness import Uniqueness
from tests.domain.members.applicants import verified
from tests.projections.following import credit
from tests.support.debits import batched, debited, rejected
from tests.support.people_and_cars import area, car, member, reserved, says, scheduled, started
from tests.support.world import World

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY = NOON.date()
AN_HOUR_AGO = NOON - timedelta(hours=1)
LICENCE = Licence(
    country="DE",
    issued_on=date(2024, 1, 1),
    expires_on=date(2030, 1, 1),
    state=LicenceState.VERIFIED,
    verified_at=datetime(2025, 1, 1, tzinfo=UTC),
)
CARD = PaymentMethod(method_id="card", token="tok", brand="visa", prepaid=True, expires_on=date(2030, 1, 1))
THE_LICENCE = {"number": "B1", "country": "DE", "issued_on": date(2010, 1, 1), "expires_on": date(2033, 1, 1)}
THE_CARD = {
    "method_id": "card",
    "token": "tok",
    "brand": "visa",
    "expires_on": date(2030, 1, 1),
    "fingerprint": "fp-1",
}
EUROS = Money(amount_minor=5000, currency=Currency.EUR)
STOPPED = NOON - timedelta(minutes=5)
MOVED = VehicleReadings(
    position=Reading(value=Position(latitude=52.5, longitude=13.4), at=NOON - timedelta(minutes=10)),
    ignition_on=Reading(value=False, at=STOPPED),
)
"""A car that stopped after it last said where it is."""
LONG = TripFacts.of(driving_s=7200)
LOW = VehicleReadings(energy_percent=Reading(value=20.0, at=NOON))
"""A car that has 20 %."""


class Trial(NamedTuple):
    """A limit, another value than usual, and what is tried."""

    limit: str
    other: Any
    tried: Callable[[Any], object]


def codes(*found: Violation | None) -> list[str]:
    return [violation.code for violation in found if violation is not None]


async def hold_and_extend(world: World) -> object:
    """How long a car is kept at first, and whether it is kept for two hours."""
    reservation_id = await reserved(world, await member(world), await car(world))
    [placed] = world.events(Reservation.Placed)
    try:
        await world.do(ExtendReservation(reservation_id=reservation_id, until=world.now() + timedelta(hours=2)))
    except RefusedError as refused:
        return placed.expires_at - placed.placed_at, codes(*refused.violations)
    return placed.expires_at - placed.placed_at, []


async def start_that_hangs(world: World) -> object:
    """How long a start waits for the provider."""
    world.provider = "silent"
    await started(world, await member(world), await car(world))
    [requested] = world.events(Trip.Requested)
    return requested.payment_due_at - world.now()


async def start_that_is_to_be_confirmed(world: World) -> object:
    """How long it waits for the payer."""
    world.provider = "confirming"
    await started(world, await member(world), await car(world))
    [required] = world.events(Payment.ConfirmationRequired)
    return required.confirm_until - world.now()


async def unlock_and_lock(world: World) -> object:
    """How long a car may take to do as it is told."""
    await area(world)
    trip_id = await started(world, await member(world), await car(world))
    await world.do(EndTrip(trip_id=trip_id))
    return [asked.expires_at - asked.timestamp for asked in world.events(Vehicle.CommandRequested)]


async def end_that_is_fulfilled_later(world: World) -> object:
    """For how long a member pays whose car had locked four minutes after the wish, and tells so later."""
    await area(world)
    x1 = await car(world)
    trip_id = await started(world, await member(world), x1)
    world.cars[x1] = "silent"
    await world.do(EndTrip(trip_id=trip_id))
    locked_at = world.now() + timedelta(minutes=4)
    await world.advance(timedelta(hours=1))
    await says(world, x1, observed_at=locked_at)
    [ended] = world.events(Trip.Ended)
    return ended.driving_s


async def runs_unused(world: World) -> object:
    """Whether a member is asked within two hours if the car is still needed."""
    await area(world)
    await started(world, await member(world), await car(world))
    await world.advance(timedelta(hours=2))
    return "trip_unused" in world.told()


async def levels(world: World) -> object:
    """What is noticed of a level that falls and rises."""
    x1 = await car(world)
    noticed = []
    for level in (40.0, 20.0, 14.0, 30.0, 50.0):
        before = len(world.store.log)
        await world.advance(timedelta(minutes=1))
        await says(world, x1, energy_percent=level)
        noticed.append(world.news(before))
    return noticed


async def declined_and_refused(world: World) -> object:
    """When a declined charge and a refused refund are tried again, and what the debt stands in the way of."""
    await area(world)
    ada, x1 = await member(world), await car(world)
    for answers in ("accepting", "declining"):
        world.provider = "accepting"
        trip_id = await started(world, ada, x1)
        await world.advance(timedelta(minutes=20))
        await says(world, x1)
        world.provider = answers
        await world.do(EndTrip(trip_id=trip_id))
        world.provider = "declining"
        await world.do(credit(trip_id, "1.00"))
    again = [event.retry_at for event in world.events(Invoice.PaymentFailed, Payment.RefundFailed)]
    return again, codes(*(await world.store.load(Member, ada)).ineligibility(world.rulebook, world.now()))


async def declined_and_debited(world: World) -> object:
    """When a debit that found no money is tried again."""
    await area(world)
    _, _, debit_id = await debited(world)
    await batched(world, debit_id)
    await world.do(rejected(debit_id, "AM04"))
    return [event.retry_at for event in world.events(Debit.Rejected)]


def kept(limits: BillingLimits) -> object:
    """Until when an invoice of today keeps its buyer."""
    return kept_until(World().rulebook.city("berlin"), limits.buyers_kept_years, NOON)


async def comes_again(world: World) -> object:
    """Somebody opens another account, and another one after being banned and erased."""
    address, outcomes = "again@example.org", []
    for _ in range(3):
        try:
            who = await verified(world, email=address)
            await world.do(SubmitLicence.model_validate({**THE_LICENCE, "member_id": who}))
            await world.do(AddPaymentMethod.model_validate({**THE_CARD, "member_id": who}))
        except RefusedError as error:
            outcomes.append(codes(*error.violations))
    first = world.events(Member.Registered)[0].originator_id
    await world.do(BlockMember(member_id=first, reason="fraud"))
    await world.do(EraseMember(member_id=first, reason="asked for"))
    held = [(event.kind, event.others) for event in world.events(Member.HeldForReview)]
    kept = [event.until - world.now() for event in world.events(Identifier.BanKept)]
    return outcomes, len(held), kept


async def comes_banned(world: World) -> object:
    """Somebody who is blocked hands the licence in for another account."""
    first, second = await verified(world), await verified(world)
    await world.do(SubmitLicence.model_validate({**THE_LICENCE, "member_id": first}))
    await world.do(BlockMember(member_id=first, reason="fraud"))
    try:
        await world.do(SubmitLicence.model_validate({**THE_LICENCE, "member_id": second}))
    except RefusedError as error:
        return codes(*error.violations)
    return len(world.events(Member.HeldForReview))


async def shares(world: World) -> object:
    """Two with addresses of their own have the same licence and the same card."""
    outcomes = []
    for _ in range(2):
        who = await verified(world)
        for command in (
            SubmitLicence.model_validate({**THE_LICENCE, "member_id": who}),
            AddPaymentMethod.model_validate({**THE_CARD, "member_id": who}),
        ):
            try:
                await world.do(command)
            except RefusedError as error:
                outcomes.append(codes(*error.violations))
    return outcomes, [event.kind for event in world.events(Member.HeldForReview)]


def two_for(amount: Money, limits: BillingLimits) -> bool:
    return needs_two(amount, limits.four_eyes(amount.currency))


ELIGIBILITY = [
    Trial("minimum_age", 30, lambda rules: codes(age_violation(date(2000, 1, 1), rules, TODAY))),
    Trial("minimum_licence_years", 3, lambda rules: codes(*licence_violations(LICENCE, rules, NOON, TODAY))),
    Trial("licence_countries", ("AT",), lambda rules: codes(*licence_violations(LICENCE, rules, NOON, TODAY))),
    Trial("licence_recheck", timedelta(days=1), lambda rules: codes(*licence_violations(LICENCE, rules, NOON, TODAY))),
    Trial("prepaid_cards", False, lambda rules: codes(payment_violation(CARD, rules, TODAY))),
]
UNIQUENESS = [
    Trial("email", "review", comes_again),
    Trial("licence", "refuse", shares),
    Trial("payment_method", "allow", shares),
    Trial("banned", "review", comes_banned),
    Trial("ban_kept_for", timedelta(days=1), comes_again),
]


async def books_ahead(world: World) -> list[str]:
    """What stands against a car for tomorrow."""
    begins = world.now() + timedelta(days=1)
    try:
        period = Period(begins=begins, ends=begins + timedelta(hours=3))
        await scheduled(world, await member(world), period, await car(world))
    except RefusedError as refused:
        return codes(*refused.violations)
    return []


RESERVATION = [
    Trial("ahead", None, books_ahead),
    Trial("free", timedelta(minutes=5), hold_and_extend),
    Trial("maximum", timedelta(hours=1), hold_and_extend),
    Trial("cooldown", timedelta(hours=2), lambda limits: codes(cooldown(NOON - timedelta(hours=1), limits, NOON))),
    Trial("minimum_energy", 30.0, lambda limits: codes(energy_violation(LOW, limits))),
]
HALF_AN_HOUR_AGO = NOON - timedelta(minutes=30)
FLEET = [
    Trial("low_energy", 24.0, levels),
    Trial("restored_energy", 45.0, levels),
    Trial(
        "silent_after", timedelta(hours=1), lambda limits: has_fallen_silent(NOON - timedelta(minutes=30), limits, NOON)
    ),
]
TRIP = [
    Trial("payment_timeout", timedelta(minutes=9), start_that_hangs),
    Trial("unlock_timeout", timedelta(minutes=9), unlock_and_lock),
    Trial("lock_timeout", timedelta(minutes=9), unlock_and_lock),
    Trial("bill_until", "wish", end_that_is_fulfilled_later),
    Trial("unused_after", timedelta(hours=1), runs_unused),
    Trial(
        "position_maximum_age",
        timedelta(minutes=30),
        lambda limits: codes(*end_violations(MOVED, STOPPED, limits, NOON)),
    ),
    Trial(
        "maximum_backdating",
        timedelta(hours=1),
        lambda limits: codes(far_back(NOON - timedelta(hours=3), limits, NOON)),
    ),
    Trial(
        "damage_margin",
        timedelta(hours=1),
        lambda limits: (
            attribute(
                (Use(trip_id=TripId(derived_id("trip")), opened_at=NOON, closed_at=NOON),),
                NOON - timedelta(minutes=30),
                NOON + timedelta(minutes=30),
                limits.damage_margin,
            ).custody
        ),
    ),
    Trial("review_after", timedelta(hours=1), lambda limits: codes(*review_reasons(limits, LONG, EUROS))),
    Trial(
        "review_above",
        (Money(amount_minor=4000, currency=Currency.EUR),),
        lambda limits: codes(*review_reasons(limits, LONG, EUROS)),
    ),
]
BILLING = [
    Trial("four_eyes_above", (Money(amount_minor=4000, currency=Currency.EUR),), lambda limits: two_for(EUROS, limits)),
    Trial("retry_charge_after", (timedelta(hours=5),), declined_and_refused),
    Trial("retry_refund_after", (timedelta(hours=5),), declined_and_refused),
    Trial("confirmation_timeout", timedelta(minutes=99), start_that_is_to_be_confirmed),
    Trial("block_after", 1, declined_and_refused),
    Trial("buyers_kept_years", 10, kept),
    Trial("invoices", "monthly", lambda limits: limits.is_monthly(UUID(int=1))),
    Trial("monthly_payers", (str(UUID(int=1)),), lambda limits: limits.is_monthly(UUID(int=1))),
    Trial("debit", DebitRules(retry_after=(timedelta(days=2),)), declined_and_debited),
]
LIMITS: dict[str, tuple[type[BaseModel], list[Trial]]] = {
    "eligibility": (Eligibility, ELIGIBILITY),
    "uniqueness": (Uniqueness, UNIQUENESS),
    "reservation": (ReservationLimits, RESERVATION),
    "fleet": (FleetLimits, FLEET),
    "trip": (TripLimits, TRIP),
    "billing": (BillingLimits, BILLING),
}
EVERY = [(kind, trial) for kind, (_, trials) in LIMITS.items() for trial in trials]
STORIES = {
    books_ahead,
    comes_again,
    comes_banned,
    shares,
    declined_and_refused,
    declined_and_debited,
    hold_and_extend,
    start_that_hangs,
    start_that_is_to_be_confirmed,
    unlock_and_lock,
    end_that_is_fulfilled_later,
    runs_unused,
    levels,
}


@pytest.mark.parametrize("kind", LIMITS)
def test_every_limit_is_tried_here(kind: str) -> None:
    model, trials = LIMITS[kind]

    assert {trial.limit for trial in trials} == model.model_fields.keys()


@pytest.mark.parametrize(("kind", "trial"), EVERY, ids=[f"{kind}-{trial.limit}" for kind, trial in EVERY])
async def test_another_limit_is_another_decision(kind: str, trial: Trial) -> None:
    usual = World().rulebook.model_copy(
        update={"fleet": FleetLimits(), "trip": TripLimits(), "billing": BillingLimits()}
    )
    limits = getattr(usual, kind)
    changed = usual.model_copy(update={kind: limits.model_copy(update={trial.limit: trial.other})})

    assert await decided(trial, kind, usual) != await decided(trial, kind, changed)


async def decided(trial: Trial, kind: str, rulebook: Rulebook) -> object:
    if trial.tried not in STORIES:
        return trial.tried(getattr(rulebook, kind))
    world = World()
    world.rulebook = rulebook
    found = trial.tried(world)
    return await found if isinstance(found, Awaitable) else found
