"""The newest values of cars, for whoever decides."""

from typing import TypeVar

from adapters.mqtt.memory import twin_of
from adapters.postgres.telemetry import TelemetryStore
from domain.kernel.values import Value

V = TypeVar("V", bound=Value)


class Twins:
    """What cars have sent, by VIN: a `NewestValues`."""

    def __init__(self, telemetry: TelemetryStore) -> None:
        self._telemetry = telemetry

    async def newest(self, kind: type[V], key: str, /) -> V | None:
        stored = await self._telemetry.twin(key)
        if stored is None:
            return None
        readings = (
            twin_of(stored).readings().model_copy(update={"heard_at": stored.heard_at, "asked_at": stored.asked_at})
        )
        return readings if isinstance(readings, kind) else None
