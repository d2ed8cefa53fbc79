"""Names of the MQTT topics, and what a topic says about the vehicle."""

import re
from functools import lru_cache
from typing import Literal, NamedTuple, cast

from domain.kernel.units import VIN

Channel = Literal["telemetry", "responses", "status"]

CHANNELS: tuple[Channel, ...] = ("telemetry", "responses", "status")
"""What vehicles publish on."""

SERVICE = "[a-z0-9-]{1,40}"
"""Pattern of a service's key as it stands in a topic."""
_TOPIC = re.compile(rf"csbe/v1/(?P<service>{SERVICE})/vehicles/(?P<vin>{VIN})/(?P<channel>telemetry|responses|status)")


class VehicleAddress(NamedTuple):
    """Which car of which service a message came from, and on which channel."""

    service: str
    vin: str
    channel: Channel


@lru_cache(maxsize=50_000)  # more than three topics of each of 14,000 cars
def parse(topic: str) -> VehicleAddress | None:
    """The address in a topic that a vehicle publishes on; `None` for any other topic."""
    match = _TOPIC.fullmatch(topic)
    return VehicleAddress(match["service"], match["vin"], cast("Channel", match["channel"])) if match else None


def of_vehicle(service: str, vin: str, channel: str) -> str:
    """The topic of one car."""
    return f"csbe/v1/{service}/vehicles/{vin}/{channel}"


def subscriptions(share: str | None = None, *, first: bool = True) -> list[str]:
    """Topic filters for ingest. Processes with the same `share` divide the telemetry; the first has all the rest."""
    prefix = f"$share/{share}/" if share else ""
    telemetry, *rest = (f"csbe/v1/+/vehicles/+/{channel}" for channel in CHANNELS)
    return [f"{prefix}{telemetry}", *(rest if first else ())]


def end_of_session(client_id: str) -> str:
    """What a session is told last, by whoever reads what is left in it."""
    return f"csbe/v1/backend/{client_id}/end"
