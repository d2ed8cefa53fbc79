"""Recently used aggregates, kept in memory."""

from collections import OrderedDict
from typing import NamedTuple
from uuid import UUID

from domain.kernel.aggregate import Aggregate


class CachedAggregate(NamedTuple):
    """An aggregate as it was when it was used last."""

    aggregate: Aggregate
    service: str | None
    """The service that its history began in; it never changes."""
    snapshot_version: int = 0
    """The version at which a snapshot was taken last, or was not worth trying; 0 when there is none."""


class AggregateCache:
    """The aggregates used last, at the newest version seen. In and out go copies, without pending events.

    A copy shares the values of the fields: reactions assign new ones, and never change one in place.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._remembered: OrderedDict[UUID, CachedAggregate] = OrderedDict()

    def get(self, id: UUID) -> CachedAggregate | None:
        """What is remembered, with a copy of the aggregate, or none."""
        found = self._remembered.get(id)
        if found is None:
            return None
        self._remembered.move_to_end(id)
        return _copy(found)

    def facts_of(self, aggregate: Aggregate) -> CachedAggregate | None:
        """What is remembered beside an aggregate, with this one in place of the copy, or none."""
        found = self._remembered.get(aggregate.id)
        return found and found._replace(aggregate=aggregate)

    def put(self, remembered: CachedAggregate) -> None:
        """Keep a copy, unless a newer version is here already."""
        id = remembered.aggregate.id
        known = self._remembered.get(id)
        if known is not None and known.aggregate.version > remembered.aggregate.version:
            return
        self._remembered[id] = _copy(remembered)
        self._remembered.move_to_end(id)
        if len(self._remembered) > self._size:
            self._remembered.popitem(last=False)

    def evict(self, id: UUID) -> None:
        """Forget one aggregate."""
        self._remembered.pop(id, None)

    def clear(self) -> None:
        """Forget everything, e.g. because somebody was erased."""
        self._remembered.clear()


def _copy(remembered: CachedAggregate) -> CachedAggregate:
    kind = type(remembered.aggregate)
    twin = kind.__new__(kind)
    twin.__dict__.update(remembered.aggregate.__dict__, _pending_events=[])
    return remembered._replace(aggregate=twin)
