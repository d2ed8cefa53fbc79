"""What leaves the house is CloudEvents 1.0, and says nothing about a person unless that is granted."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin
from uuid import UUID

import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent as Oracle
from hypothesis import given
from hypothesis import strategies as some
from pydantic import BaseModel

from api.cloudevents import cloud_event, to_body
from api.redaction import state_of
from api.rest.schemas.webhooks import CloudEvent
from api.visibility import ALL, SECRETS, SEES, of_events
from domain.billing.buyers import Buyer
from domain.billing.fee import Evidence
from domain.contexts import EVENTS
from domain.kernel.aggregate import Aggregate, DomainEvent, Event
from domain.kernel.ids import CommandId, event_id
from domain.kernel.messages import Actor, Metadata, RecordedEvent, Role
from domain.kernel.personal import personal_fields, restricted_fields, sensitive_fields
from domain.kernel.units import Position
from domain.members.facts import PostalAddress
from tests.golden import samples, stories

SAMPLES: dict[str, DomainEvent] = {
    (name := samples.name_of(event)): samples.read(name, samples.load(name)) for event in EVENTS.values()
}
ABOUT_PERSONS = [event for event in SAMPLES.values() if sensitive_fields(type(event))]
ERASABLE = [event for event in ABOUT_PERSONS if personal_fields(type(event))]
METADATA = Metadata(
    command_id=CommandId(UUID(int=1)),
    command="test",
    actor=Actor(role=Role.MEMBER, id=str(UUID(int=2))),
    service="drivenow-europe",
    correlation_id=UUID(int=3),
    causation_id=UUID(int=4),
)
every_event = pytest.mark.parametrize("event", SAMPLES.values(), ids=SAMPLES)


def recorded(event: DomainEvent) -> RecordedEvent:
    at = datetime(2027, 1, 5, 12, tzinfo=UTC)
    return RecordedEvent(position=4711, recorded_at=at, topic=event.TOPIC, event=event, metadata=METADATA)


@every_event
@pytest.mark.parametrize("personal", [False, True])
def test_the_official_library_reads_every_event(event: DomainEvent, personal: bool) -> None:
    read = JSONFormat().read(Oracle, to_body(recorded(event), Role.OPERATOR, personal))

    assert read.get_id() == str(event_id(event.originator_id, event.originator_version))
    assert (read.get_source(), read.get_type()) == ("/csbe/drivenow-europe", f"csbe.{event.TOPIC}")
    assert (read.get_subject(), read.get_specversion()) == (str(event.originator_id), "1.0")
    assert read.get_time() == datetime(2027, 1, 5, 12, tzinfo=UTC)
    assert read.get_datacontenttype() == "application/json"
    assert read.get_dataschema() == f"urn:csbe:event:{samples.name_of(type(event))}"
    assert int(read.get_extension("sequence")) == 4711
    assert read.get_extension("correlationid") == str(UUID(int=3))
    assert read.get_extension("causationid") == str(UUID(int=4))
    assert isinstance(read.get_data(), dict)


@every_event
def test_every_event_is_as_the_api_describes_it(event: DomainEvent) -> None:
    sent = json.loads(to_body(recorded(event), Role.OPERATOR, personal=True))

    assert CloudEvent.model_validate(sent).model_dump(mode="json", exclude_unset=True).keys() == sent.keys()


def test_positions_as_text_are_in_the_order_of_the_log() -> None:
    event = next(iter(SAMPLES.values()))
    positions = [9, 10, 99, 2**63 - 1]

    sequences = [cloud_event(replace(recorded(event), position=p), ALL)["sequence"] for p in positions]

    assert sequences == sorted(sequences)


def test_what_nothing_caused_names_no_cause() -> None:
    first = recorded(next(iter(SAMPLES.values())))

    sent = cloud_event(replace(first, metadata=METADATA.model_copy(update={"causation_id": None})), ALL)

    assert not {"causationid", "traceparent"} & sent.keys()


def test_the_trace_of_the_request_is_named() -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    event = recorded(next(iter(SAMPLES.values())))
    traced = replace(event, metadata=METADATA.model_copy(update={"traceparent": trace}))

    read = JSONFormat().read(Oracle, to_body(traced, Role.OPERATOR, personal=False))

    assert read.get_extension("traceparent") == trace


def leaves(value: Any) -> set[Any]:
    """The values in a JSON value."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return {leaf for one in inner for leaf in leaves(one)}
    return {value}


def names(value: Any) -> set[str]:
    """The names in a JSON value."""
    if isinstance(value, dict):
        return set(value) | {name for inner in value.values() for name in names(inner)}
    return {name for inner in value for name in names(inner)} if isinstance(value, list) else set()


PLACES = {
    "fleet.vehicle.zone_entered": {"position", "zone_id", "zones"},
    "fleet.vehicle.zone_left": {"position", "zone_id", "zones"},
    "billing.charge.raised": {"start_zones", "end_zones"},
    "billing.charge.corrected": {"start_zones", "end_zones"},
    "rental.reservation.charge_due": {"start_zones", "end_zones"},
    "rental.trip.start_confirmed": {"position", "zones"},
    "rental.scheduled_reservation.placed": {"zone_id"},
    "rental.scheduled_reservation.charge_due": {"start_zones", "end_zones"},
    "rental.trip.correction_proposed": {"start_zones", "end_zones"},
    "rental.trip.corrected": {"start_zones", "end_zones"},
    "rental.trip.ended": {"position", "zones", "start_zones", "end_zones"},
}
LICENCE = {"members.member.licence_submitted": {"number", "country", "issued_on", "expires_on"}}


@every_event
def test_where_a_person_was_and_what_a_licence_says_leave_only_where_that_is_granted(event: DomainEvent) -> None:
    telling = PLACES | LICENCE
    zones = {"zone_id", "zones", "start_zones", "end_zones"}

    without, granted = (
        names(cloud_event(recorded(event), of_events(Role.OPERATOR, personal=personal))["data"])
        for personal in (False, True)
    )

    assert not without & (zones | telling.get(event.TOPIC, set()))
    assert telling.get(event.TOPIC, set()) <= granted
    assert event.TOPIC in PLACES or not granted & zones


TEXT = some.uuids().map(lambda one: f"about-{one}")
ADDRESSES = some.builds(PostalAddress, street=TEXT, postcode=some.just("XQZ 774"), city=TEXT, country=some.just("XQ"))
PLANTED: dict[object, some.SearchStrategy[Any]] = {
    str: TEXT,
    UUID: some.uuids(),
    date: some.dates(date(1000, 1, 1), date(1500, 1, 1)),
    tuple[Evidence, ...]: some.lists(some.builds(Evidence, kind=some.just("letter"), reference=TEXT)).map(tuple),
    Buyer: some.builds(Buyer, name=TEXT, address=ADDRESSES),
    PostalAddress: ADDRESSES,
    Position: some.builds(
        Position,
        latitude=some.floats(-90, -80, exclude_min=True, allow_subnormal=False),
        longitude=some.floats(-180, -170, exclude_min=True, allow_subnormal=False),
    ),
    tuple[str, ...]: some.tuples(TEXT, TEXT),
    tuple[UUID, ...]: some.tuples(some.uuids(), some.uuids()),
}
"""Values that stand nowhere else, by the type of the field."""


def plant(model: BaseModel, draw: Callable[[some.SearchStrategy[Any]], Any]) -> BaseModel:
    """The same with such values in every field that tells of a person, and in those of what it holds."""
    marked: dict[str, Any] = {}
    for name, field in type(model).model_fields.items():
        if name in (*personal_fields(type(model)), *restricted_fields(type(model))):
            marked[name] = draw(PLANTED[plain(field.annotation)])
        elif isinstance(held := getattr(model, name), BaseModel):
            marked[name] = plant(held, draw)
    return model.model_copy(update=marked)


def plain(annotation: Any) -> object:
    """Without `None`, and with what new types of ids are made of."""
    if get_origin(annotation) in {Union, UnionType}:
        [annotation] = set(get_args(annotation)) - {NoneType}
    if get_origin(annotation) is tuple:
        return tuple[plain(get_args(annotation)[0]), ...]  # type: ignore[misc]
    return getattr(annotation, "__supertype__", annotation)


def planted_in(model: BaseModel) -> set[Any]:
    """The values that tell of a person, as JSON."""
    marked = {*personal_fields(type(model)), *restricted_fields(type(model))} - SECRETS
    held = [value for name, value in model if name not in marked and isinstance(value, BaseModel)]
    mine = leaves(json.loads(model.model_dump_json(include=marked)))
    return mine.union(*(planted_in(value) for value in held)) - {None}


@given(planted=some.data())
@pytest.mark.parametrize("event", ABOUT_PERSONS, ids=lambda event: event.TOPIC)
def test_no_value_about_a_person_leaves_unless_it_is_granted(event: DomainEvent, planted: some.DataObject) -> None:
    about = plant(event, planted.draw)
    assert isinstance(about, DomainEvent)

    without, granted = (
        leaves(json.loads(to_body(recorded(about), Role.OPERATOR, personal))) for personal in (False, True)
    )

    assert planted_in(about)
    assert not planted_in(about) & without
    assert planted_in(about) <= granted
    codes = {value for name, value in about if name in SECRETS and name in personal_fields(type(about))}
    assert not codes & (without | granted)


@every_event
def test_tokens_and_mailed_codes_never_leave(event: DomainEvent) -> None:
    sent = cloud_event(recorded(event), ALL)

    assert not SECRETS & names(sent)


def test_no_state_of_an_aggregate_tells_where_a_person_was_or_what_a_licence_says() -> None:
    now: dict[UUID, Aggregate] = {}
    for event in asyncio.run(stories.events()):
        assert isinstance(event, Event)
        known = now.get(event.originator_id) if event.originator_version > 1 else None
        changed = event.mutate(known)
        assert changed is not None
        now[event.originator_id] = changed

        told = [fields for topic, fields in (PLACES | LICENCE).items() if topic.startswith(f"{changed.TOPIC}.")]
        assert not names(state_of(changed, SEES[Role.AUDITOR])) & set().union(*told)


@pytest.mark.parametrize("event", ERASABLE, ids=lambda event: event.TOPIC)
def test_an_erased_person_is_not_there_even_where_it_is_granted(event: DomainEvent) -> None:
    fields = personal_fields(type(event))
    erased = event.model_copy(update=dict.fromkeys(fields))

    data = cloud_event(recorded(erased), ALL)["data"]

    assert {data.get(name) for name in fields} == {None}
    assert not names(data) & (sensitive_fields(type(event)) - set(fields))
