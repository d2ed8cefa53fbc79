"""What tests of webhooks may ask for."""

from collections.abc import AsyncIterator

import pytest

from adapters.postgres.event_store.store import PostgresEventStore
from tests.adapters.webhooks.outlets import Outlets
from tests.support.receiver import Receiver


@pytest.fixture
def outlets(store: PostgresEventStore) -> Outlets:
    """No webhook yet, and no event."""
    return Outlets(store)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Takes everything."""
    async with Receiver().listening() as receiver:
        yield receiver
