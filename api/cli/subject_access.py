"""The command that tells all that is stored of a person."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.markup import escape

from api.cli.terminal import AsJson, By, run, show, with_system
from api.composition import Person, Running, all_about
from api.redaction import facts_of
from api.visibility import ALL
from domain.kernel.messages import RecordedEvent, Role
from domain.kernel.reads import PersonalRead

DOOR = "csbe subject-access"


def subject_access(
    member_id: Annotated[UUID, typer.Argument(help="The member.")], by: By, as_json: AsJson = False
) -> None:
    """Tell all that is stored of a member, but for secrets: for whoever asks what it is. It is on record as a read."""

    async def read(running: Running) -> Person:
        found = await all_about(running, member_id)
        service = found.events[0].metadata.service
        told = PersonalRead(datetime.now(UTC), service, Role.AGENT, by, DOOR, "terminal", member_id)
        await running.reads.note([told])
        return found

    found = run(with_system(read))
    events = [_event(recorded) for recorded in found.events]
    data = {"member_id": str(member_id), "events": events, "rows": found.rows}
    show(as_json, data, "\n".join([*_events_in_words(events), *_rows_in_words(found.rows)]))


def _event(recorded: RecordedEvent) -> dict[str, Any]:
    actor = recorded.metadata.actor
    return {
        "position": recorded.position,
        "at": recorded.event.timestamp.isoformat(),
        "type": recorded.topic,
        "by": f"{actor.role} {actor.id}",
        "facts": facts_of(recorded.event, ALL),
    }


def _events_in_words(events: list[dict[str, Any]]) -> Iterator[str]:
    yield f"[bold]{len(events)} events[/bold]"
    for event in events:
        yield f"{event['at']}  {event['type']}, by {escape(event['by'])}"
        yield from _facts(event["facts"])


def _rows_in_words(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    for table, found in rows.items():
        yield f"[bold]{len(found)} in {table}[/bold]"
        for row in found:
            yield from _facts(row)
            yield ""


def _facts(values: Mapping[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        if value is not None:
            yield escape(f"    {name}: {value if isinstance(value, str) else json.dumps(value)}")
