"""Commands for auditors, from the event log alone."""

import json
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer
from rich.markup import escape
from rich.table import Table

from api import demo as demonstration
from api.cli.terminal import AsJson, fail, run, show, with_system
from api.composition import Running
from api.rest.history import shown
from api.rest.schemas.history import EventShown

audit_app = typer.Typer(help="Checks from the event log alone.", no_args_is_help=True)


def history(
    aggregate_id: Annotated[UUID, typer.Argument(help="Id of a trip, a reservation, a car, ...")],
    at: Annotated[datetime | None, typer.Option(help="Only what was recorded by then (UTC).")] = None,
    position: Annotated[int | None, typer.Option(min=1, help="Only what was recorded up to this position.")] = None,
    as_json: AsJson = False,
) -> None:
    """Every event of one aggregate: who, when and why."""
    until = at.replace(tzinfo=UTC) if at and at.tzinfo is None else at

    async def read(running: Running) -> list[EventShown]:
        events = running.store.read(aggregate_id=aggregate_id, until=position)
        return [shown(event) async for event in events if until is None or event.recorded_at <= until]

    found = run(with_system(read))
    if not found:
        fail(f"there is no aggregate {aggregate_id}")
    table = Table("position", "at", "event", "by", "command", "facts")
    for event in found:
        actor, command = event.metadata.actor, event.metadata.command
        by, facts = f"{actor.role} {actor.id}", json.dumps(event.facts)
        table.add_row(str(event.position), event.at.isoformat(), event.type, by, command, escape(facts))
    show(as_json, [event.model_dump(mode="json") for event in found], table)


@audit_app.command("invariants")
def audit_invariants(
    finished: Annotated[
        bool, typer.Option("--finished", help="Nothing is under way any more: what is still to come counts as broken.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Replay the whole log and check what must always hold; exits with 1 when something does not."""
    results = run(with_system(lambda running: demonstration.audit(running, finished=finished)))
    summary = {n: {"checked": r.checked, "broken": r.broken} for n, r in results.items()}
    table = Table("invariant", "checked", "broken")
    for invariant, result in results.items():
        table.add_row(invariant, str(result.checked), "; ".join(result.broken[:3]) or "none")
    show(as_json, summary, table)
    if any(result.broken for result in results.values()):
        raise typer.Exit(1)
