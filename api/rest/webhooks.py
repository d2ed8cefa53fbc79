"""Webhooks over HTTP: who is sent which events. A partner reaches its own; what is another's is not there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Header, Response

from api.auth import Allowed, Caller
from api.cloudevents import MEDIA_TYPE
from api.command_ids import new_id
from api.problems import Problem
from api.rest.commands import TAGGED, CommandRouter, ExpectedVersion, InSystem, Key, metadata_of, tag
from api.rest.schemas.base import Accepted
from api.rest.schemas.webhooks import (
    CloudEvent,
    PersonalDataBody,
    ReplayBody,
    RotationBody,
    SecretTold,
    SkipBody,
    WebhookBody,
    WebhookList,
    WebhookShown,
)
from api.system import System
from domain import contexts
from domain.kernel.messages import Role
from domain.webhooks import commands
from domain.webhooks.ports import Changed
from domain.webhooks.subscription import OPEN_TO_PARTNERS, EventFilter, Webhook

router = CommandRouter(prefix="/v1/webhooks", tags=["webhooks"])
sent = APIRouter()
"""What we send: the section `webhooks` of the OpenAPI document."""

Reader = Annotated[Caller, Depends(Allowed("webhooks:read"))]
Writer = Annotated[Caller, Depends(Allowed("webhooks:write"))]
Granter = Annotated[Caller, Depends(Allowed("personal:read"))]


@dataclass(frozen=True)
class ConditionalCommands:
    """What a route needs to change a webhook once per key."""

    key: Key
    system: InSystem
    response: Response
    version: ExpectedVersion

    async def __call__(self, command: commands.WebhookChange, by: Caller) -> Changed:
        """Have it done. Raises the port's errors."""
        about = metadata_of(command, by, self.key, self.system)
        changed = await self.system.webhooks.change(command, about, version=self.version)
        self.response.headers["X-CSBE-Position"] = str(changed.position)
        return changed


DispatchIfMatch = Annotated[ConditionalCommands, Depends()]


@router.command("", commands.Subscribe, status_code=201)
async def subscribe(body: WebhookBody, by: Writer, key: Key, system: InSystem, response: Response) -> SecretTold:
    """The answer tells the secret that signs them, once."""
    filter = _filter(by, body)
    if body.url.startswith("http:") and not system.settings.webhook_private_receivers:
        raise Problem.invalid("url", "must begin with https", place="body")
    command = commands.Subscribe(webhook_id=new_id(), url=body.url, filter=filter)
    changed = await system.webhooks.subscribe(command, metadata_of(command, by, key, system))
    response.headers["X-CSBE-Position"] = str(changed.position)
    return _told(changed)


@router.get("")
async def webhooks(by: Reader, system: InSystem) -> WebhookList:
    """The webhooks of the service, the oldest first; a partner sees its own."""
    return WebhookList(webhooks=[WebhookShown.of(webhook) for webhook in await _seen(by, system)])


@router.get("/{webhook_id}", responses=TAGGED)
async def webhook(webhook_id: UUID, by: Reader, system: InSystem, response: Response) -> WebhookShown:
    """A webhook, how far it has come, and what is in its way."""
    for found in await _seen(by, system):
        if found.id == webhook_id:
            tag(response, found.version)
            return WebhookShown.of(found)
    raise Problem.not_found(f"there is no webhook {webhook_id}")


@router.command("/{webhook_id}/pause", commands.Pause)
async def pause(webhook_id: UUID, by: Writer, dispatch: DispatchIfMatch) -> Accepted:
    return _accepted(await dispatch(commands.Pause(webhook_id=webhook_id), by))


@router.command("/{webhook_id}/resume", commands.Resume)
async def resume(webhook_id: UUID, by: Writer, dispatch: DispatchIfMatch) -> Accepted:
    return _accepted(await dispatch(commands.Resume(webhook_id=webhook_id), by))


@router.command("/{webhook_id}/replay", commands.Replay)
async def replay(webhook_id: UUID, body: ReplayBody, by: Writer, dispatch: DispatchIfMatch) -> Accepted:
    command = commands.Replay(webhook_id=webhook_id, from_position=body.from_position)
    return _accepted(await dispatch(command, by))


@router.command("/{webhook_id}/skip", commands.SkipEvent)
async def skip(webhook_id: UUID, body: SkipBody, by: Writer, dispatch: DispatchIfMatch) -> Accepted:
    command = commands.SkipEvent(webhook_id=webhook_id, position=body.position, reason=body.reason)
    return _accepted(await dispatch(command, by))


@router.command("/{webhook_id}/rotate-secret", commands.RotateSecret)
async def rotate_secret(webhook_id: UUID, body: RotationBody, by: Writer, dispatch: DispatchIfMatch) -> SecretTold:
    """The answer tells it, once."""
    command = commands.RotateSecret(webhook_id=webhook_id, overlap_h=body.overlap_h)
    return _told(await dispatch(command, by))


@router.command("/{webhook_id}/personal-data", commands.AllowPersonalData)
async def allow_personal_data(
    webhook_id: UUID, body: PersonalDataBody, by: Granter, dispatch: DispatchIfMatch
) -> Accepted:
    command = commands.AllowPersonalData(webhook_id=webhook_id, allowed=body.allowed, reason=body.reason)
    return _accepted(await dispatch(command, by))


@router.command("/{webhook_id}/unsubscribe", commands.Unsubscribe)
async def unsubscribe(webhook_id: UUID, by: Writer, dispatch: DispatchIfMatch) -> Accepted:
    return _accepted(await dispatch(commands.Unsubscribe(webhook_id=webhook_id), by))


def known_types(types: Sequence[str], parameter: str, place: str) -> tuple[str, ...]:
    """Types that there are. Raises `Problem` 422 for those that no event has."""
    if unknown := EventFilter(types=tuple(types)).unknown(contexts.EVENTS):
        raise Problem.invalid(parameter, f"no event has the type {', '.join(unknown)}", place=place)
    return tuple(types)


def _filter(by: Caller, body: WebhookBody) -> EventFilter:
    """Which events somebody asks for. Raises `Problem` for types that are none, or that are closed to them."""
    filter = EventFilter(types=known_types(body.types, "types", "body"), subject=body.subject)
    if closed := filter.closed_to(by.role):
        open_types = ", ".join(OPEN_TO_PARTNERS)
        raise Problem.forbidden(f"{', '.join(closed)} is closed to role {by.role}: choose among {open_types}")
    return filter


@sent.post("event", status_code=204)
async def event(
    body: Annotated[CloudEvent, Body(media_type=MEDIA_TYPE)],
    webhook_id: Annotated[str, Header(description="The event's id; the same when it is sent again.")],
    webhook_timestamp: Annotated[int, Header(description="When it was signed, in seconds since 1970.")],
    webhook_signature: Annotated[
        str, Header(description="`v1,` and the HMAC-SHA256 of id, time and body joined by dots; one for each secret.")
    ],
) -> None:
    """An event, sent to the URL of a webhook; any answer of 200 to 299 takes it, every other one has it sent again."""


async def _seen(by: Caller, system: System) -> list[Webhook]:
    owner = by.actor if by.role is Role.PARTNER else None
    return list(await system.webhooks.find(service=by.service, owner=owner))


def _accepted(changed: Changed) -> Accepted:
    return Accepted(id=changed.webhook_id, position=changed.position, repeated=changed.repeated)


def _told(changed: Changed) -> SecretTold:
    return SecretTold(
        id=changed.webhook_id, position=changed.position, repeated=changed.repeated, secret=changed.secret
    )
