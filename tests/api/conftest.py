"""The API is tested on the whole system."""

from tests.api.cli.terminal import csbe
from tests.journeys.conftest import broker, broker_kind, city, faults, installation, place, texts

__all__ = ["broker", "broker_kind", "city", "csbe", "faults", "installation", "place", "texts"]
