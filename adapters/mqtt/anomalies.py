"""What can be odd about a car's message, and what a car and its clock can do."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from domain.fleet.driving import MOST_KMH, STANDING_KMH


class Anomaly(StrEnum):
    """What can be wrong with a message. The names are permanent: stored with the telemetry, and labels of metrics."""

    DUPLICATE = "duplicate"
    """The same count with the same time as before."""
    OUT_OF_ORDER = "out_of_order"
    """Overtaken by a newer one: only what none has told since counts."""
    LATE = "late"
    """In order, but long after it was measured: the car had no contact."""
    CLOCK_SKEW = "clock_skew"
    """The car's clock is ahead or behind; its time has been corrected."""
    NO_FIX = "no_fix"
    """Its receiver says that it does not know where it is, or 0/0."""
    INACCURATE = "inaccurate"
    """Its receiver knows only roughly where it is."""
    FROZEN = "frozen"
    """The same fix again, to the last digit, from a car that cannot have stopped."""
    JUMP = "jump"
    """Further from the fix before it than a car can drive in that time, can catch up, or has driven by its odometer."""
    ODOMETER = "odometer"
    """An odometer that ran backwards, or further than a car can drive in that time."""
    CONTRADICTED = "contradicted"
    """The odometer says otherwise than places and speedometer: it is the one to doubt."""


NOTHING: frozenset[Anomaly] = frozenset()


class Limits(BaseModel):
    """What a car and its clock can do. Times are seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    late_s: float = 120.0
    skew_s: float = 30.0
    longest_delay_s: float = 30 * 86_400.0
    """No car keeps a message for longer: its clock is wrong."""
    steady_messages: int = 5
    steady_for_s: float = 60.0
    """So many messages, over so long, that come as far apart as they were measured come straight from the car."""
    wavers_s: float = 2.0
    """How much the way of such messages may differ,"""
    most_lost_share: float = 0.4
    """but for what a clock may lose of the time between them."""
    holds_s: float = 15.0
    """So long a speed or an accuracy told by itself counts for a place."""
    sea_deg: float = 0.001
    """Closer to 0/0 than this there is only the sea, and receivers that have lost their place."""
    max_speed_mps: float = MOST_KMH / 3.6
    max_acceleration_mps2: float = 9.81
    """1 g: a car that would have to brake harder to stand where it says has not stopped."""
    standing_kmh: float = STANDING_KMH
    """A speedometer above this means that the car moves."""
    step_m: float = 12.0
    """Distance is added in steps of at least this, so that the noise of a standing receiver is not driven."""
    drift_m: float = 150.0
    """How far a fix may lie from where the odometer allows the car to be."""
    roughest_m: float = 200.0
    """A receiver that is less sure of its place than this does not know it."""
    compared_m: float = 2_000.0
    """Over such a way the odometer must agree with the places."""


DEFAULT_LIMITS = Limits()
