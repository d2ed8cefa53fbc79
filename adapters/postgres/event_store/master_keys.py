"""The master key, which wraps every other key that is stored, and the one that is accepted beside it meanwhile."""

import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

import asyncpg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.postgres.database import Connection
from adapters.postgres.errors import UnfitDatabaseError, UnknownMasterKeyError

ID_BYTES = 8
_NONCE_BYTES = 12
_WE_KNOW = "select id from csbe.master_keys"
_REMEMBER = "insert into csbe.master_keys (id) values ($1) on conflict do nothing"


@dataclass(frozen=True)
class MasterKeys:
    """Wraps by one master key (AES-256-GCM); unwraps by the other too, while one takes the place of the other."""

    key: bytes = field(repr=False)
    other: bytes | None = field(default=None, repr=False)

    @property
    def id(self) -> bytes:
        """Names the one that wraps, without telling it."""
        return id_of(self.key)

    @property
    def other_id(self) -> bytes | None:
        """Names the one beside it."""
        return id_of(self.other) if self.other else None

    def wrap(self, owner: UUID, key: bytes) -> bytes:
        """A key as it is stored: the id of the master key, a nonce, the ciphertext. Bound to its owner."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return self.id + nonce + AESGCM(self.key).encrypt(nonce, key, owner.bytes)

    def unwrap(self, owner: UUID, stored: bytes) -> bytes:
        """The key again. Raises `UnknownMasterKeyError`, and `cryptography.exceptions.InvalidTag` when it is forged."""
        id, nonce, wrapped = stored[:ID_BYTES], stored[ID_BYTES:][:_NONCE_BYTES], stored[ID_BYTES + _NONCE_BYTES :]
        for master in (self.key, self.other):
            if master is not None and id == id_of(master):
                return AESGCM(master).decrypt(nonce, wrapped, owner.bytes)
        raise UnknownMasterKeyError(id)


def id_of(master_key: bytes) -> bytes:
    """Tells master keys apart; nobody can find the key by it."""
    return sha256(b"csbe master key " + master_key).digest()[:ID_BYTES]


async def recognise(connection: asyncpg.Pool | Connection, masters: MasterKeys, *, remember: bool = True) -> None:
    """Refuse a master key that is not the one of this database, nor comes in its place; `remember` a new one.

    Raises `UnfitDatabaseError`.
    """
    known = {row["id"] for row in await connection.fetch(_WE_KNOW)}
    if masters.id in known:
        return
    if known and masters.other_id not in known:
        names = ", ".join(sorted(id.hex() for id in known))
        raise UnfitDatabaseError(
            f"CSBE_MASTER_KEY is another one than the keys of this database are wrapped by: {masters.id.hex()}, not "
            f"{names}. To change it, give the old one as CSBE_OTHER_MASTER_KEY and see how-to/rotate-keys"
        )
    if remember:
        await connection.execute(_REMEMBER, masters.id)
