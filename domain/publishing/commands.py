"""What may be asked for about the rules of a service."""

from pydantic import AwareDatetime

from domain.kernel.messages import Command


class PublishRulebook(Command):
    """Have the service's rules be these from `valid_from` on, or at once."""

    NAME = "publishing.publish_rulebook"

    files: dict[str, str]
    """The whole text, by file name."""
    valid_from: AwareDatetime | None = None
    reason: str
