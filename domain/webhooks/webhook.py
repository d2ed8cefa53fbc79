"""A webhook as it was decided on. How its delivery goes is no part of it: see `WebhookStatus`."""

from datetime import datetime
from typing import Self

from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.errors import NotFoundError, refuse_if
from domain.kernel.messages import Actor, Role
from domain.kernel.values import Count, Ordinal
from domain.webhooks import commands
from domain.webhooks.rules import before_its_subscription, beyond_the_log, not_stopped_there, quota_reached
from domain.webhooks.subscription import EventFilter


class Webhook(Aggregate):
    """Events that are sent to a URL: subscribed -> (paused | resumed | steered otherwise)* -> unsubscribed."""

    TOPIC = "webhooks.webhook"

    owner: Actor
    url: str
    filter: EventFilter
    paused: bool = False
    personal_data: bool = False
    ended: bool = False

    class Subscribed(Created):
        """The events that are recorded after this one are sent."""

        TOPIC = "webhooks.webhook.subscribed"
        owner: Actor
        url: str
        """It may hold a key of the receiver's, so it is sent to nobody."""
        filter: EventFilter

    class Paused(Event):
        """Nothing is sent until it is resumed."""

        TOPIC = "webhooks.webhook.paused"
        reason: str | None

        def apply(self, aggregate: "Webhook") -> None:
            aggregate.paused = True

    class Resumed(Event):
        """It goes on where it stands, be it paused, failed, or waiting for its next attempt."""

        TOPIC = "webhooks.webhook.resumed"
        reason: str | None

        def apply(self, aggregate: "Webhook") -> None:
            aggregate.paused = False

    class ReplayOrdered(Event):
        """It begins again at a position, with all events from there on."""

        TOPIC = "webhooks.webhook.replay_ordered"
        from_position: Ordinal
        reason: str | None

    class SkipOrdered(Event):
        """It goes on after the event that cannot be read, if it is still stopped there."""

        TOPIC = "webhooks.webhook.skip_ordered"
        position: Ordinal
        reason: str

        def apply(self, aggregate: "Webhook") -> None:
            aggregate.paused = False

    class SecretRotated(Event):
        """A new secret signs from now on, the one before for some hours more."""

        TOPIC = "webhooks.webhook.secret_rotated"
        overlap_h: Count

    class PersonalDataAllowed(Event):
        """Values about persons are sent too."""

        TOPIC = "webhooks.webhook.personal_data_allowed"
        reason: str

        def apply(self, aggregate: "Webhook") -> None:
            aggregate.personal_data = True

    class PersonalDataWithdrawn(Event):
        """Values about persons are not sent any more."""

        TOPIC = "webhooks.webhook.personal_data_withdrawn"
        reason: str

        def apply(self, aggregate: "Webhook") -> None:
            aggregate.personal_data = False

    class Unsubscribed(Event):
        """Nothing is sent any more, for good."""

        TOPIC = "webhooks.webhook.unsubscribed"
        reason: str | None

        def apply(self, aggregate: "Webhook") -> None:
            aggregate.ended = True

    @classmethod
    def subscribe(cls, command: commands.Subscribe, owner: Actor, at: datetime) -> Self:
        """A new one of somebody's, within their quota."""
        refuse_if([quota_reached(command)])
        facts = {"owner": owner, "url": command.url, "filter": command.filter}
        return cls.begin(cls.Subscribed, id=command.webhook_id, timestamp=at, **facts)

    def show_to(self, actor: Actor) -> None:
        """Raises `NotFoundError` once it has ended, and for a partner who is not its owner."""
        if self.ended or (actor.role is Role.PARTNER and actor != self.owner):
            raise NotFoundError(self.TOPIC, self.id)

    def pause(self, reason: str | None, at: datetime) -> None:
        """Twice changes nothing."""
        if not self.paused:
            self.trigger_event(self.Paused, timestamp=at, reason=reason)

    def resume(self, reason: str | None, at: datetime) -> None:
        """Also when nobody paused it: it may have failed."""
        self.trigger_event(self.Resumed, timestamp=at, reason=reason)

    def replay(self, command: commands.Replay, at: datetime) -> None:
        """From an event on that there is; whether it is paused or has failed stays as it is."""
        refuse_if([beyond_the_log(command), before_its_subscription(command)])
        self.trigger_event(self.ReplayOrdered, timestamp=at, from_position=command.from_position, reason=command.reason)

    def skip(self, command: commands.SkipEvent, at: datetime) -> None:
        """Only the event that stopped it."""
        refuse_if([not_stopped_there(command)])
        self.trigger_event(self.SkipOrdered, timestamp=at, position=command.position, reason=command.reason)

    def rotate_secret(self, overlap_h: int, at: datetime) -> None:
        """The secret itself is made where it is kept, and stands in no event."""
        self.trigger_event(self.SecretRotated, timestamp=at, overlap_h=overlap_h)

    def allow_personal_data(self, allowed: bool, reason: str, at: datetime) -> None:
        """Or no longer; what holds already stays as it was decided."""
        if allowed != self.personal_data:
            event = self.PersonalDataAllowed if allowed else self.PersonalDataWithdrawn
            self.trigger_event(event, timestamp=at, reason=reason)

    def unsubscribe(self, reason: str | None, at: datetime) -> None:
        self.trigger_event(self.Unsubscribed, timestamp=at, reason=reason)
