"""Whether the process is well, and the keys of its tokens."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from api.readiness import PartState
from api.rest.schemas.base import example


class Alive(BaseModel):
    """The process answers."""

    model_config = example({"status": "ok"})

    status: Literal["ok"] = "ok"


class PartShown(BaseModel):
    """How a part is."""

    state: PartState
    since: datetime
    """When this process found it so."""
    why: str | None = None
    helps: str | None = None


class Readiness(BaseModel):
    """Whether the process can do its work, and how each part is."""

    model_config = example(
        {
            "status": "degraded",
            "parts": {
                "database": {"state": "ok", "since": "2027-01-05T12:00:00Z"},
                "broker": {
                    "state": "failed",
                    "since": "2027-01-05T12:26:00Z",
                    "why": "nobody listens where the broker should be",
                    "helps": "start the broker, or mend CSBE_MQTT_URL",
                },
            },
        }
    )

    status: Literal["ready", "degraded", "not ready"]
    parts: dict[str, PartShown]
    warnings: list[str] | None = None
    """What does not keep the process from serving, and is not as it should be where members are real."""


class KeySet(BaseModel):
    """The public keys that tokens are checked by (RFC 7517)."""

    model_config = example(
        {
            "keys": [
                {
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                    "kid": "csbe-1",
                    "use": "sig",
                    "alg": "EdDSA",
                }
            ]
        }
    )

    keys: list[dict[str, Any]]  # members by key type, as RFC 7517 has them
