"""The API is tested on the whole system."""

from tests.journeys.conftest import city, faults

__all__ = ["city", "faults"]
