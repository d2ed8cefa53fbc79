"""Limits that contradict each other, or that nobody and nothing can meet."""

from datetime import timedelta

from domain.rulebook.faults.rules import Fault, Found, of_service, of_tariff
from domain.rulebook.model import SHORTEST_SILENCE, City, Rulebook
from domain.rulebook.rates import ReservationRate
from domain.rulebook.tariff import Tariff

LONGEST_REPEAT_HOLD = timedelta(days=1)
"""How long a car knows who held it."""
LONGEST_KEPT_YEARS = 30
"""No law wants a buyer for longer."""
_NOTHING = timedelta(0)


@of_service
def free_time_beyond_the_maximum(rulebook: Rulebook) -> Found:
    if rulebook.reservation.free > rulebook.reservation.maximum:
        yield Fault(
            ("reservation", "free"), "a car is held for longer at first than at most: lower it or raise `maximum`"
        )


@of_service
def holds_that_are_forgotten(rulebook: Rulebook) -> Found:
    if rulebook.reservation.cooldown > LONGEST_REPEAT_HOLD:
        yield Fault(("reservation", "cooldown"), "a car knows for one day who held it: write at most P1D")


@of_tariff
def reservation_that_never_costs(tariff: Tariff, _: City, rulebook: Rulebook) -> Found:
    longest = rulebook.reservation.maximum.total_seconds()
    for n, element in enumerate(tariff.elements):
        if isinstance(element, ReservationRate) and element.free_s > longest:
            reason = "no car is held for longer than the `maximum` of reservations: lower it or take the rate out"
            yield Fault(("elements", n, "free_s"), reason)


@of_service
def levels_of_energy(rulebook: Rulebook) -> Found:
    fleet, reservation = rulebook.fleet, rulebook.reservation
    for path, level in (
        (("reservation", "minimum_energy"), reservation.minimum_energy),
        (("fleet", "low_energy"), fleet.low_energy),
        (("fleet", "restored_energy"), fleet.restored_energy),
    ):
        if not 0 <= level <= 100:  # noqa: PLR2004 (percent)
            yield Fault(path, "a level is in percent: write a number from 0 to 100")
    if fleet.restored_energy <= fleet.low_energy:
        yield Fault(("fleet", "restored_energy"), "a car would be low and filled at once: write more than `low_energy`")
    if fleet.low_energy < reservation.minimum_energy:
        reason = "a car could not be reserved, and nobody would be told to fill it: write at least `minimum_energy`"
        yield Fault(("fleet", "low_energy"), reason)


@of_service
def times_that_are_none(rulebook: Rulebook) -> Found:
    waits = ("payment_timeout", "unlock_timeout", "lock_timeout")
    for name in (*waits, "position_maximum_age", "unused_after", "review_after"):
        if getattr(rulebook.trip, name) <= _NOTHING:
            yield Fault(("trip", name), "no time is too short for anybody: write a longer one")
    if rulebook.billing.confirmation_timeout <= _NOTHING:
        yield Fault(("billing", "confirmation_timeout"), "nobody could confirm anything: write a longer one")
    if rulebook.fleet.silent_after < SHORTEST_SILENCE:
        yield Fault(("fleet", "silent_after"), "cars would be lost between two messages: write at least PT1M")
    if rulebook.reservation.maximum <= _NOTHING:
        yield Fault(("reservation", "maximum"), "no car could be held: write a longer one")
    if rulebook.eligibility.licence_recheck is not None and rulebook.eligibility.licence_recheck <= _NOTHING:
        yield Fault(("eligibility", "licence_recheck"), "no check would hold: write a longer one, or take it out")
    if rulebook.uniqueness.ban_kept_for < _NOTHING:
        yield Fault(("uniqueness", "ban_kept_for"), "no time is shorter than none: write PT0S or longer")
    if not 0 <= rulebook.billing.buyers_kept_years <= LONGEST_KEPT_YEARS:
        reason = f"write years from 0 to {LONGEST_KEPT_YEARS}"
        yield Fault(("billing", "buyers_kept_years"), reason)


@of_service
def ages_that_nobody_has(rulebook: Rulebook) -> Found:
    rules = rulebook.eligibility
    for name, most in (("minimum_age", 120), ("minimum_licence_years", 100)):
        if not 0 <= getattr(rules, name) <= most:
            yield Fault(("eligibility", name), f"write years from 0 to {most}")
    if rules.licence_countries == ():
        yield Fault(("eligibility", "licence_countries"), "nobody could drive: name countries, or take it out for all")


@of_service
def amounts_above_which_somebody_looks(rulebook: Rulebook) -> Found:
    for path, limit in (
        (("trip", "review_above"), rulebook.trip.review_above),
        (("billing", "four_eyes_above"), rulebook.billing.four_eyes_above),
    ):
        currencies = {city.currency: city.name for city in rulebook.cities}
        if limit and (missing := sorted(currencies.keys() - {amount.currency for amount in limit})):
            example = ", ".join(f"{currency} = 100" for currency in sorted(currencies))
            reason = f"nothing is said for {missing[0]}, that of {currencies[missing[0]]}: write {{ {example} }}"
            yield Fault(path, reason)
        for amount in limit:
            if amount.currency not in currencies:
                yield Fault(path, f"no city has {amount.currency}: take it out")
            if amount.amount_minor < 0:
                yield Fault(path, "every price is above this: write 0 or more, or take it out")


@of_service
def tries_that_never_come(rulebook: Rulebook) -> Found:
    for name in ("retry_charge_after", "retry_refund_after"):
        for n, wait in enumerate(getattr(rulebook.billing, name)):
            if wait <= _NOTHING:
                yield Fault(("billing", name, n), "it would be tried again at once: write a longer wait")
    block_after, tries = rulebook.billing.block_after, len(rulebook.billing.retry_charge_after) + 1
    if block_after is not None and not 1 <= block_after <= tries:
        reason = f"the first try is 1 and `retry_charge_after` makes {tries}: write one of them, or take it out"
        yield Fault(("billing", "block_after"), reason)
