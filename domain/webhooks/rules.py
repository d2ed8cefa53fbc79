"""What stands against a change of a webhook: named rules, each a violation or nothing."""

from domain.kernel.errors import Violation
from domain.webhooks.commands import Replay, SkipEvent


def not_stopped_there(command: SkipEvent, failed_position: int | None) -> Violation | None:
    """Only the event that stopped a webhook can be skipped."""
    if command.position == failed_position:
        return None
    values = {"position": command.position, "stopped_at": failed_position}
    detail = "it is not stopped" if failed_position is None else f"it is stopped at {failed_position}: skip that event"
    return Violation(code="webhook.not_stopped_there", detail=detail, values=values)


def beyond_the_log(command: Replay, end: int) -> Violation | None:
    """A replay begins at an event that there is."""
    if command.from_position <= end:
        return None
    values = {"from_position": command.from_position, "end": end}
    return Violation(code="webhook.beyond_the_log", detail=f"the log ends at {end}", values=values)
