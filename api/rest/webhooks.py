"""Webhooks over HTTP: who is sent which events. A partner reaches its own; what is another's is not there."""

from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Header, Response

from api.auth import Allowed, Caller
from api.cloudevents import MEDIA_TYPE
from api.command_ids import new_id
from api.problems import Problem
from api.rest.commands import TAGGED, Commands, Dispatch, DispatchIfMatch, InSystem, tag
from api.rest.pagination import Cursor, Limit, Order
from api.rest.routing import Router
from api.rest.schemas.base import Accepted
from api.rest.schemas.webhooks import (
    CloudEvent,
    PersonalDataBody,
    ReplayBody,
    RotationBody,
    SecretTold,
    SkipBody,
    WebhookBody,
    WebhookPage,
    WebhookShown,
)
from api.system import System
from domain import contexts
from domain.kernel.messages import Role
from domain.webhooks import commands
from domain.webhooks.receivers import is_public
from domain.webhooks.subscription import OPEN_TO_PARTNERS, EventFilter, WebhookState, WebhookStatus

router = Router(prefix="/v1/webhooks", tags=["webhooks"])
sent = APIRouter()
"""What we send: the section `webhooks` of the OpenAPI document."""

_OLDEST_FIRST = Order("webhooks", {"created_at": datetime, "id": UUID}, descending=False)

Reader = Annotated[Caller, Depends(Allowed("webhooks:read"))]
Writer = Annotated[Caller, Depends(Allowed("webhooks:write"))]
Granter = Annotated[Caller, Depends(Allowed("personal:read"))]


@router.command("", commands.Subscribe, status_code=201)
async def create_webhook(body: WebhookBody, by: Writer, system: InSystem, dispatch: Dispatch) -> SecretTold:
    """The answer tells the secret that signs them, once."""
    filter = _filter(by, body)
    if not system.settings.webhook_private_receivers:
        _must_be_public(body.url)
    owned, quota = 0, None
    if by.role is Role.PARTNER:
        owned, quota = len(await _seen(by, system)), system.settings.webhooks_per_partner
    command = commands.Subscribe(webhook_id=new_id(), url=body.url, filter=filter, owned=owned, quota=quota)
    return dispatch.made(await _told(command, by, dispatch), among="/v1/webhooks")


@router.get("")
async def list_webhooks(
    by: Reader, system: InSystem, cursor: Cursor = None, limit: Limit = 50, state: WebhookState | None = None
) -> WebhookPage:
    """The webhooks of the service, the oldest first; a partner sees its own."""
    after = None if cursor is None else tuple(_OLDEST_FIRST.after(cursor))
    left = [
        WebhookShown.of(found).model_dump()
        for found in await _seen(by, system)
        if (after is None or (found.created_at, found.id) > after) and state in {None, found.state}
    ]
    rows, more = _OLDEST_FIRST.cut(left, limit)
    return WebhookPage(webhooks=[WebhookShown(**row) for row in rows], next=more)


@router.get("/{webhook_id}", responses=TAGGED)
async def get_webhook(webhook_id: UUID, by: Reader, system: InSystem, response: Response) -> WebhookShown:
    """A webhook, how far it has come, and what is in its way."""
    for found in await _seen(by, system, webhook_id):
        tag(response, found.version)
        return WebhookShown.of(found)
    raise Problem.not_found("there is no such webhook, or it is another's")


@router.command("/{webhook_id}/pause", commands.Pause)
async def pause_webhook(webhook_id: UUID, by: Writer, dispatch: DispatchIfMatch) -> Accepted:
    return await _changed(commands.Pause(webhook_id=webhook_id), by, dispatch)


@router.command("/{webhook_id}/resume", commands.Resume)
async def resume_webhook(webhook_id: UUID, by: Writer, dispatch: DispatchIfMatch) -> Accepted:
    return await _changed(commands.Resume(webhook_id=webhook_id), by, dispatch)


@router.command("/{webhook_id}/replay", commands.Replay)
async def replay_webhook(webhook_id: UUID, body: ReplayBody, by: Writer, dispatch: DispatchIfMatch) -> Accepted:
    end = await dispatch.system.end()
    earliest = 1
    if by.role is Role.PARTNER:
        earliest = next((one.subscribed_position for one in await _seen(by, dispatch.system, webhook_id)), 1)
    command = commands.Replay(webhook_id=webhook_id, from_position=body.from_position, log_end=end, earliest=earliest)
    return await _changed(command, by, dispatch)


@router.command("/{webhook_id}/skip", commands.SkipEvent)
async def skip_webhook_event(webhook_id: UUID, body: SkipBody, by: Writer, dispatch: DispatchIfMatch) -> Accepted:
    stopped_at = next((one.failed_position for one in await _seen(by, dispatch.system, webhook_id)), None)
    command = commands.SkipEvent(
        webhook_id=webhook_id, position=body.position, stopped_at=stopped_at, reason=body.reason
    )
    return await _changed(command, by, dispatch)


@router.command("/{webhook_id}/rotate-secret", commands.RotateSecret)
async def rotate_webhook_secret(
    webhook_id: UUID, body: RotationBody, by: Writer, dispatch: DispatchIfMatch
) -> SecretTold:
    """The answer tells it, once."""
    return await _told(commands.RotateSecret(webhook_id=webhook_id, overlap_h=body.overlap_h), by, dispatch)


@router.command("/{webhook_id}/personal-data", commands.AllowPersonalData)
async def allow_webhook_personal_data(
    webhook_id: UUID, body: PersonalDataBody, by: Granter, dispatch: DispatchIfMatch
) -> Accepted:
    command = commands.AllowPersonalData(webhook_id=webhook_id, allowed=body.allowed, reason=body.reason)
    return await _changed(command, by, dispatch)


@router.command("/{webhook_id}/unsubscribe", commands.Unsubscribe)
async def unsubscribe_webhook(webhook_id: UUID, by: Writer, dispatch: DispatchIfMatch) -> Accepted:
    return await _changed(commands.Unsubscribe(webhook_id=webhook_id), by, dispatch)


def _must_be_public(url: str) -> None:
    """Raises `Problem` 422. What a name leads to is looked at when something is sent there."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise Problem.invalid("url", "must begin with https", place="body")
    try:
        public = is_public(ip_address((parts.hostname or "").partition("%")[0]))
    except ValueError:  # a name
        return
    if not public:
        raise Problem.invalid("url", "must be an address of the public internet", place="body")


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
        raise Problem.forbidden(f"the role {by.role} may not have {', '.join(closed)}: choose among {open_types}")
    return filter


@sent.post("event", status_code=204)
async def receive_event(
    body: Annotated[CloudEvent, Body(media_type=MEDIA_TYPE)],
    webhook_id: Annotated[str, Header(description="The event's id; the same when it is sent again.")],
    webhook_timestamp: Annotated[int, Header(description="When it was signed, in seconds since 1970.")],
    webhook_signature: Annotated[
        str, Header(description="`v1,` and the HMAC-SHA256 of id, time and body joined by dots; one for each secret.")
    ],
) -> None:
    """An event, sent to the URL of a webhook; any answer of 200 to 299 takes it, every other one has it sent again."""


async def _seen(by: Caller, system: System, id: UUID | None = None) -> Sequence[WebhookStatus]:
    """The webhooks that the caller may see, or that one if it is among them."""
    owner = by.actor if by.role is Role.PARTNER else None
    return await system.webhooks.find(id=id, service=by.service, owner=owner)


async def _changed(command: commands.AboutWebhook, by: Caller, dispatch: Commands) -> Accepted:
    """Decide, and have it taken up before it is answered, so that whoever asks next sees it."""
    done = await dispatch(command, command.webhook_id, by)
    await dispatch.system.webhooks.take_up(done.id)
    return done


async def _told(command: commands.AboutWebhook, by: Caller, dispatch: Commands) -> SecretTold:
    """The same, with the secret that was made for it unless the request is repeated."""
    done = await _changed(command, by, dispatch)
    secret = None if done.repeated else await dispatch.system.webhooks.secret_of(done.id, done.position)
    return SecretTold(id=done.id, position=done.position, repeated=done.repeated, secret=secret)
