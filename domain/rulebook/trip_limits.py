"""What a rulebook says of trips: time-outs, the end, what is looked at before it is charged."""

from datetime import timedelta
from typing import Literal

from domain.kernel.money import Money
from domain.rulebook.base import Rules

BillUntil = Literal["wish", "later"]
"""Where the meter of a trip stops: at the wish to end it, or at the later of the wish and its fulfilment."""


class TripLimits(Rules):
    """Time-outs of payment and car, and what the end of a trip and its corrections need."""

    payment_timeout: timedelta = timedelta(minutes=2)
    """How long a start waits for the payment provider."""
    unlock_timeout: timedelta = timedelta(seconds=30)
    """How long a car may take to confirm that it is unlocked."""
    lock_timeout: timedelta = timedelta(seconds=30)
    """How long a car may take to confirm that it is locked."""
    position_maximum_age: timedelta = timedelta(minutes=5)
    """How old the car's position may be where a trip ends."""
    bill_until: BillUntil = "later"
    """Where the meter stops: at the wish to end the trip, or at the car's own time of fulfilling it, if later."""
    unused_after: timedelta = timedelta(hours=24)
    """After so long a member is reminded of a trip in which the car was never driven."""
    maximum_backdating: timedelta = timedelta(hours=24)
    """A forced end that an agent dates further back is held for review."""
    damage_margin: timedelta = timedelta(minutes=10)
    """How soon after the start, with the car not driven yet, a damage was there before; how long after the end it may
    be reported; and how long a car may stand before or after a trip that alone had it."""
    review_after: timedelta = timedelta(days=2)
    """A trip longer than this is priced but held for review instead of captured."""
    review_above: tuple[Money, ...] = ()
    """A gross price above this is held for review too; an amount for each currency of the cities."""
