"""In which zones a car is, although the places that its receiver gives waver around their borders."""

from dataclasses import dataclass
from datetime import datetime

from domain.kernel.ids import ZoneId
from domain.kernel.units import Position

WAVERS_M = 50.0
"""How far the places of one receiver that stands lie apart, as a rule."""
AGREE = 5
"""So many places in a row are not wavering."""


@dataclass(slots=True)
class ZoneWatch:
    """What is remembered of one car's zones."""

    inside: frozenset[ZoneId] | None = None
    at: datetime | None = None
    """Of the place that was looked at last."""
    crossed: Position | None = None
    """Where they were others last."""
    differing: int = 0
    """So many places in a row have been in other zones, close to where it crossed a border."""

    def look(
        self, found: frozenset[ZoneId], position: Position, at: datetime, accuracy_m: float | None
    ) -> frozenset[ZoneId]:
        """The zones that it is in now.

        Close to where it crossed a border it has to be in others several times in a row, further away once.
        """
        self.at = at
        if self.inside is None or found == self.inside:
            self.inside, self.differing = found, 0
        elif self._is_elsewhere(position, accuracy_m) or self.differing + 1 >= AGREE:
            self.inside, self.crossed, self.differing = found, position, 0
        else:
            self.differing += 1
        return self.inside

    def _is_elsewhere(self, position: Position, accuracy_m: float | None) -> bool:
        return self.crossed is None or self.crossed.distance_m(position) > max(WAVERS_M, 2 * (accuracy_m or 0))
