"""The API is tested on the whole system."""

from tests.journeys.conftest import broker, city, faults, installation, place, rulebooks

__all__ = ["broker", "city", "faults", "installation", "place", "rulebooks"]
