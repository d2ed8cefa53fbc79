"""What may be asked for about webhooks."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from domain.kernel.messages import Command
from domain.webhooks.subscription import EventFilter

Reason = Annotated[str, Field(min_length=3, max_length=400)]


class AboutWebhook(Command):
    """Base of all that may be asked for about a webhook."""

    webhook_id: UUID


class Subscribe(AboutWebhook):
    """Have the events that are recorded from now on sent to a URL."""

    NAME = "webhooks.subscribe"
    CREATES = "webhook_id"
    url: str
    filter: EventFilter


class Unsubscribe(AboutWebhook):
    """End a webhook for good."""

    NAME = "webhooks.unsubscribe"


class Pause(AboutWebhook):
    """Send nothing until it is resumed; nothing is lost meanwhile."""

    NAME = "webhooks.pause"


class Resume(AboutWebhook):
    """Go on with a paused or failed webhook where it stands, at once."""

    NAME = "webhooks.resume"


class Replay(AboutWebhook):
    """Send all events from a position on, also those sent before; a paused or failed one does so once it is resumed."""

    NAME = "webhooks.replay"
    from_position: Annotated[int, Field(ge=1)]


class SkipEvent(AboutWebhook):
    """Go on after the event that cannot be read, at which the webhook failed; it is never sent."""

    NAME = "webhooks.skip"
    position: int
    reason: Reason


class RotateSecret(AboutWebhook):
    """Sign with a new secret; until the overlap ends, the one before signs too."""

    NAME = "webhooks.rotate_secret"
    overlap_h: Annotated[int, Field(ge=0, le=168)]


class AllowPersonalData(AboutWebhook):
    """Allow that values about persons are sent too, or no longer."""

    NAME = "webhooks.allow_personal_data"
    allowed: bool
    reason: Reason


WebhookChange = Unsubscribe | Pause | Resume | Replay | SkipEvent | RotateSecret | AllowPersonalData
"""What may be asked for about a webhook that there is."""
