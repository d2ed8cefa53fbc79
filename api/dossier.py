"""Everything behind an invoice, found from its number: what was driven, quoted, charged, paid, credited and told."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from api.system import Fetch
from domain.contexts import POLICIES
from domain.kernel.messages import RecordedEvent
from domain.kernel.policy import SendMessage, reaction_id
from domain.kernel.ports import EventStore

_INVOICES = """
select invoice_id, subject_id, service from reports.invoices
where number = $1 and ($2::text is null or service = $2) order by issued_at
"""
_BEHIND = """
with billed as (select charge_id, subject_id from reports.charges where invoice_id = $2)
select charge_id as id from billed
union select subject_id from billed
union select payment_id from reports.payments where subject_id = $1 or subject_id in (select subject_id from billed)
union select payment_id from reports.refunds join reports.credit_notes using (credit_note_id) where invoice_id = $2
union select credit_note_id from reports.credit_notes where invoice_id = $2
union select transfer_id from reports.transfers where invoice_id = $2
union select reservation_id from reports.trips
    where trip_id in (select subject_id from billed) and reservation_id is not null
"""


_MESSAGES = """
select idempotency_key::uuid as id, template, 'sent' as state, channel, sent_at as at from csbe.messages_sent
where idempotency_key = any($1::uuid[]::text[])
union all
select id, payload->>'template', case when failed_at is null then 'waiting' else 'failed' end, null, failed_at
from csbe.jobs where id = any($1) and not exists (select from csbe.messages_sent where idempotency_key = id::text)
union all
select id, payload->>'template', 'dropped', null, dropped_at
from csbe.dropped_jobs where id = any($1)
"""


class Message(NamedTuple):
    """What a member was told, or is to be, and the event that it follows from."""

    template: str
    position: int
    state: str
    """sent; waiting for its turn or its next try; failed, after several; dropped by an operator."""
    channel: str | None
    """How it was sent: by mail, or as a file that lies at the server."""
    at: datetime | None
    """When it was sent, failed or was dropped."""


class Dossier(NamedTuple):
    """All that happened to an invoice and to what it is for, in the order of the log."""

    invoice_id: UUID
    service: str
    events: Sequence[RecordedEvent]
    messages: Sequence[Message]
    """Those of which there is a trace; of what was sent longer ago than it is kept there is none."""

    @property
    def quotes(self) -> list[Any]:
        """The prices that were shown, each once: a quote names its tariff, and the version of it."""
        found = (getattr(recorded.event, "quote", None) for recorded in self.events)
        return list({quote.model_dump_json(): quote for quote in found if quote is not None}.values())


async def dossiers(number: str, service: str | None, store: EventStore, fetch: Fetch) -> list[Dossier]:
    """One for each invoice of this number: it is unique for a seller."""
    return [await _dossier(invoice, store, fetch) for invoice in await fetch(_INVOICES, number, service)]


async def _dossier(invoice: dict[str, Any], store: EventStore, fetch: Fetch) -> Dossier:
    behind = await fetch(_BEHIND, invoice["subject_id"], invoice["invoice_id"])
    aggregates = [invoice["invoice_id"], *(row["id"] for row in behind)]
    events = [event for id in aggregates async for event in store.read(aggregate_id=id, service=invoice["service"])]
    events.sort(key=attrgetter("position"))
    return Dossier(invoice["invoice_id"], invoice["service"], events, await _messages(events, fetch))


async def _messages(events: Sequence[RecordedEvent], fetch: Fetch) -> list[Message]:
    """What became of that which policies wanted members to be told of these events."""
    asked = {
        reaction_id(recorded, policy, place): recorded.position
        for recorded in events
        for policy in POLICIES.get(type(recorded.event), ())
        for place, reaction in enumerate(policy(recorded, recorded.event))
        if isinstance(reaction, SendMessage)
    }
    found = [Message(position=asked[row.pop("id")], **row) for row in await fetch(_MESSAGES, list(asked))]
    return sorted(found, key=attrgetter("position", "template"))
