"""What may be asked for about webhooks."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from domain.kernel.messages import Command
from domain.kernel.values import Ordinal
from domain.webhooks.subscription import EventFilter

Reason = Annotated[str, Field(min_length=3, max_length=400)]
"""Why an operator does something; an owner need not say."""


class AboutWebhook(Command):
    """Base of all that may be asked for about a webhook."""

    webhook_id: UUID


class Subscribe(AboutWebhook):
    """Have the events that are recorded from now on sent to a URL."""

    NAME = "webhooks.subscribe"
    CREATES = "webhook_id"
    GENERATED = frozenset({"owned", "quota"})
    url: str
    filter: EventFilter
    owned: int = 0
    """How many the owner was seen to have."""
    quota: int | None = None
    """How many the owner may have; none where there is no limit."""


class Unsubscribe(AboutWebhook):
    """End a webhook for good."""

    NAME = "webhooks.unsubscribe"
    reason: Reason | None = None


class Pause(AboutWebhook):
    """Send nothing until it is resumed; nothing is lost meanwhile."""

    NAME = "webhooks.pause"
    reason: Reason | None = None


class Resume(AboutWebhook):
    """Go on with a paused or failed webhook where it stands, at once."""

    NAME = "webhooks.resume"
    reason: Reason | None = None


class Replay(AboutWebhook):
    """Send all events from a position on, also those sent before; a paused or failed one does so once it is resumed."""

    NAME = "webhooks.replay"
    GENERATED = frozenset({"log_end", "earliest"})
    from_position: Annotated[Ordinal, Field(ge=1)]
    log_end: int
    """Where the log was seen to end."""
    earliest: int = 1
    """The first position that whoever asks may be sent: a partner, nothing from before the subscription."""
    reason: Reason | None = None


class SkipEvent(AboutWebhook):
    """Go on after the event that cannot be read, at which the webhook failed; it is never sent."""

    NAME = "webhooks.skip"
    GENERATED = frozenset({"stopped_at"})
    position: Ordinal
    stopped_at: int | None
    """Where it was seen to be stopped, if it was."""
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
