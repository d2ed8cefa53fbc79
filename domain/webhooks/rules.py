"""What stands against a change of a webhook: named rules, each a violation or nothing."""

from domain.kernel.errors import Violation
from domain.webhooks.commands import Replay, SkipEvent, Subscribe


def not_stopped_there(command: SkipEvent) -> Violation | None:
    """Only the event that stopped a webhook can be skipped."""
    stopped_at = command.stopped_at
    if command.position == stopped_at:
        return None
    values = {"position": command.position, "stopped_at": stopped_at}
    detail = "it is not stopped" if stopped_at is None else f"it is stopped at {stopped_at}: skip that event"
    return Violation(code="webhook.not_stopped_there", detail=detail, values=values)


def quota_reached(command: Subscribe) -> Violation | None:
    """A partner has so many webhooks and no more."""
    if command.quota is None or command.owned < command.quota:
        return None
    values = {"owned": command.owned, "quota": command.quota}
    return Violation(code="webhook.quota_reached", detail=f"unsubscribe one of your {command.owned}", values=values)


def before_its_subscription(command: Replay) -> Violation | None:
    """A partner is sent nothing that came before it subscribed."""
    if command.from_position >= command.earliest:
        return None
    values = {"from_position": command.from_position, "earliest": command.earliest}
    detail = f"begin at {command.earliest}, where it was subscribed, or later"
    return Violation(code="webhook.before_its_subscription", detail=detail, values=values)


def beyond_the_log(command: Replay) -> Violation | None:
    """A replay begins at an event that there is."""
    if command.from_position <= command.log_end:
        return None
    values = {"from_position": command.from_position, "end": command.log_end}
    return Violation(code="webhook.beyond_the_log", detail=f"the log ends at {command.log_end}", values=values)
