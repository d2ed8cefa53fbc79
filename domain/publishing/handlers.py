"""Load, decide, save: one short function per command about rulebooks."""

from domain.kernel.errors import RefusedError, Violation
from domain.kernel.messages import Command
from domain.publishing import commands
from domain.rulebook.loading import Complaint, RulebookError, text
from domain.rulebook.model import Rulebook
from domain.rulebook.published import PublishedRulebook
from domain.unit_of_work import Handler, UnitOfWork


async def publish_rulebook(command: commands.PublishRulebook, work: UnitOfWork) -> int:
    """Refused with every fault of the text. The answer is the number of the version."""
    rulebook = _read(command.files)
    published = await _stream(work.metadata.service, work)
    return published.publish(
        rulebook,
        work.rules.rulebook if work.rules else None,
        command.files,
        command.valid_from or max(work.now, published.valid_from or work.now),
        by=work.metadata.actor.id,
        reason=command.reason,
        at=work.now,
    )


async def _stream(service: str, work: UnitOfWork) -> PublishedRulebook:
    published = await work.find(PublishedRulebook, PublishedRulebook.id_of(service))
    if published is None:
        published = PublishedRulebook.open(service, work.now)
        work.add(published)
    return published


def _read(files: dict[str, str]) -> Rulebook:
    try:
        return text(files)
    except RulebookError as error:
        raise RefusedError(*map(_violation, error.complaints)) from error


def _violation(complaint: Complaint) -> Violation:
    return Violation(code="rulebook.faulty", detail=str(complaint), values=complaint._asdict())


HANDLERS: dict[type[Command], Handler] = {commands.PublishRulebook: publish_rulebook}
