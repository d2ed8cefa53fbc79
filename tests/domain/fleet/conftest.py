"""What stories of the fleet begin with."""

import pytest

from tests.support.world import World


@pytest.fixture
def world() -> World:
    """DriveNow, with no cars and no zones."""
    return World()
