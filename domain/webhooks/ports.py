"""The port behind which webhooks are delivered."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from domain.kernel.messages import Actor
from domain.webhooks.subscription import WebhookStatus


class Webhooks(Protocol):
    """Knows how the delivery of each webhook goes, and its secrets."""

    async def take_up(self, webhook_id: UUID) -> None:
        """Have it be delivered as the log says by now. Again, it changes nothing."""
        ...

    async def secret_of(self, webhook_id: UUID, position: int) -> str | None:
        """The secret that was made for the event at a position; none when it is not the present one."""
        ...

    async def find(
        self, *, id: UUID | None = None, service: str | None = None, owner: Actor | None = None
    ) -> Sequence[WebhookStatus]:
        """That one, or those of a service and of an owner, the oldest first."""
        ...
