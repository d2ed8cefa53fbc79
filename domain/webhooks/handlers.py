"""Load, decide, save: one short function per command about webhooks."""

from collections.abc import Mapping
from uuid import UUID

from domain.kernel.messages import Command
from domain.unit_of_work import Handler, UnitOfWork
from domain.webhooks import commands
from domain.webhooks.webhook import Webhook


async def subscribe(command: commands.Subscribe, work: UnitOfWork) -> UUID:
    work.add(Webhook.subscribe(command, work.metadata.actor, work.now))
    return command.webhook_id


async def pause(command: commands.Pause, work: UnitOfWork) -> None:
    (await _webhook(command, work)).pause(command.reason, work.now)


async def resume(command: commands.Resume, work: UnitOfWork) -> None:
    (await _webhook(command, work)).resume(command.reason, work.now)


async def replay(command: commands.Replay, work: UnitOfWork) -> None:
    (await _webhook(command, work)).replay(command, work.now)


async def skip_event(command: commands.SkipEvent, work: UnitOfWork) -> None:
    (await _webhook(command, work)).skip(command, work.now)


async def rotate_secret(command: commands.RotateSecret, work: UnitOfWork) -> None:
    (await _webhook(command, work)).rotate_secret(command.overlap_h, work.now)


async def allow_personal_data(command: commands.AllowPersonalData, work: UnitOfWork) -> None:
    (await _webhook(command, work)).allow_personal_data(command.allowed, command.reason, work.now)


async def unsubscribe(command: commands.Unsubscribe, work: UnitOfWork) -> None:
    (await _webhook(command, work)).unsubscribe(command.reason, work.now)


async def _webhook(command: commands.AboutWebhook, work: UnitOfWork) -> Webhook:
    """The webhook, if it is there for who asks; else not even a stale version tells that there is one."""
    (await work.store.load(Webhook, command.webhook_id, service=work.metadata.service)).show_to(work.metadata.actor)
    webhook = await work.load(Webhook, command.webhook_id)
    webhook.show_to(work.metadata.actor)
    return webhook


HANDLERS: Mapping[type[Command], Handler] = {
    commands.Subscribe: subscribe,
    commands.Pause: pause,
    commands.Resume: resume,
    commands.Replay: replay,
    commands.SkipEvent: skip_event,
    commands.RotateSecret: rotate_secret,
    commands.AllowPersonalData: allow_personal_data,
    commands.Unsubscribe: unsubscribe,
}
"""Which function carries out which command."""
