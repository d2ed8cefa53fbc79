"""The one place that turns an event into what others get: a CloudEvents 1.0 event in JSON.

Names and attributes are permanent: see docs/reference/cloudevents.md.
"""

from typing import Any

import orjson

from api.redaction import facts_of
from domain.kernel.ids import event_id
from domain.kernel.messages import RecordedEvent
from domain.webhooks.subscription import type_of

MEDIA_TYPE = "application/cloudevents+json"

Attributes = dict[str, Any]  # a JSON object; `data` has the facts of any event


def cloud_event(recorded: RecordedEvent, *, personal: bool = False) -> Attributes:
    """An event as others get it. Values about a person are in it only if `personal`; secrets never are."""
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
        "data": facts_of(event, personal=personal),
    }


def to_body(recorded: RecordedEvent, personal: bool) -> bytes:
    """The same as it is sent, in one line."""
    return orjson.dumps(cloud_event(recorded, personal=personal))
