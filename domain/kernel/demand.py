"""What people look for: too cheap a fact for an event, and counted without the person."""

from datetime import datetime
from typing import Literal, NamedTuple, Protocol
from uuid import UUID

from domain.kernel.units import Position

AskKind = Literal["search", "quote", "reservation", "trip"]
"""A search is for any car that is near, the others are for one car."""


class Ask(NamedTuple):
    """Somebody asked for a car. Where: at a place, or where the car stands, or only in a city."""

    kind: AskKind
    service: str
    at: datetime
    asker: str
    """Never kept: it tells only whether others asked too."""
    city_id: str | None = None
    place: Position | None = None
    vehicle_id: UUID | None = None
    codes: tuple[str, ...] = ()
    """Why not, by the codes of the rules that said no; none when the ask was met."""


class DemandLog(Protocol):
    """Counts asks. It costs whoever asks next to nothing, and may lose some when there are too many."""

    def note(self, ask: Ask, /) -> None:
        """Count it soon."""
        ...
