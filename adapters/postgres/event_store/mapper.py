"""Domain events as stored JSON and back: validated on read, upcast, values about a person encrypted field by field."""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from eventsourcing.utils import TopicError, resolve_topic
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from adapters.postgres.event_store.key_store import PersonKey
from domain.kernel.aggregate import DomainEvent
from domain.kernel.errors import UnreadableEventError, UnstorableEventError
from domain.kernel.personal import personal_fields

Keys = Mapping[UUID, PersonKey]

_IN_COLUMNS = {"originator_id", "originator_version"}
_SECRET = "$personal"  # noqa: S105 (the name of a member in the JSON)
_SECRET_BYTES = b'"$personal"'
_NUL_BYTES = rb"\u0000"
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_SUBJECTS = re.compile(rb'"of": ?"([0-9a-f-]{36})"')


class StoredState(NamedTuple):
    """What a row of `csbe.events` says about one event."""

    originator_id: UUID
    originator_version: int
    topic: str
    state: bytes


def subject_of(event: DomainEvent) -> UUID | None:
    """The person whose key an event's values are stored under; none when it has no values about a person."""
    if not personal_fields(type(event)):
        return None
    subject: UUID = getattr(event, event.subject)
    return subject


def to_stored(event: DomainEvent, keys: Keys) -> StoredState:
    """An event as it is stored. `keys` must have its subject's. Raises `UnstorableEventError`."""
    personal = personal_fields(type(event))
    state = event.__pydantic_serializer__.to_json(event, exclude=_IN_COLUMNS)
    if _NUL_BYTES in state and _NUL.search(state):
        raise UnstorableEventError(event.TOPIC, event.originator_id)
    if personal:
        state = _encrypt(event, state, personal, keys)
    if event.class_version > 1:
        state = b'{"class_version":%d,' % event.class_version + state[1:]
    return StoredState(event.originator_id, event.originator_version, event.TOPIC, state)


def _encrypt(event: DomainEvent, state: bytes, personal: Iterable[str], keys: Keys) -> bytes:
    subject: UUID = getattr(event, event.subject)
    values = orjson.loads(state)
    for name in personal:
        if values[name] is not None:
            context = _context(event.originator_id, event.originator_version, name)
            secret = keys[subject].encrypt(orjson.dumps(values[name]), context)
            values[name] = secret and {_SECRET: b64encode(secret).decode(), "of": str(subject)}
    return orjson.dumps(values)


def subjects_in(rows: Iterable[StoredState]) -> set[UUID]:
    """The persons whose keys are needed to read these rows."""
    found = {subject for row in rows if _SECRET_BYTES in row.state for subject in _SUBJECTS.findall(row.state)}
    return {_id(subject.decode()) for subject in found}


def to_event(row: StoredState, keys: Keys, reads: frozenset[str] | None = None) -> DomainEvent:
    """The event of a row, in the newest version of its class. Raises `UnreadableEventError`.

    A value about a person is none when that person has no key (any more). Where it is said which fields the caller
    `reads`, the others are neither decrypted nor validated, and the event does not have them.
    """
    try:
        event_class = event_class_of(row.topic)
        return _whole(event_class, row, keys) if reads is None else _part(event_class, row, keys, reads)
    except ValidationError as error:  # without the values, which may be about a person
        wrong = str(error.errors(include_input=False, include_url=False, include_context=False))
        raise UnreadableEventError(row.topic, row.originator_id, row.originator_version, wrong) from None
    except (TopicError, InvalidTag, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableEventError(row.topic, row.originator_id, row.originator_version, repr(error)) from error


def _whole(event_class: type[DomainEvent], row: StoredState, keys: Keys) -> DomainEvent:
    values = _decoded(event_class, row, keys)
    values["originator_id"] = row.originator_id
    values["originator_version"] = row.originator_version
    return event_class.model_validate(values)


def _part(event_class: type[DomainEvent], row: StoredState, keys: Keys, reads: frozenset[str]) -> DomainEvent:
    event = event_class.__new__(event_class)
    reduced = _reduced(event_class, reads)
    validator = reduced.__pydantic_validator__
    if event_class.class_version == 1 and not (personal_fields(reduced) and _SECRET_BYTES in row.state):
        validator.validate_json(row.state, self_instance=event)
    else:
        decoded = _decoded(event_class, row, keys, reads)
        values = {name: value for name, value in decoded.items() if name in reads}
        validator.validate_python(values, self_instance=event)
    event.__dict__["originator_id"] = row.originator_id
    event.__dict__["originator_version"] = row.originator_version
    return event


@cache
def _reduced(event_class: type[DomainEvent], reads: frozenset[str]) -> type[BaseModel]:
    """A model of some of an event's fields, which passes over the others."""
    fields = event_class.model_fields.items()
    read = {name: (field.annotation, field) for name, field in fields if name in reads - _IN_COLUMNS}
    config = ConfigDict(frozen=True, extra="ignore")
    reduced: type[BaseModel] = create_model(event_class.__name__, __config__=config, **read)  # type: ignore[call-overload]
    return reduced


def _decoded(
    event_class: type[DomainEvent], row: StoredState, keys: Keys, reads: frozenset[str] | None = None
) -> dict[str, Any]:
    values: dict[str, Any] = orjson.loads(row.state)
    if _SECRET_BYTES in row.state:
        needed = reads if event_class.class_version == 1 else None  # an upcast may look at any of them
        _decrypt(row, values, keys, needed)
    _upcast(event_class, values)
    return values


@lru_cache(maxsize=4096)
def event_class_of(topic: str) -> type[DomainEvent]:
    """The class registered for a topic. Raises `TopicError` or `TypeError`."""
    found = resolve_topic(topic)
    if not (isinstance(found, type) and issubclass(found, DomainEvent)):
        msg = f"topic {topic} belongs to {found}, which is not an event"
        raise TypeError(msg)
    return found


def _decrypt(row: StoredState, values: dict[str, Any], keys: Keys, needed: frozenset[str] | None) -> None:
    for name, value in values.items():
        if isinstance(value, dict) and _SECRET in value and (needed is None or name in needed):
            context = _context(row.originator_id, row.originator_version, name)
            plain = keys[_id(value["of"])].decrypt(b64decode(value[_SECRET]), context)
            values[name] = None if plain is None else orjson.loads(plain)


@lru_cache(maxsize=4096)
def _id(text: str) -> UUID:
    return UUID(text)


def _upcast(event_class: type[DomainEvent], values: dict[str, Any]) -> None:
    for version in range(values.pop("class_version", 1), event_class.class_version):
        getattr(event_class, f"upcast_v{version}_v{version + 1}")(values)


def _context(originator_id: UUID, version: int, field: str) -> bytes:
    return b"%s/%d/%s" % (originator_id.bytes, version, field.encode())
