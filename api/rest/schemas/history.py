"""Events and aggregates as auditors see them."""

from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from api.rest.schemas.base import INVOICE_ID, MEMBER_ID, TRIP_ID, VEHICLE_ID, example
from domain.kernel.messages import Metadata
from domain.rulebook.tariff import Quote

_COMMAND_ID = "77a7d2f0-8c1b-5a3e-9d54-1b2c3d4e0007"
_CORRELATION_ID = "5f2c9b18-3d7e-4a60-8b1f-0a9c8d7e0008"
_EVENT = {
    "position": 4711,
    "recorded_at": "2027-01-05T12:09:00.120Z",
    "aggregate_id": TRIP_ID,
    "version": 1,
    "type": "rental.trip.requested",
    "at": "2027-01-05T12:09:00.117Z",
    "facts": {"member_id": MEMBER_ID, "vehicle_id": VEHICLE_ID, "city_id": "berlin"},
    "metadata": {
        "command_id": _COMMAND_ID,
        "command": "rental.start_trip",
        "actor": {"role": "member", "id": MEMBER_ID},
        "service": "drivenow-europe",
        "correlation_id": _CORRELATION_ID,
        "causation_id": None,
        "reason": None,
    },
}


class EventShown(BaseModel):
    """An event with who, when and why; without secrets and without values about a person."""

    model_config = example(_EVENT)

    position: int
    recorded_at: AwareDatetime
    aggregate_id: UUID
    version: int
    type: str
    at: AwareDatetime
    facts: dict[str, Any]  # of any event type
    metadata: Metadata


class History(BaseModel):
    """Events of one aggregate, oldest first, and the cursor of the next page."""

    model_config = example({"events": [_EVENT], "next": None})

    events: list[EventShown]
    next: str | None


class Told(BaseModel):
    """A message to a member that follows an event: what was sent, or is to be."""

    template: str
    position: int
    state: Literal["sent", "waiting", "failed", "dropped"]
    channel: Literal["mail", "file"] | None = Field(description="How it was sent.")
    at: AwareDatetime | None = Field(description="When it was sent, failed or was dropped.")


class InvoiceHistory(BaseModel):
    """Everything behind an invoice, in the order of the log: its quotes name the tariff and its version."""

    model_config = example(
        {
            "invoice_id": INVOICE_ID,
            "quotes": [],
            "messages": [
                {
                    "template": "invoice_issued",
                    "position": 4720,
                    "state": "sent",
                    "channel": "mail",
                    "at": "2026-03-02T10:20:31Z",
                }
            ],
            "events": [_EVENT],
        }
    )

    invoice_id: UUID
    quotes: list[Quote]
    messages: list[Told]
    events: list[EventShown]


class LogEntry(BaseModel):
    """An event in the log: what, about whom, by whom, and what caused it."""

    position: int
    recorded_at: AwareDatetime
    aggregate_id: UUID
    version: int
    topic: str
    member_id: UUID | None
    vehicle_id: UUID | None
    actor_role: str
    actor_id: str
    command: str
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None
    reason: str | None


class Log(BaseModel):
    """A part of the event log, oldest first, and the cursor of the next page."""

    model_config = example(
        {
            "events": [
                {
                    "position": 4711,
                    "recorded_at": "2027-01-05T12:09:00.120Z",
                    "aggregate_id": TRIP_ID,
                    "version": 1,
                    "topic": "rental.trip.requested",
                    "member_id": MEMBER_ID,
                    "vehicle_id": VEHICLE_ID,
                    "actor_role": "member",
                    "actor_id": MEMBER_ID,
                    "command": "rental.start_trip",
                    "command_id": _COMMAND_ID,
                    "correlation_id": _CORRELATION_ID,
                    "causation_id": None,
                    "reason": None,
                }
            ],
            "next": None,
        }
    )

    events: list[LogEntry]
    next: str | None


class StateShown(BaseModel):
    """An aggregate as it was recorded at a time or at a position; without values about a person."""

    model_config = example(
        {
            "id": VEHICLE_ID,
            "type": "fleet.vehicle",
            "version": 2,
            "state": {"city_id": "berlin", "service_state": "in_service", "online": True, "trip_id": None},
        }
    )

    id: UUID
    type: str
    version: int
    state: dict[str, Any]  # of any aggregate
