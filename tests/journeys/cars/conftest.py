"""A city in which time passes as a story says."""

from collections.abc import AsyncIterator

import pytest

from tests.support.installation import Installation
from tests.support.street import Street


@pytest.fixture
async def street(installation: Installation) -> AsyncIterator[Street]:
    """Five cars in the streets and everything running."""
    async with installation.walked() as street:
        yield street
