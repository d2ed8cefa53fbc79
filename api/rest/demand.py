"""Noting what members ask for, so that analysts see demand, and not only what came of it."""

from collections.abc import Awaitable, Sequence
from typing import TypeVar
from uuid import UUID

from api.auth import Caller
from api.system import Row, System
from domain.kernel.demand import Ask, AskKind
from domain.kernel.errors import RefusedError
from domain.kernel.messages import Role
from domain.kernel.units import Position

T = TypeVar("T")

_WHO = frozenset((Role.MEMBER, Role.AGENT, Role.PARTNER))
"""Members, and those who ask for them."""
NOTHING_FOUND = "search.nothing_found"


async def noted(answer: Awaitable[T], kind: AskKind, vehicle_id: UUID, by: Caller, system: System) -> T:
    """An answer to who asked for a car, and a note of it, or of the rules that said no."""
    ask = Ask(kind, by.service, system.clock.now(), by.subject, vehicle_id=vehicle_id)
    try:
        given = await answer
    except RefusedError as refused:
        ask = ask._replace(codes=tuple(violation.code for violation in refused.violations))
        _note(ask, by, system)
        raise
    if not getattr(given, "repeated", False):
        _note(ask, by, system)
    return given


def note_search(found: Sequence[Row], place: Position | None, city_id: str | None, by: Caller, system: System) -> None:
    """Note what was found near a place, or in a city."""
    city_id = city_id or (found[0]["city_id"] if found else None)
    codes = () if found else (NOTHING_FOUND,)
    _note(Ask("search", by.service, system.clock.now(), by.subject, city_id, place, codes=codes), by, system)


def _note(ask: Ask, by: Caller, system: System) -> None:
    if by.role in _WHO:
        system.demand.note(ask)
