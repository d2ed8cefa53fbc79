"""What stories of rental begin with."""

import pytest

from tests.support.people_and_cars import area
from tests.support.world import World


@pytest.fixture
async def world() -> World:
    """A city in which trips may end."""
    world = World()
    await area(world)
    return world
