"""The one place that turns an event into what others get: a CloudEvents 1.0 event in JSON.

Names and attributes are permanent: see docs/reference/cloudevents.md.
"""

from typing import Any

import orjson

from api.redaction import facts_of
from api.visibility import Kinds, of_events
from domain.kernel.ids import event_id
from domain.kernel.messages import RecordedEvent, Role
from domain.webhooks.subscription import type_of

MEDIA_TYPE = "application/cloudevents+json"

Attributes = dict[str, Any]  # a JSON object; `data` has the facts of any event


def cloud_event(recorded: RecordedEvent, sees: Kinds) -> Attributes:
    """An event as somebody gets it who sees these kinds of facts."""
    event, metadata = recorded.event, recorded.metadata
    aggregate = str(event.originator_id)
    optional = {"causationid": metadata.causation_id, "traceparent": metadata.traceparent}
    return {
        "specversion": "1.0",
        "id": str(event_id(event.originator_id, event.originator_version)),
        "source": f"/csbe/{metadata.service}",
        "type": type_of(recorded.topic),
        "subject": aggregate,
        "time": recorded.recorded_at.isoformat(),
        "datacontenttype": "application/json",
        "dataschema": f"urn:csbe:event:{recorded.topic}.v{event.class_version}",
        "sequence": f"{recorded.position:019d}",
        "partitionkey": aggregate,
        "occurredtime": event.timestamp.isoformat(),
        "correlationid": str(metadata.correlation_id),
        **{name: str(value) for name, value in optional.items() if value is not None},
        "data": facts_of(event, sees),
    }


def to_body(recorded: RecordedEvent, role: Role, personal: bool) -> bytes:
    """The same as it is sent to a role, in one line; what tells of a person only if that is granted."""
    return orjson.dumps(cloud_event(recorded, of_events(role, personal=personal)))
