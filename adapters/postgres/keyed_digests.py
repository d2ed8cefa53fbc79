"""Digests under a key of the installation: whoever reads a table learns of no value, and without the key tries none."""

import hmac
from hashlib import sha256


def keyed_digest(key: bytes, purpose: str, *parts: str) -> bytes:
    """HMAC-SHA-256: the same for the same parts, another one for another purpose."""
    # The length of a part goes before it, so that parts cannot run into each other.
    told = "".join(f"{len(part)}:{part}" for part in (purpose, *parts))
    return hmac.digest(key, told.encode(errors="surrogatepass"), sha256)
