"""The API is tested on the whole system."""

from tests.api.terminal import csbe
from tests.journeys.conftest import city, faults

__all__ = ["city", "csbe", "faults"]
