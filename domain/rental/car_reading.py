"""What is known of a car at a step of its trip."""

from domain.fleet.state import Doubt
from domain.kernel.units import Metres, Percent, Position
from domain.kernel.values import Instant, Value


class CarReading(Value):
    """The newest of each kind, and when it was measured; `None` where the car never told."""

    position: Position | None = None
    position_at: Instant | None = None
    way_m: Metres | None = None
    """How far its places lie apart, added up since it was first heard of."""
    odometer_m: Metres | None = None
    odometer_at: Instant | None = None
    odometer_doubt: Doubt | None = None
    energy_percent: Percent | None = None
    zones: tuple[str, ...] = ()
    """Kinds and names of the zones that it stands in."""
