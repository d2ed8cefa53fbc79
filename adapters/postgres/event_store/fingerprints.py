"""Digests of commands, by which a retry is told from another command under the same id."""

import hmac
from hashlib import sha256
from uuid import UUID

from adapters.postgres.event_store.key_store import KeyStore
from domain.kernel.messages import Command
from domain.kernel.personal import personal_fields

KEY = "fingerprints"
"""The installation's key for commands about a person who has no key yet."""


class Fingerprints:
    """SHA-256; where a command tells of a person an HMAC, whose key is destroyed with that person's."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys
        self._own: bytes | None = None

    async def of(self, command: Command) -> str:
        """In hexadecimal: the same for a retry."""
        if not personal_fields(type(command)):
            return sha256(command.asked).hexdigest()
        return hmac.digest(await self._key_for(command), command.asked, sha256).hex()

    async def _key_for(self, command: Command) -> bytes:
        """A new member has another id in each retry, and no key in the first: theirs is under the installation's."""
        subject = getattr(command, "member_id", None)
        if isinstance(subject, UUID) and command.CREATES != "member_id":
            person = (await self._keys.keys_for_reading([subject], remember_missing=False))[subject]
            if person.digests is not None:
                return person.digests
        if self._own is None:
            self._own = await self._keys.of_installation(KEY)
        return self._own
