"""How long a car may be held, and what may be reserved for a period that is to come."""

from datetime import timedelta

from domain.rulebook.base import Rules


class AheadLimits(Rules):
    """Reservations for a period that is to come. Each is kept by the rules that held when it was made."""

    furthest: timedelta = timedelta(days=30)
    """How long before its begin it may be made."""
    shortest: timedelta = timedelta(minutes=30)
    """The least length of a period."""
    longest: timedelta = timedelta(days=30)
    """The greatest length of a period, extensions included."""
    buffer: timedelta = timedelta(minutes=30)
    """How long after each period nobody else may have the car: for who is late, and for cleaning."""
    closed_before: timedelta = timedelta(hours=2)
    """How long before a period its car is closed to members who have not reserved it ahead."""
    pinned_before: timedelta = timedelta(hours=1)
    """How long before its begin the member is told which car it is, keeps it, and takes no other one."""
    looked_before: timedelta = timedelta(minutes=30)
    """How long before its begin a car that is not there or not sound is replaced, if there is another one."""
    start_before: timedelta = timedelta(minutes=15)
    """How long before its begin the trip may start, if the car is there."""
    waits: timedelta = timedelta(minutes=30)
    """How long after its begin a car that is not there is waited for. Then the reservation ends and costs nothing."""
    no_show_after: timedelta = timedelta(hours=1)
    """How long after its begin the car is kept for a member who does not come, within the period."""
    shortened_before: timedelta = timedelta(hours=24)
    """How long before its begin it may last be shortened: later that would be a cancellation in disguise."""
    open_at_once: int = 5
    """How many a member may have open."""
    side_by_side: int = 1
    """How many of them may be for the same time, as for a family."""
    substitutes: tuple[str, ...] = ()
    """Models, each at least as good as those before it: one that is not there is replaced by the same or a later one.

    A model that is not named is replaced by the same only.
    """

    def may_replace(self, model: str) -> tuple[str, ...]:
        """The models that may stand in for one, itself first."""
        if model not in self.substitutes:
            return (model,)
        return (model, *self.substitutes[self.substitutes.index(model) + 1 :])


class ReservationLimits(Rules):
    """How long a car may be held, and what a repeat costs."""

    free: timedelta
    """How long it is held at first."""
    maximum: timedelta
    """Free and paid time together."""
    cooldown: timedelta
    """How long the same member may not hold the same car again after a hold ended without a trip."""
    minimum_energy: float
    """Percent below which a car cannot be reserved."""
    ahead: AheadLimits | None = None
    """Reservations for a period that is to come; not offered when none."""
