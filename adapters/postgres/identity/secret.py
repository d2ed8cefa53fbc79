"""Digests and codes under the installation's key for logging in. Whoever reads the tables learns none of them."""

import secrets
from uuid import UUID

from adapters.postgres.keyed_digests import keyed_digest

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without letters and digits that look alike."""
CODE_LENGTH = 8
"""6.5e11 codes, of which an address can try some 25 in an hour."""


class LoginSecret:
    """Makes digests and codes; what is made of other parts, or for another purpose, differs."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def digest(self, purpose: str, *parts: str) -> bytes:
        """A keyed digest: the same for the same parts."""
        return keyed_digest(self._key, purpose, *parts)

    def code(self, id: UUID) -> str:
        """The code that this id stands for."""
        number = int.from_bytes(self.digest("code", str(id)))
        letters = []
        for _ in range(CODE_LENGTH):
            number, place = divmod(number, len(ALPHABET))
            letters.append(ALPHABET[place])
        return "".join(letters)

    @staticmethod
    def new_token() -> str:
        """256 random bits as text."""
        return secrets.token_urlsafe(32)


def as_typed(code: str) -> str:
    """A code without what people add when they type it."""
    return "".join(letter for letter in code.upper() if letter in ALPHABET)
