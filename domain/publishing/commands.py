"""What may be asked for about the rules of a service."""

from domain.kernel.messages import Command
from domain.kernel.values import Instant
from domain.rulebook.published import RulebookFiles


class PublishRulebook(Command):
    """Have the service's rules be these from `valid_from` on, or at once."""

    NAME = "publishing.publish_rulebook"

    files: RulebookFiles
    """The whole text, by file name."""
    valid_from: Instant | None = None
    reason: str
