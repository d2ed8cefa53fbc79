"""Signatures by the Standard Webhooks specification: HMAC-SHA256 over id, time and body."""

import hmac
from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime


def signed_headers(id: str, at: datetime, body: bytes, keys: Iterable[bytes]) -> dict[str, str]:
    """The three headers; one signature per key, so that a receiver may hold either while a secret is rotated."""
    seconds = str(int(at.timestamp()))
    text = b".".join((id.encode(), seconds.encode(), body))
    signatures = (b64encode(hmac.digest(key, text, "sha256")).decode() for key in keys)
    return {
        "webhook-id": id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
