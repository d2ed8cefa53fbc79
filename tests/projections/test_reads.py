"""A projector gets the fields that it declares to read, and makes of them what it makes of whole events."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

import projections
from adapters.postgres.event_store.mapper import Keys, StoredState, to_event
from domain.kernel.aggregate import DomainEvent
from domain.kernel.errors import UnreadableEventError
from domain.kernel.messages import RecordedEvent
from domain.rental.trip import Trip
from projections.kernel.changes import Given, RowChange
from projections.kernel.projector import Projector
from tests.golden import samples

NAMES = sorted(samples.names())
NOBODYS: Keys = {}
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def _row(name: str, **facts: object) -> StoredState:
    sample = samples.load(name)
    state = json.dumps({**sample["state"], **facts}).encode()
    return StoredState(UUID(sample["originator_id"]), sample["originator_version"], samples.topic_of(name), state)


def _seen(changes: Iterable[RowChange]) -> Iterator[object]:
    """Changes, and what they make of a row, in the place of functions."""
    for change in changes:
        yield _made_of_a_row(change) if isinstance(change, Given) else change


def _made_of_a_row(given: Given) -> object:
    return given.table, given.key, [*_seen(given.then(defaultdict(int, since=LONG_AGO, timezone="UTC")))]


@pytest.mark.parametrize("projector", projections.PROJECTORS, ids=lambda projector: projector.NAME)
def test_the_fields_read_make_the_same_rows_as_the_whole_event(projector: Projector) -> None:
    for name in NAMES:
        if samples.topic_of(name) in projector.topics:
            row = _row(name)
            whole = RecordedEvent(7, datetime.now(UTC), row.topic, to_event(row, samples.KEYS), samples.METADATA)
            part = replace(whole, event=to_event(row, samples.KEYS, projector.READS))

            assert list(_seen(projector.changes(part))) == list(_seen(projector.changes(whole)))


def test_a_value_about_a_person_that_nobody_reads_needs_no_key() -> None:
    ended = to_event(_row("rental.trip.ended.v1"), NOBODYS, frozenset({"driving_s"}))

    assert type(ended) is Trip.Ended
    assert ended.driving_s == 900
    with pytest.raises(AttributeError):
        _ = ended.position


def test_a_field_that_is_read_is_validated_and_decrypted_as_ever() -> None:
    damaged = _row("rental.trip.ended.v1", driving_s="long")

    with pytest.raises(UnreadableEventError, match="driving_s"):
        to_event(damaged, samples.KEYS, frozenset({"driving_s"}))
    with pytest.raises(UnreadableEventError, match="KeyError"):
        to_event(_row("rental.trip.ended.v1"), NOBODYS, frozenset({"position"}))
    assert to_event(damaged, samples.KEYS, frozenset({"parked_s"})).originator_version == 15


class Moved(DomainEvent):
    TOPIC = "test.moved"
    class_version = 2

    metres: int
    note: str

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["metres"] = state.pop("kilometres") * 1000


def test_an_event_of_an_earlier_version_is_brought_to_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.postgres.event_store.mapper.event_class_of", {"test.moved": Moved}.__getitem__)
    old = StoredState(UUID(int=1), 1, "test.moved", b'{"timestamp":"2026-03-02T09:20:00Z","kilometres":3,"note":"far"}')
    new = StoredState(UUID(int=1), 2, "test.moved", b'{"class_version":2,"metres":5000,"note":"farther"}')

    assert [to_event(row, NOBODYS, frozenset({"metres"})).__dict__["metres"] for row in (old, new)] == [3000, 5000]
