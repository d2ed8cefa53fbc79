"""Reservations ahead of time whose rules contradict each other, or nobody could keep."""

from datetime import timedelta

from domain.rulebook.faults.rules import Fault, Found, of_service
from domain.rulebook.model import Rulebook
from domain.rulebook.reservations import AheadLimits

_NOTHING = timedelta(0)
_LONGER_THAN_NONE = ("furthest", "shortest", "longest", "no_show_after")
_NOT_BELOW_NONE = (
    "buffer",
    "closed_before",
    "pinned_before",
    "looked_before",
    "start_before",
    "waits",
    "shortened_before",
)


@of_service
def times_of_reservations_ahead(rulebook: Rulebook) -> Found:
    ahead = rulebook.reservation.ahead
    if ahead is None:
        return
    for name in _LONGER_THAN_NONE:
        if getattr(ahead, name) <= _NOTHING:
            yield _fault(name, "nobody could reserve: write a longer one")
    for name in _NOT_BELOW_NONE:
        if getattr(ahead, name) < _NOTHING:
            yield _fault(name, "no time is shorter than none: write PT0S or longer")
    yield from _against_each_other(ahead)


def _against_each_other(ahead: AheadLimits) -> Found:
    if ahead.shortest > ahead.longest:
        yield _fault("shortest", "no period would be allowed: write at most what `longest` says")
    if ahead.looked_before > ahead.pinned_before:
        yield _fault("looked_before", "nothing is done before a car is pinned: write at most what `pinned_before` says")
    if ahead.pinned_before > ahead.closed_before:
        yield _fault("pinned_before", "somebody could take the pinned car: write at most what `closed_before` says")
    if ahead.waits > ahead.no_show_after:
        yield _fault("waits", "who waits for a car would count as not come: write at most what `no_show_after` says")
    for name in ("open_at_once", "side_by_side"):
        if getattr(ahead, name) < 1:
            yield _fault(name, "nobody could reserve: write 1 or more")
    if len(set(ahead.substitutes)) < len(ahead.substitutes):
        yield _fault("substitutes", "a model stands in it twice: write each once")


def _fault(name: str, reason: str) -> Fault:
    return Fault(("reservation", "ahead", name), reason)
