"""The port behind which subscriptions are kept."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from domain.kernel.messages import Actor, Metadata
from domain.webhooks.commands import Subscribe, WebhookChange
from domain.webhooks.subscription import Webhook


class Changed(BaseModel):
    """The reply: which webhook, the end of the log then, whether it was done before, and a new secret, told once."""

    model_config = ConfigDict(frozen=True)

    webhook_id: UUID
    position: int
    repeated: bool = False
    secret: str | None = None


class Webhooks(Protocol):
    """Keeps the subscriptions."""

    async def subscribe(self, command: Subscribe, metadata: Metadata) -> Changed:
        """Once per command id. Raises `CommandIdReusedError`."""
        ...

    async def change(self, command: WebhookChange, metadata: Metadata, *, version: int | None = None) -> Changed:
        """Once per command id; with a `version`, only while it is at it.

        Raises `NotFoundError`, `StaleVersionError`, `RefusedError`, `CommandIdReusedError`.
        """
        ...

    async def find(self, *, service: str | None = None, owner: Actor | None = None) -> Sequence[Webhook]:
        """Those of a service and of an owner, the oldest first."""
        ...
