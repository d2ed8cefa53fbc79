"""What one must know of a car to choose it, to find it and to drive it. The words are those of GBFS 3.0."""

from typing import Annotated, Literal

from pydantic import Field

from domain.kernel.units import Metres
from domain.kernel.values import Value

Propulsion = Literal["combustion", "combustion_diesel", "hybrid", "plug_in_hybrid", "electric", "hydrogen_fuel_cell"]
Transmission = Literal["automatic", "manual"]
Seats = Annotated[int, Field(ge=1, le=9)]
"""With that of the driver; a car with more than nine is a bus."""
Address = Annotated[str, Field(max_length=500, pattern=r"^https://[^\s\x00]+$")]


class Description(Value):
    """What is known of a car when it comes, and seldom changes."""

    plate: Annotated[str, Field(min_length=1, max_length=20)]
    make: Annotated[str, Field(min_length=1, max_length=40)]
    model: Annotated[str, Field(min_length=1, max_length=60)]
    """As tariffs name it."""
    propulsion: Propulsion
    transmission: Transmission | None = None
    seats: Seats | None = None
    full_range_m: Metres | None = None
    """How far it goes with a full tank or battery."""
    image_url: Address | None = None

    def alone(self) -> "Description":
        """Without what else is said beside it."""
        return Description.model_validate(self.model_dump(include=set(Description.model_fields)))


def range_m(full_range_m: int | None, energy_percent: float | None) -> int | None:
    """How far it goes now; none where either is not known."""
    if full_range_m is None or energy_percent is None:
        return None
    return int(full_range_m * energy_percent / 100)
