"""What operators see of cars' messages that could not be used, and do about them."""

import asyncpg
import pytest

from adapters.postgres.event_store.store import PostgresEventStore
from domain.operations.telemetry_orders import TelemetryOrders
from tests.api.cli.terminal import Csbe

TOPIC = "csbe/v1/drivenow-europe/vehicles/WBA00000000000000/telemetry"
WHY = ("--reason", "nobody's car")


@pytest.fixture
async def letters(csbe: Csbe, pool: asyncpg.Pool) -> list[int]:  # noqa: ARG001 (prepares)
    """Numbers of three messages, the oldest first."""
    insert = "insert into csbe.dead_letters (topic, payload, reason) values ($1, $2, $3) returning id"
    said = (
        (TOPIC, b'{"a": 1}', "no vehicle has this VIN"),
        (TOPIC, b"\xff\x00[red]", "Invalid JSON"),
        ("x", b"x" * 5000, "topic"),
    )
    await pool.execute("delete from csbe.dead_letters")
    return [await pool.fetchval(insert, *one) for one in said]


async def test_the_newest_are_listed_with_their_reasons_and_how_many_there_are(csbe: Csbe, letters: list[int]) -> None:
    newest = await csbe("dead-letters", "list", "--limit", "2", "--json")
    about = await csbe("dead-letters", "list", "--containing", "no vehicle", "--json")
    in_words = await csbe("dead-letters", "list", "--limit", "1")

    assert [one["id"] for one in newest.json["letters"]] == letters[:0:-1]
    assert (newest.json["number"], newest.err) == (3, "2 of 3 are shown\n")
    assert [(one["id"], one["reason"], one["bytes"]) for one in about.json["letters"]] == [
        (letters[0], "no vehicle has this VIN", 8)
    ]
    assert (in_words.code, str(letters[2]) in in_words.out) == (0, True)


async def test_one_is_shown_whatever_bytes_it_has_and_not_without_end(csbe: Csbe, letters: list[int]) -> None:
    bytes_of_any_kind = await csbe("dead-letters", "show", str(letters[1]))
    long = await csbe("dead-letters", "show", str(letters[2]), "--json")
    missing = await csbe("dead-letters", "show", str(letters[2] + 1))

    assert "\\xff" in bytes_of_any_kind.out
    assert "[red]" in bytes_of_any_kind.out
    assert (long.json["bytes"], len(long.json["payload"])) == (5000, 4096)
    assert (missing.code, missing.err) == (2, f"error: there is no dead letter {letters[2] + 1}\n")


async def test_what_still_cannot_be_used_stays_and_what_nobody_needs_goes_on_record(
    csbe: Csbe, letters: list[int], pool: asyncpg.Pool, store: PostgresEventStore
) -> None:
    retried = await csbe("dead-letters", "retry", str(letters[0]), "--reason", "is it known now?")
    dropped = await csbe("dead-letters", "drop", str(letters[1]), *WHY)
    again = await csbe("dead-letters", "drop", str(letters[1]), *WHY)

    assert (retried.code, retried.err) == (
        2,
        f"error: {letters[0]} still cannot be used: no vehicle has this VIN\n",
    )
    assert (dropped.code, again.code) == (0, 2)
    rows = await pool.fetch("select id from csbe.dead_letters order by id")
    assert [row["id"] for row in rows] == [letters[0], letters[2]]
    events = [recorded.event async for recorded in store.read(aggregate_id=TelemetryOrders.id_of("telemetry"))]
    kinds = TelemetryOrders.Opened, TelemetryOrders.LetterRetryOrdered, TelemetryOrders.Failed
    assert [type(event) for event in events] == [
        *kinds,
        TelemetryOrders.LetterDropOrdered,
        TelemetryOrders.CarriedOut,
    ]
    assert vars(events[3]).items() >= {
        "letter_id": letters[1], "mqtt_topic": TOPIC, "error": "Invalid JSON", "by": "olga", "reason": WHY[1],
    }.items()  # fmt: skip
