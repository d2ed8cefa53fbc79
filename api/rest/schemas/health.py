"""Whether the process is well, and the keys of its tokens."""

from typing import Any, Literal

from pydantic import BaseModel

from api.rest.schemas.base import example


class Alive(BaseModel):
    """The process answers."""

    model_config = example({"status": "ok"})

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether each thing that the process needs answers too."""

    model_config = example({"status": "ready", "checks": {"database": True, "projections": True}})

    status: Literal["ready", "not ready"]
    checks: dict[str, bool]
    reasons: dict[str, str] | None = None
    """Why, where a check can say it."""
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
