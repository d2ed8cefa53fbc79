"""Webhooks, and the events that they and the event stream carry."""

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

import httpx2
from pydantic import AwareDatetime, BaseModel, Field, field_validator

from api.rest.schemas.base import MEMBER_ID, RESERVATION_ID, VEHICLE_ID, Accepted, Because, Body, example
from domain.webhooks.subscription import WebhookState, WebhookStatus

WEBHOOK_ID = "3d6f0a52-7c1e-5b84-9a20-4f8e1c6b0009"
EVENT = {
    "specversion": "1.0",
    "id": "0c3f8f0e-2f77-5c1a-9f57-6f4f7d0e000a",
    "source": "/csbe/drivenow-europe",
    "type": "csbe.rental.reservation.placed",
    "subject": RESERVATION_ID,
    "time": "2027-01-05T12:01:02.345000+00:00",
    "datacontenttype": "application/json",
    "dataschema": "urn:csbe:event:rental.reservation.placed.v1",
    "sequence": "0000000000000004711",
    "partitionkey": RESERVATION_ID,
    "occurredtime": "2027-01-05T12:01:02.340000+00:00",
    "correlationid": "5f2c9b18-3d7e-4a60-8b1f-0a9c8d7e0008",
    "data": {"member_id": MEMBER_ID, "vehicle_id": VEHICLE_ID, "expires_at": "2027-01-05T12:16:02.340000Z"},
}
_WEBHOOK = {
    "id": WEBHOOK_ID,
    "owner": "acme",
    "url": "https://partner.example/csbe",
    "types": ["csbe.rental.reservation.", "csbe.rental.trip.ended"],
    "subject": None,
    "personal_data": False,
    "state": "failed",
    "created_at": "2027-01-04T09:00:00Z",
    "position": 4711,
    "lag": 12,
    "attempts": 153,
    "failing_since": "2027-01-04T12:00:00Z",
    "next_attempt_at": "2027-01-05T12:10:00Z",
    "last_status": 503,
    "last_error": "answered 503",
    "failed_position": None,
}

EventType = Annotated[str, Field(max_length=100, pattern=r"^csbe\.([a-z_]+\.)*[a-z_]*$")]
"""The type of an event, or the beginning of types up to a dot."""


class CloudEvent(BaseModel):
    """An event in CloudEvents 1.0. `data` has no values about a person unless they were granted, and never secrets."""

    model_config = example(EVENT)

    specversion: Literal["1.0"]
    id: str
    """The same whenever the event is sent: what to recognise a repetition by."""
    source: str
    """`/csbe/` and the service."""
    type: str
    subject: str
    """The aggregate's id."""
    time: AwareDatetime
    """When it was recorded."""
    datacontenttype: Literal["application/json"]
    dataschema: str
    """`urn:csbe:event:`, the topic and the version of its shape."""
    sequence: str
    """The position in the log, with leading zeros so that it can be ordered as text."""
    partitionkey: str
    occurredtime: AwareDatetime
    """When it happened."""
    correlationid: str
    causationid: str | None = None
    traceparent: str | None = None
    data: dict[str, Any]  # the facts of any event


class WebhookBody(Body):
    """Where events are to be sent, and which: those recorded from now on."""

    model_config = example(
        {"url": "https://partner.example/csbe", "types": ["csbe.rental.reservation.", "csbe.rental.trip.ended"]},
        extra="forbid",
    )

    url: Annotated[str, Field(max_length=2000)]
    types: Annotated[tuple[EventType, ...], Field(min_length=1, max_length=50)]
    subject: UUID | None = None
    """Only events of this aggregate."""

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or not url.isascii() or not url.isprintable():
            raise ValueError("must be a URL such as https://partner.example/csbe")
        if parts.port == 0 or "@" in parts.netloc or parts.fragment or " " in url:
            raise ValueError("must have no user, no fragment and no blank")
        if not _is_a_host(url):
            raise ValueError("must name a host that there can be")
        return url


def _is_a_host(url: str) -> bool:
    """Whether the host of a URL can be looked up, by the rules of who sends there."""
    try:
        host = httpx2.URL(url).host
        host.encode("idna")
    except (httpx2.InvalidURL, UnicodeError):
        return False
    return "xn--" not in host  # a label that stays encoded is none


class WebhookShown(BaseModel):
    """A webhook and how its delivery goes. `lag` is how many positions of the log it is behind."""

    model_config = example(_WEBHOOK)

    id: UUID
    owner: str
    url: str
    types: tuple[str, ...]
    subject: UUID | None
    personal_data: bool
    state: WebhookState
    created_at: AwareDatetime
    position: int
    lag: int
    attempts: int
    failing_since: AwareDatetime | None
    next_attempt_at: AwareDatetime
    last_status: int | None
    last_error: str | None
    failed_position: int | None

    @classmethod
    def of(cls, webhook: WebhookStatus) -> "WebhookShown":
        """As others see it."""
        values = webhook.model_dump(exclude={"service", "owner", "filter", "version"})
        return cls(**values, owner=webhook.owner.id, types=webhook.filter.types, subject=webhook.filter.subject)


class WebhookPage(BaseModel):
    """Webhooks that the caller may see, the oldest first, and the cursor of the next page."""

    model_config = example({"webhooks": [_WEBHOOK], "next": None})

    webhooks: list[WebhookShown]
    next: str | None


class SecretTold(Accepted):
    """The answer that tells the secret, this once: a repeated request does not get it again."""

    model_config = example(
        {
            "id": WEBHOOK_ID,
            "position": 4711,
            "repeated": False,
            "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=",
        }
    )

    secret: str | None


class ReplayBody(Body):
    """From which position of the log on."""

    model_config = example({"from_position": 4711}, extra="forbid")

    from_position: Annotated[int, Field(ge=1, lt=2**63)]


class SkipBody(Body):
    """The event to go on after, and why it may be missing."""

    model_config = example({"position": 4712, "reason": "it was damaged by a disk"}, extra="forbid")

    position: Annotated[int, Field(ge=1, lt=2**63)]
    reason: Because


class RotationBody(Body):
    """How long the secret before signs too."""

    model_config = example({"overlap_h": 24}, extra="forbid")

    overlap_h: Annotated[int, Field(ge=0, le=168)] = 24


class PersonalDataBody(Body):
    """Whether values about a person are sent, and why."""

    model_config = example({"allowed": True, "reason": "contract of 2027-01-02 on order processing"}, extra="forbid")

    allowed: bool
    reason: Because
