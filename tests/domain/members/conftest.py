"""What stories of members begin with."""

import pytest

from tests.domain.world import World


@pytest.fixture
def world() -> World:
    """DriveNow, with nobody in it."""
    return World()
