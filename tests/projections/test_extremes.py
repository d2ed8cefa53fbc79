"""Whatever the log takes can be read, projected, shown and sent again: what it takes is bounded."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from pydantic import ValidationError

import projections
from adapters.postgres.database import connect
from adapters.postgres.event_store.mapper import to_event, to_stored
from api.cloudevents import to_body
from api.rest.history import shown
from domain.contexts import EVENTS
from domain.kernel.aggregate import DomainEvent
from domain.kernel.errors import UnstorableEventError
from domain.kernel.messages import RecordedEvent, Role
from tests.golden.samples import KEYS, METADATA
from tests.projections.following import live_schema, prepared
from tests.support.extremes import extremes_of

FREE = {"TaxAmount.rate", "PriceLine.quantity", "PriceLine.unit_amount"}
"""Exact decimals, which any column for them holds."""

NUL = r"\u0000"
"""As JSON has it."""

each_event = pytest.mark.parametrize("event_class", EVENTS.values(), ids=lambda event: event.TOPIC)


class Desk:
    """A database with all read models, in which nothing stays."""

    def __init__(self, dsn: str) -> None:
        self._runner = asyncio.Runner()
        self._pool: asyncpg.Pool = self._runner.run(connect(dsn))
        self._runner.run(prepared(self._pool))
        self._schemas = {p.NAME: self._runner.run(live_schema(self._pool, p.NAME)) for p in projections.PROJECTORS}

    def project(self, recorded: RecordedEvent) -> None:
        self._runner.run(self._project(recorded))

    async def _project(self, recorded: RecordedEvent) -> None:
        async with self._pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                for projector in projections.PROJECTORS:
                    await projector.apply([recorded], connection, self._schemas[projector.NAME])
            finally:
                await transaction.rollback()

    def close(self) -> None:
        self._runner.run(self._pool.close())
        self._runner.close()


@pytest.fixture(scope="module")
def desk(postgres_dsn: str) -> Iterator[Desk]:
    desk = Desk(postgres_dsn)
    yield desk
    desk.close()


@each_event
def test_each_value_of_an_event_is_bounded(event_class: type[DomainEvent]) -> None:
    schema = event_class.model_json_schema()

    found = {*_unbounded("", schema)} | {
        place for name, part in schema.get("$defs", {}).items() for place in _unbounded(name, part)
    }

    assert found <= FREE


@each_event
def test_an_event_at_its_bounds_is_read_projected_shown_and_sent(event_class: type[DomainEvent], desk: Desk) -> None:
    @settings(max_examples=20, deadline=None, suppress_health_check=[*HealthCheck])
    @given(extremes_of(event_class))
    def law(values: dict[str, Any]) -> None:
        if (event := _valid(event_class, values)) is None:
            return
        if NUL in event.model_dump_json():
            with pytest.raises(UnstorableEventError):
                to_stored(event, KEYS)
            return
        recorded = RecordedEvent(1, datetime(2027, 3, 1, tzinfo=UTC), event.TOPIC, event, METADATA)

        assert to_event(to_stored(event, KEYS), KEYS) == event
        desk.project(recorded)
        assert orjson.loads(to_body(recorded, Role.OPERATOR, personal=True))["type"] == f"csbe.{event.TOPIC}"
        assert shown(recorded).model_dump_json()

    law()


def _valid(event_class: type[DomainEvent], values: dict[str, Any]) -> DomainEvent | None:
    """What it is, unless its own rules, which a schema does not show, refuse it."""
    try:
        return event_class.model_validate_json(orjson.dumps(values))
    except ValidationError:
        return None


def _unbounded(place: str, schema: Any) -> Iterator[str]:  # a JSON Schema, or a part of one
    """Where a number or a text has no bound."""
    match schema:
        case {"type": "integer"} if not (_has_a_bound(schema, "aximum") and _has_a_bound(schema, "inimum")):
            yield place
        case {"type": "number"} if not (_has_a_bound(schema, "aximum") and _has_a_bound(schema, "inimum")):
            yield place
        case {"type": "string"} if schema.keys().isdisjoint({"maxLength", "format", "enum", "const", "pattern"}):
            yield place
        case {"properties": dict(properties)}:
            for name, part in properties.items():
                yield from _unbounded(f"{place}.{name}" if place else name, part)
        case dict():
            for part in schema.values():
                yield from _unbounded(place, part)
        case list():
            for part in schema:
                yield from _unbounded(place, part)


def _has_a_bound(schema: dict[str, Any], which: str) -> bool:
    return f"m{which}" in schema or f"exclusiveM{which}" in schema
