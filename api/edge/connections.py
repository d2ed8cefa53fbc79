"""The open connections of a server: how many there may be, and which one goes when there is no room."""

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from typing import Protocol


class Evictable(Protocol):
    """A connection that can be cut."""

    def cut(self) -> None: ...


class Connections:
    """Counts connections, all and by source. The one that has kept us waiting for longest makes room for a new one.

    A connection keeps us waiting until it has sent a whole request, and again once that is answered.
    """

    def __init__(self, most: int, most_per_source: int) -> None:
        self._most = most
        self._most_per_source = most_per_source
        self._sources: dict[Evictable, str | None] = {}
        self._of_source: dict[str | None, int] = {}
        self._waiting: OrderedDict[Evictable, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sources)

    def admit(self, connection: Evictable, source: str | None) -> bool:
        """Count a connection of a source, or of one that is not limited; false when all others are being served."""
        if source is not None and self._of_source.get(source, 0) >= self._most_per_source and not self._evict(source):
            return False
        if len(self._sources) >= self._most and not self._evict():
            return False
        self._sources[connection] = source
        self._of_source[source] = self._of_source.get(source, 0) + 1
        self._waiting[connection] = None
        return True

    def served(self, connection: Evictable) -> None:
        """It has sent a whole request: nobody takes its place before that is answered."""
        self._waiting.pop(connection, None)

    def waits(self, connection: Evictable) -> None:
        """Its request is answered."""
        if connection in self._sources:
            self._waiting[connection] = None

    def leave(self, connection: Evictable) -> None:
        """It has ended. Again, it changes nothing."""
        self._waiting.pop(connection, None)
        if connection not in self._sources:
            return
        source = self._sources.pop(connection)
        self._of_source[source] -= 1
        if not self._of_source[source]:
            del self._of_source[source]

    def _evict(self, source: str | None = None) -> bool:
        """Cut the longest waiting connection, of that source if one is given."""
        longest = next((one for one in self._waiting if source is None or self._sources[one] == source), None)
        if longest is None:
            return False
        self.leave(longest)
        longest.cut()
        return True


def network_of(address: str) -> str:
    """Whom an address stands for: an IPv6 network has 2^64 of them for whoever has one."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped) if found.ipv4_mapped else f"{IPv6Address(int(found) >> 64 << 64)}/64"
    return address
