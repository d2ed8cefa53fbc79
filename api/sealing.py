"""What a browser keeps for us between two requests: encrypted, so that nobody else can read or make it."""

import json
from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken


class Sealer:
    """Seals small texts under a key of 32 bytes (Fernet)."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(urlsafe_b64encode(key))

    def seal(self, values: dict[str, str]) -> str:
        """A text that only this installation can open."""
        return self._fernet.encrypt(json.dumps(values).encode()).decode()

    def unseal(self, sealed: str, life_s: int) -> dict[str, str] | None:
        """The values; none when it is not ours, or was sealed longer ago."""
        try:
            values: dict[str, str] = json.loads(self._fernet.decrypt(sealed.encode(), ttl=life_s))
        except InvalidToken:
            return None
        return values
