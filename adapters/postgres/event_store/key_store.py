"""The keys of persons. Destroying a key erases the person from everything that was stored under it."""

import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import asyncpg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.postgres.database import retrying
from adapters.postgres.event_store.master_keys import MasterKeys
from domain.kernel.ids import derived_id

CACHE_SIZE = 50_000
"""Keys kept in memory, about 1 kB each."""

CACHE_SECONDS = 60.0
"""How long a destroyed key may live on in the memory of another process that does not hear of it."""

_NONCE_BYTES = 12
_KEY_BYTES = 32

_CREATE = "insert into csbe.keys (subject, key) select * from unnest($1::uuid[], $2::bytea[]) on conflict do nothing"
_FETCH = "select subject, key from csbe.keys where subject = any($1::uuid[])"
_MAKE_OWN = "insert into csbe.installation_keys (name, key) values ($1, $2) on conflict do nothing"
_FETCH_OWN = "select key from csbe.installation_keys where name = $1"
_DESTROY = """
with destroyed as (
    insert into csbe.keys (subject, key, destroyed_at) select unnest($1::uuid[]), null, now()
    on conflict (subject) do update set key = null, destroyed_at = coalesce(keys.destroyed_at, now())
)
select pg_notify('csbe_erasures', '')
"""


@dataclass(frozen=True)
class PersonKey:
    """Encrypts and decrypts under one person's key. `cipher` is none once the key is destroyed."""

    cipher: AESGCM | None
    digests: bytes | None = None
    """The key for digests, which follows from the same secret."""

    @classmethod
    def of(cls, secret: bytes) -> "PersonKey":
        """Both keys from what is stored."""
        return cls(AESGCM(secret), hmac.digest(secret, b"digests", sha256))

    def encrypt(self, plain: bytes, context: bytes) -> bytes | None:
        """Nonce and ciphertext, bound to `context`; none when the person is erased."""
        if self.cipher is None:
            return None
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self.cipher.encrypt(nonce, plain, context)

    def decrypt(self, secret: bytes, context: bytes) -> bytes | None:
        """The plain bytes; none when the person is erased. Raises `cryptography.exceptions.InvalidTag` when forged."""
        if self.cipher is None:
            return None
        return self.cipher.decrypt(secret[:_NONCE_BYTES], secret[_NONCE_BYTES:], context)


ERASED = PersonKey(None)


def owner_of(name: str) -> UUID:
    """To whom a key of the installation belongs."""
    return derived_id("installation_key", name)


class KeyStore:
    """Keeps one AES-256 key per person in `csbe.keys`, wrapped by the master key.

    Without one, as for an auditor, nobody's key can be read, and what is about a person reads as if they were erased.
    """

    def __init__(self, pool: asyncpg.Pool, masters: MasterKeys | None = None) -> None:
        self._pool = pool
        self._masters = masters
        self._cache: OrderedDict[UUID, tuple[float, PersonKey]] = OrderedDict()
        self._erasures = 0

    async def keys_for_writing(self, subjects: Iterable[UUID]) -> dict[UUID, PersonKey]:
        """The keys of persons, created where there was none. Durable when this returns."""
        wanted = set(subjects)
        found = await self.keys_for_reading(wanted, remember_missing=False)
        missing = [subject for subject in wanted if found[subject] is ERASED]
        if not missing:
            return found
        created = [self.wrap(s, AESGCM.generate_key(256)) for s in missing]
        await retrying(lambda: self._pool.execute(_CREATE, missing, created))
        return found | await self._fetch(missing, remember_missing=True)

    async def keys_for_reading(
        self, subjects: Iterable[UUID], *, remember_missing: bool = True
    ) -> dict[UUID, PersonKey]:
        """The keys of persons in one query; `ERASED` for those without."""
        known: dict[UUID, PersonKey] = {}
        missing: list[UUID] = []
        oldest = time.monotonic() - CACHE_SECONDS
        for subject in set(subjects):
            entry = self._cache.get(subject)
            if entry is None or entry[0] < oldest:
                missing.append(subject)
            else:
                self._cache.move_to_end(subject)
                known[subject] = entry[1]
        return known | await self._fetch(missing, remember_missing=remember_missing) if missing else known

    async def of_installation(self, name: str) -> bytes:
        """A key of the installation itself, made when it is asked for first; it stays the same for ever.

        Raises `UnknownMasterKeyError` when it was wrapped by another master key.
        """
        owner = owner_of(name)
        made = self.wrap(owner, secrets.token_bytes(_KEY_BYTES))
        await retrying(lambda: self._pool.execute(_MAKE_OWN, name, made))
        stored: bytes = await retrying(lambda: self._pool.fetchval(_FETCH_OWN, name))
        return self.unwrap(owner, stored)

    async def destroy(self, *subjects: UUID) -> None:
        """Destroy keys for ever, all or none, and tell every process. Doing it twice changes nothing."""
        await retrying(lambda: self._pool.execute(_DESTROY, subjects))
        for subject in subjects:
            self._remember(subject, ERASED)

    def forget(self) -> None:
        """Drop all keys from memory, because somebody was erased."""
        self._erasures += 1
        self._cache.clear()

    def wrap(self, subject: UUID, key: bytes) -> bytes:
        """A key as it is stored: wrapped by the master key, bound to what it belongs to."""
        return self._given().wrap(subject, key)

    def unwrap(self, subject: UUID, stored: bytes) -> bytes:
        """The key again. Raises `UnknownMasterKeyError` when it was wrapped by another master key."""
        return self._given().unwrap(subject, stored)

    def _given(self) -> MasterKeys:
        if self._masters is None:
            raise ValueError("no key can be stored or read without the master key: set CSBE_MASTER_KEY")
        return self._masters

    async def _fetch(self, subjects: list[UUID], *, remember_missing: bool) -> dict[UUID, PersonKey]:
        if self._masters is None:
            return dict.fromkeys(subjects, ERASED)
        erasures = self._erasures
        rows = await retrying(lambda: self._pool.fetch(_FETCH, subjects))
        stored = {row["subject"]: row["key"] for row in rows}
        keys = {s: PersonKey.of(self.unwrap(s, stored[s])) if stored.get(s) else ERASED for s in subjects}
        for subject, key in keys.items():
            if self._erasures == erasures and (subject in stored or remember_missing):
                self._remember(subject, key)
        return keys

    def _remember(self, subject: UUID, key: PersonKey) -> None:
        self._cache[subject] = (time.monotonic(), key)
        self._cache.move_to_end(subject)
        if len(self._cache) > CACHE_SIZE:
            self._cache.popitem(last=False)
