"""Is an odometer believable? By what a car can drive in the time, and by the way that its places show."""

from dataclasses import dataclass

from adapters.mqtt.anomalies import NOTHING, Anomaly, Limits
from domain.fleet.driving import LEAST_SHARE, MOST_SHARE
from domain.fleet.state import Doubt

_ODOMETER = frozenset({Anomaly.ODOMETER})
_CONTRADICTED = frozenset({Anomaly.CONTRADICTED})

COARSEST_M = 10_000
"""No odometer counts in larger steps."""
FINE_M = 1_000
"""One that counts in larger steps does not tell how far a trip went."""
ROUNDED_M = 500
"""Steps as large may be of another unit, such as miles, and rounded to metres."""


@dataclass(slots=True)
class Odometer:
    """What is remembered of one vehicle's odometer."""

    metres: int | None = None
    """The newest that is possible."""
    at: float | None = None
    suspect: tuple[int, float] | None = None
    """An impossible one, kept in case the next agrees with it."""
    step_m: int = 0
    """The largest that divides all its steps so far."""
    is_doubted: bool = False
    """Its places, or they and its speedometer, say otherwise."""
    compared: tuple[int, float] | None = None
    """Odometer and way driven when both were compared last."""

    @property
    def doubt(self) -> Doubt | None:
        """What speaks against using it for the length of a trip."""
        if self.is_doubted:
            return "contradicted"
        return "coarse" if self.step_m > FINE_M else None

    @property
    def coarseness_m(self) -> int:
        """In which steps it counts."""
        return min(self.step_m, COARSEST_M)

    def read(self, metres: int, at: float, limits: Limits) -> frozenset[Anomaly]:
        """Take a reading, unless it is impossible: what the next agrees with is taken then, and doubted at first."""
        if self.metres is None or self.at is None or self._can_follow(self.metres, self.at, metres, at, limits):
            self._take(metres, at)
            return NOTHING
        if self.suspect is not None and self._can_follow(*self.suspect, metres, at, limits):
            self._take(metres, at)
            self.compared, self.is_doubted = None, True
            return _CONTRADICTED
        self.suspect = (metres, at)
        return _ODOMETER

    def compare(self, way_m: float, limits: Limits) -> frozenset[Anomaly]:
        """Look whether it has kept up with the way that the places show, each time that they have gone far enough."""
        if self.metres is None:
            return NOTHING
        if self.compared is None:
            self.compared = (self.metres, way_m)
            return NOTHING
        gone_m = way_m - self.compared[1]
        if gone_m < limits.compared_m + 2 * self.coarseness_m:
            return NOTHING
        driven_m = self.metres - self.compared[0]
        self.compared = (self.metres, way_m)
        self.is_doubted = not LEAST_SHARE * gone_m <= driven_m <= MOST_SHARE * gone_m
        return _CONTRADICTED if self.is_doubted else NOTHING

    def _take(self, metres: int, at: float) -> None:
        step_m = 0 if self.metres is None else abs(metres - self.metres)
        if step_m <= COARSEST_M:
            self.step_m = _common_step_m(self.step_m, step_m)
        self.metres, self.at, self.suspect = metres, at, None

    def _can_follow(self, metres: int, at: float, later_m: int, later: float, limits: Limits) -> bool:
        most_m = limits.max_speed_mps * max(0.0, later - at) + limits.drift_m
        return -limits.drift_m - self.coarseness_m <= later_m - metres <= most_m + self.coarseness_m


def _common_step_m(one: int, other: int) -> int:
    """The largest that divides both, as Euclid found it, give or take the metre by which each may be rounded."""
    small, large = sorted((one, other))
    while small:
        times = round(large / small)
        left = abs(large - times * small)
        if left <= (1 + times if small >= ROUNDED_M else 0):
            return small
        small, large = sorted((left, small))
    return large
