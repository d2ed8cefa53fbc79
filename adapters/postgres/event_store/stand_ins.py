"""Ids that stand for values about persons, found by a keyed digest of the value as long as that is kept."""

import secrets
from uuid import UUID

import asyncpg

from adapters.postgres.database import retrying
from adapters.postgres.event_store.key_store import KeyStore
from adapters.postgres.keyed_digests import keyed_digest

KEY = "stand_ins"
"""The installation's key for these digests and for nothing else."""

_KNOWN = "select stand_in from csbe.stand_ins where digest = $1"
_MAKE = "insert into csbe.stand_ins (digest, stand_in) values ($1, $2) on conflict (digest) do nothing"
_FORGET = "delete from csbe.stand_ins where stand_in = $1"


class StandIns:
    """HMAC-SHA-256 over kind and value: nobody can try values out without the key, nor without the row."""

    def __init__(self, pool: asyncpg.Pool, keys: KeyStore) -> None:
        self._pool = pool
        self._keys = keys
        self._key: bytes | None = None

    async def of(self, kind: str, value: str) -> UUID:
        """The id for a value, made by chance when it comes for the first time. Durable when this returns."""
        digest = await self._digest(kind, value)
        if (known := await self._known(digest)) is not None:
            return known
        made = UUID(int=secrets.randbits(128), version=4)
        await retrying(lambda: self._pool.execute(_MAKE, digest, made))
        return await self._known(digest) or made

    async def known(self, kind: str, value: str) -> UUID | None:
        """The id for a value that has one."""
        return await self._known(await self._digest(kind, value))

    async def forget(self, stand_in: UUID) -> None:
        """Have nothing lead to an id any more. Twice changes nothing."""
        await retrying(lambda: self._pool.execute(_FORGET, stand_in))

    async def _known(self, digest: bytes) -> UUID | None:
        found: UUID | None = await retrying(lambda: self._pool.fetchval(_KNOWN, digest))
        return found

    async def _digest(self, kind: str, value: str) -> bytes:
        if self._key is None:
            self._key = await self._keys.of_installation(KEY)
        return keyed_digest(self._key, kind, value)
