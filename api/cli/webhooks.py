"""Commands on webhooks: how their delivery goes, and what to do about one that has failed."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

import typer
from rich.markup import escape
from rich.table import Column, Table

from api.cli.terminal import AsJson, By, Reason, StoppedAt, errors, fail, run, show, with_system
from api.composition import Running
from api.rest.schemas.base import LAST_POSITION
from domain.webhooks import commands
from domain.webhooks.subscription import WebhookStatus

webhooks_app = typer.Typer(help="Webhooks: events that are sent to others.", no_args_is_help=True)

WebhookId = Annotated[UUID, typer.Argument(help="As `csbe webhooks list` shows it.")]


@webhooks_app.command("list")
def webhooks_list(as_json: AsJson = False) -> None:
    """Every webhook, how far it has come, and what is in its way."""

    async def read(running: Running) -> list[WebhookStatus]:
        return list(await running.system.webhooks.find())

    webhooks = run(with_system(read))
    table = Table(Column("id", no_wrap=True), Column("owner and url", overflow="fold"), "how it goes")
    for one in webhooks:
        whose = f"{one.owner.role} {one.owner.id}, {one.service}\n{one.url}"
        table.add_row(str(one.id), escape(whose), escape(_how_it_goes(one)))
    show(as_json, [one.model_dump(mode="json") for one in webhooks], table)


def _how_it_goes(webhook: WebhookStatus) -> str:
    where = "" if webhook.failed_position is None else f" at {webhook.failed_position}"
    error = f": {webhook.last_error}" if webhook.last_error else ""
    return f"{webhook.state}{where}, {webhook.lag} behind{error}"


@webhooks_app.command("pause")
def webhooks_pause(webhook_id: WebhookId, reason: Reason, by: By) -> None:
    """Send nothing until it is resumed. Nothing is lost meanwhile."""
    _change(webhook_id, by, lambda seen, _: commands.Pause(webhook_id=seen.id, reason=reason))
    errors.print(f"{webhook_id} is paused")


@webhooks_app.command("resume")
def webhooks_resume(webhook_id: WebhookId, reason: Reason, by: By) -> None:
    """Go on where a paused or failed webhook stands, at once."""
    _change(webhook_id, by, lambda seen, _: commands.Resume(webhook_id=seen.id, reason=reason))
    errors.print(f"{webhook_id} goes on")


@webhooks_app.command("replay")
def webhooks_replay(
    webhook_id: WebhookId,
    reason: Reason,
    by: By,
    position: Annotated[
        int, typer.Option("--from", min=1, max=LAST_POSITION, help="The first position of the log to send.")
    ],
) -> None:
    """Send all events from a position on, also those sent before; a paused or failed one does so once it is resumed."""
    _change(
        webhook_id,
        by,
        lambda seen, end: commands.Replay(webhook_id=seen.id, from_position=position, log_end=end, reason=reason),
    )
    errors.print(f"{webhook_id} begins again at {position}")


@webhooks_app.command("skip")
def webhooks_skip(
    webhook_id: WebhookId,
    position: StoppedAt,
    reason: Reason,
    by: By,
) -> None:
    """Let a webhook go on after an event that cannot be read."""

    def decide(seen: WebhookStatus, _: int) -> commands.SkipEvent:
        return commands.SkipEvent(webhook_id=seen.id, position=position, stopped_at=seen.failed_position, reason=reason)

    _change(webhook_id, by, decide)
    errors.print(f"{webhook_id} goes on after {position}")


@webhooks_app.command("unsubscribe")
def webhooks_unsubscribe(webhook_id: WebhookId, reason: Reason, by: By) -> None:
    """End a webhook for good."""
    _change(webhook_id, by, lambda seen, _: commands.Unsubscribe(webhook_id=seen.id, reason=reason))
    errors.print(f"{webhook_id} is ended")


def _change(webhook_id: UUID, by: str, decide: Callable[[WebhookStatus, int], commands.AboutWebhook]) -> None:
    """Do what is decided by how the webhook is seen to stand, and by where the log ends."""

    async def change(running: Running) -> None:
        found = await running.system.webhooks.find(id=webhook_id)
        if not found:
            fail(f"there is no webhook {webhook_id}")
        await running.operators.dispatch(decide(found[0], await running.system.end()), by, found[0].service)
        await running.system.webhooks.take_up(webhook_id)

    run(with_system(change))
