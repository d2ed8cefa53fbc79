"""What tests of the adapters to PostgreSQL may ask for."""

import asyncpg
import pytest

from tests.support.bedroom import Bedroom


@pytest.fixture
def bedroom(pool: asyncpg.Pool) -> Bedroom:
    """Where tasks are carried out, at noon."""
    return Bedroom(pool)
