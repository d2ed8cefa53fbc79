"""In which zones a car is, although the places that its receiver gives waver around their borders."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from domain.kernel.ids import ZoneId
from domain.kernel.units import distance_m

WAVERS_M = 50.0
"""How far the places of one receiver that stands lie apart, as a rule."""
AGREE = 5
"""So many places in a row are not wavering."""


@dataclass(slots=True)
class ZoneWatch:
    """What is remembered of one car's zones."""

    inside: tuple[str, ...] | None = None
    """Their ids, in order."""
    at: float | None = None
    """Of the place that was looked at last, in seconds since 1970."""
    crossed: tuple[float, float] | None = None
    """Latitude and longitude where they were others last."""
    differing: int = 0
    """So many places in a row have been in other zones, close to where it crossed a border."""

    def look(
        self, found: Iterable[ZoneId], latitude: float, longitude: float, at: float, accuracy_m: float | None
    ) -> tuple[ZoneId, ...]:
        """The zones that it is in now.

        Close to where it crossed a border it has to be in others several times in a row, further away once.
        """
        self.at = at
        now = tuple(sorted(str(zone_id) for zone_id in found))
        if self.inside is None or now == self.inside:
            self.inside, self.differing = now, 0
        elif self._is_elsewhere(latitude, longitude, accuracy_m) or self.differing + 1 >= AGREE:
            self.inside, self.crossed, self.differing = now, (latitude, longitude), 0
        else:
            self.differing += 1
        return self.zones

    @property
    def zones(self) -> tuple[ZoneId, ...]:
        """Those that it is in."""
        return tuple(ZoneId(UUID(zone_id)) for zone_id in self.inside or ())

    def _is_elsewhere(self, latitude: float, longitude: float, accuracy_m: float | None) -> bool:
        if self.crossed is None:
            return True
        return distance_m(*self.crossed, latitude, longitude) > max(WAVERS_M, 2 * (accuracy_m or 0))
