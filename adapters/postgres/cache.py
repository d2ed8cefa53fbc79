"""Recently used aggregates, kept in memory."""

import copy
from collections import OrderedDict
from uuid import UUID

from domain.kernel.aggregate import Aggregate


class AggregateCache:
    """The aggregates used last, at the newest version seen. In and out go copies, without pending events."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._aggregates: OrderedDict[UUID, Aggregate] = OrderedDict()
        self._services: dict[UUID, str] = {}

    def get(self, id: UUID) -> Aggregate | None:
        """A copy of the aggregate, or none."""
        found = self._aggregates.get(id)
        if found is None:
            return None
        self._aggregates.move_to_end(id)
        return _copy(found)

    def put(self, aggregate: Aggregate) -> None:
        """Keep a copy, unless a newer version is here already."""
        known = self._aggregates.get(aggregate.id)
        if known is not None and known.version >= aggregate.version:
            return
        self._aggregates[aggregate.id] = _copy(aggregate)
        self._aggregates.move_to_end(aggregate.id)
        if len(self._aggregates) > self._size:
            oldest, _ = self._aggregates.popitem(last=False)
            self._services.pop(oldest, None)

    def advance(self, aggregate: Aggregate) -> None:
        """Keep a copy in place of an older version, if that is still here."""
        if aggregate.id in self._aggregates:
            self.put(aggregate)

    def service_of(self, id: UUID) -> str | None:
        """The service that the aggregate belongs to, if that is known; it never changes."""
        return self._services.get(id)

    def note_service(self, id: UUID, service: str) -> None:
        """Keep the service of an aggregate for as long as the aggregate itself."""
        self._services[id] = service

    def evict(self, id: UUID) -> None:
        """Forget one aggregate."""
        self._aggregates.pop(id, None)

    def clear(self) -> None:
        """Forget everything, e.g. because somebody was erased."""
        self._aggregates.clear()
        self._services.clear()


def _copy(aggregate: Aggregate) -> Aggregate:
    twin = copy.copy(aggregate)
    twin._pending_events = []  # noqa: SLF001 (the library has no other way to make a copy without them)
    return twin
