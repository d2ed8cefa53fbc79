"""The first publication of rulebooks: those that an installation brings along."""

from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version

from adapters.postgres.rulebooks import PublishedRulebooks
from domain.dispatcher import Dispatcher
from domain.kernel.errors import CommandIdReusedError
from domain.kernel.ids import derived_id
from domain.kernel.messages import Actor, Metadata, Role
from domain.publishing.commands import PublishRulebook

_INSTALLATION = Actor(role=Role.SYSTEM, id="installation")


async def publish_first(
    texts: Mapping[str, Mapping[str, str]], dispatcher: Dispatcher, rulebooks: PublishedRulebooks
) -> None:
    """Publish the services that have never been; once, however many processes start at the same time.

    Raises `RefusedError` for a text that is wrong.
    """
    await rulebooks.refresh()
    for service in sorted(texts.keys() - rulebooks.services):
        command = PublishRulebook(files=dict(texts[service]), reason=f"came with {version('csbe')}")
        id = derived_id("publishing.first", service)
        with suppress(CommandIdReusedError):  # a process of another release was faster, with another text
            await dispatcher.dispatch(command, Metadata.of(command, id=id, actor=_INSTALLATION, service=service))
    await rulebooks.refresh()
