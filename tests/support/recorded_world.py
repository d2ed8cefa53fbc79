"""A world whose events also stand in the real store."""

from collections.abc import Sequence
from copy import deepcopy

from adapters.postgres.event_store.store import PostgresEventStore
from domain.contexts import HANDLERS
from domain.dispatcher import Dispatcher
from domain.kernel.aggregate import Aggregate
from domain.kernel.messages import Metadata
from tests.support.memory_store import MemoryStore
from tests.support.world import World


class RecordedTwice(MemoryStore):
    """Decides from memory; what was decided is appended to the real store first."""

    def __init__(self, real: PostgresEventStore) -> None:
        super().__init__()
        self._real = real

    async def append(
        self,
        aggregates: Sequence[Aggregate],
        metadata: Metadata,
        *,
        result: str | None,
        fingerprint: str,
        publication: int | None = None,
    ) -> int:
        await self._real.append(deepcopy(aggregates), metadata, result=result, fingerprint=fingerprint)
        return await super().append(
            aggregates, metadata, result=result, fingerprint=fingerprint, publication=publication
        )


def recorded_world(store: PostgresEventStore) -> World:
    """The whole domain, its cars and its payment provider, recorded in PostgreSQL."""
    world = World()
    world.store = RecordedTwice(store)
    world._dispatcher = Dispatcher(world.store, world, world.rulebooks, HANDLERS)
    return world
