"""What tests of the tables of webhooks may ask for."""

import pytest

from adapters.postgres.event_store.store import PostgresEventStore
from tests.support.webhooks import Desk


@pytest.fixture
def desk(store: PostgresEventStore) -> Desk:
    """No webhook yet."""
    return Desk(store)
