"""The ids of requests and of what they make: they tell nothing, and those of new things ascend."""

import hmac
import secrets
from hashlib import sha256
from threading import Lock
from time import time_ns
from uuid import UUID

import orjson

from domain.kernel.ids import TIME_ORDERED, CommandId, of_the_time_of

_NS_PER_MS = 1_000_000


class CommandIds:
    """A command's id from who asks, what for and the key: the same again for a retry, and nobody can guess another's.

    The secret never changes: with another one, a retry would be carried out as a new command.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def of(self, *, service: str, role: str, asker: str, command: str, key: str) -> CommandId:
        """A UUID of version 8 (RFC 9562, 5.8): 122 bits of an HMAC over the parts, which cannot run into each other.

        For a key that is itself a UUID of version 7, of the same time and 74 bits: an index takes those of one time
        side by side.
        """
        digest = hmac.digest(self._secret, orjson.dumps((service, role, asker, command, key)), sha256)
        number = int.from_bytes(digest[:16])
        if (asked_at := _time_ordered(key)) is not None:
            return CommandId(of_the_time_of(asked_at, number))
        return CommandId(UUID(int=_versioned(number, version=8)))


def _time_ordered(key: str) -> UUID | None:
    try:
        known = UUID(key)
    except ValueError:
        return None
    return known if known.version == TIME_ORDERED else None


class NewIds:
    """Ids of new things: UUIDs of version 7 (RFC 9562, 5.7), so that an index takes those of one time side by side."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last_ns = 0

    def __call__(self) -> UUID:
        """A new one, later than every one before it in this process: to 1/4096 ms (method 3 of 6.2)."""
        with self._lock:
            self._last_ns = now = max(time_ns(), self._last_ns + _NS_PER_MS // 4096 + 1)
        milliseconds, rest = divmod(now, _NS_PER_MS)
        fraction = rest * 4096 // _NS_PER_MS
        return UUID(int=_versioned(milliseconds << 80 | fraction << 64 | secrets.randbits(62), version=7))


new_id = NewIds()


def _versioned(number: int, *, version: int) -> int:
    """With the version and the variant of RFC 9562 in their places."""
    return number & ~(0xF << 76 | 0x3 << 62) | version << 76 | 0x2 << 62
