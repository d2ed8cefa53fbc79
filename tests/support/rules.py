"""Rulebooks with one limit changed, where a test would have to wait too long for the real one."""

from collections.abc import Mapping
from datetime import timedelta

from domain.rulebook.model import Rulebook
from tests.support.services import DRIVENOW_EUROPE, RULEBOOKS


def with_trip_limits(**limits: timedelta) -> Mapping[str, Rulebook]:
    """DriveNow Europe with other limits of a trip."""
    trip = DRIVENOW_EUROPE.trip.model_copy(update=limits)
    return {**RULEBOOKS, DRIVENOW_EUROPE.key: DRIVENOW_EUROPE.model_copy(update={"trip": trip})}


def without_repeat_hold() -> Mapping[str, Rulebook]:
    """DriveNow Europe where a member may hold the same car again at once."""
    reservation = DRIVENOW_EUROPE.reservation.model_copy(update={"cooldown": timedelta()})
    return {**RULEBOOKS, DRIVENOW_EUROPE.key: DRIVENOW_EUROPE.model_copy(update={"reservation": reservation})}
