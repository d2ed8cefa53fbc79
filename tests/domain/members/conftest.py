"""What stories of members begin with."""

import pytest

from tests.support.world import World


@pytest.fixture
def world() -> World:
    """DriveNow, with nobody in it."""
    return World()
