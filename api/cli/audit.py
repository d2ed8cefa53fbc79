"""Commands for auditors, from the event log alone."""

import json
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic import AwareDatetime, TypeAdapter
from rich.markup import escape
from rich.progress import Progress
from rich.table import Column, Table

from api.cli.terminal import AsJson, errors, fail, operator, parsed, run, show, with_log, with_system
from api.composition import AuditedSnapshot, Log, Running, SnapshotFinding, pseudonym
from api.dossier import Dossier, dossiers
from api.reads import whose
from api.redaction import state_of
from api.rest.history import invoice_shown, shown
from api.rest.schemas.base import LAST_POSITION
from api.rest.schemas.history import EventShown, Told
from api.rest.schemas.reads import ReadShown
from api.settings import Settings
from api.visibility import SEES
from domain import contexts
from domain.invariants import InvariantResult, audit
from domain.kernel.errors import UnreadableEventError
from domain.kernel.messages import RecordedEvent, Role
from domain.kernel.ports import EventStore
from domain.kernel.reads import PersonalRead

_READS = """
select read_at, member_id, reader_role, reader, door, by_right from csbe.personal_reads
where $1::uuid is null or member_id = $1 order by read_at desc, read_id desc limit 1000
"""

_ABOUT = """
select position from reports.event_log
where ($1::uuid is null or member_id = $1) and ($2::uuid is null or vehicle_id = $2)
    and ($3::uuid is null or correlation_id = $3) and position <= $4 and ($5::timestamptz is null or recorded_at <= $5)
order by position
"""

audit_app = typer.Typer(help="Checks from the event log alone.", no_args_is_help=True)


def history(
    aggregate_id: Annotated[UUID | None, typer.Argument(help="Id of a trip, a reservation, a car, ...")] = None,
    member_id: Annotated[UUID | None, typer.Option("--member", help="What is about this member.")] = None,
    vehicle_id: Annotated[UUID | None, typer.Option("--vehicle", help="What is about this car.")] = None,
    correlation_id: Annotated[
        UUID | None, typer.Option("--correlation", help="What followed from one request.")
    ] = None,
    at: Annotated[
        datetime | None,
        typer.Option(
            parser=parsed(TypeAdapter(AwareDatetime)),
            metavar="TIME",
            help="Only what was recorded by then, with its zone, e.g. 2027-01-01T00:00Z.",
        ),
    ] = None,
    position: Annotated[
        int | None, typer.Option(min=1, max=LAST_POSITION, help="Only what was recorded up to this position.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Every event of one aggregate, with who, when and why, and its state after them.

    Or every event about a member or a car, or of a request, whatever it happened to.
    """
    wanted = (member_id, vehicle_id, correlation_id)
    if (aggregate_id is not None) == any(wanted):
        fail("name one aggregate, or what its events are about: --member, --vehicle, --correlation")
    if aggregate_id is not None:
        _history_of_one(aggregate_id, at, position, as_json=as_json)
        return

    async def read(log: Log) -> list[RecordedEvent]:
        rows = await log.fetch(_ABOUT, *wanted, position or LAST_POSITION, at)
        found = [e for row in rows async for e in log.store.read(after=row["position"] - 1, until=row["position"])]
        await log.note(_reads(found, "csbe history"))
        return found

    events = [shown(event) for event in run(with_log(read))]
    show(as_json, {"events": [event.model_dump(mode="json") for event in events]}, "\n".join(map(_told, events)))


def _history_of_one(aggregate_id: UUID, until: datetime | None, position: int | None, *, as_json: bool) -> None:
    async def read(log: Log) -> tuple[list[RecordedEvent], dict[str, Any]]:
        events = log.store.read(aggregate_id=aggregate_id, until=position)
        found = [event async for event in events if until is None or event.recorded_at <= until]
        if not found:
            by_then = "" if until is None and position is None else " by then"
            fail(f"there is no aggregate {aggregate_id}{by_then}")
        kind = contexts.AGGREGATES[found[0].topic.rpartition(".")[0]]
        then = await log.store.load_as_of(kind, aggregate_id, position=found[-1].position)
        await log.note(_reads(found, "csbe history"))
        return found, state_of(then, SEES[Role.AUDITOR])

    found, state = run(with_log(read))
    events = [shown(event) for event in found]
    told = ["[bold]events[/bold]", *map(_told, events), f"[bold]state after {found[-1].position}[/bold]"]
    data = {"events": [event.model_dump(mode="json") for event in events], "state": state}
    show(as_json, data, "\n".join([*told, f"    {escape(json.dumps(state))}"]))


def _told(event: EventShown) -> str:
    """What, when, by whom and why, each on a line of its own: a table would have to cut them off."""
    meta = event.metadata
    why = f"correlation {meta.correlation_id}" + (f", caused by {meta.causation_id}" if meta.causation_id else "")
    return (
        f"[bold]{event.position}  {event.type}[/bold]  {event.at:%Y-%m-%d %H:%M:%S.%f%z}\n"
        f"    by {escape(f'{meta.actor.role} {meta.actor.id}')}: {meta.command}, {why}\n"
        f"    {escape(json.dumps(event.facts))}"
    )


@audit_app.command("invoice")
def audit_invoice(
    number: Annotated[str, typer.Argument(help="Number of the invoice.")],
    service: Annotated[str | None, typer.Option(help="Key of the service, where several have this number.")] = None,
    as_json: AsJson = False,
) -> None:
    """Everything behind an invoice: reservation, trip, quote, charge, payments, credit notes, messages."""

    async def read(log: Log) -> list[Dossier]:
        found = await dossiers(number, service, log.store, log.fetch)
        events = [event for dossier in found for event in dossier.events]
        await log.note(_reads(events, "csbe audit invoice"))
        return found

    found = run(with_log(read))
    if len(found) != 1:
        which = ", ".join(dossier.service for dossier in found)
        fail(f"several services have an invoice {number}: {which}" if found else f"there is no invoice {number}")
    dossier = invoice_shown(found[0])
    lines = [_told(event) for event in dossier.events]
    lines += map(_message, dossier.messages)
    show(as_json, dossier.model_dump(mode="json"), "\n".join(lines))


def _message(told: Told) -> str:
    how = (f" by {told.channel}" if told.channel else "") + (f" {told.at:%Y-%m-%d %H:%M:%S%z}" if told.at else "")
    return f"[bold]{told.state}[/bold]{how}  {told.template}, after {told.position}"


def _reads(events: Iterable[RecordedEvent], door: str) -> list[PersonalRead]:
    """Whom somebody at the terminal is told of."""
    told = {(e.metadata.service, member) for e in events for member in whose(e, shown(e).model_dump_json().encode())}
    now, reader = datetime.now(UTC), operator() or "root"
    return [PersonalRead(now, service, Role.AUDITOR, reader, door, "terminal", who) for service, who in sorted(told)]


@audit_app.command("reads")
def audit_reads(
    member_id: Annotated[UUID | None, typer.Option("--member", help="Only what was read of this member.")] = None,
    as_json: AsJson = False,
) -> None:
    """Who read what is known of members, and why they could; the newest thousand."""

    async def read(log: Log) -> list[ReadShown]:
        return [ReadShown(**row) for row in await log.fetch(_READS, member_id)]

    found = run(with_log(read))
    table = Table("when", "whose", "who", "by", "right")
    for one in found:
        who = f"{one.reader_role} {one.reader}"
        table.add_row(f"{one.read_at:%Y-%m-%d %H:%M:%S}", str(one.member_id or ""), who, one.door, one.by_right)
    show(as_json, [one.model_dump(mode="json") for one in found], table)


@audit_app.command("pseudonym")
def audit_pseudonym(text: Annotated[str, typer.Argument(help="An address, or the name of an employee.")]) -> None:
    """What stands for an address or a name in the security log of this installation."""
    show(False, None, pseudonym(Settings(), text))


@audit_app.command("invariants")
def audit_invariants(
    finished: Annotated[
        bool, typer.Option("--finished", help="Nothing is under way any more: what is still to come counts as broken.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Replay the whole log and check what must always hold; exits with 1 when something does not."""

    async def check(log: Log) -> dict[str, InvariantResult]:
        readable = InvariantResult()
        with Progress(console=errors) as progress:
            bar = progress.add_task("replaying", total=await log.store.end() or 1)
            found = await audit(
                _read(log.store, readable),
                finished=finished,
                passed=lambda position: progress.update(bar, completed=position),
            )
        return {"event_is_readable": readable, **found}

    results = run(with_log(check))
    summary = {n: {"checked": r.checked, "broken": r.broken} for n, r in results.items()}
    table = Table("invariant", "checked", "broken")
    for invariant, result in results.items():
        table.add_row(invariant, str(result.checked), "; ".join(result.broken[:3]) or "none")
    show(as_json, summary, table)
    if any(result.broken for result in results.values()):
        raise typer.Exit(1)


async def _read(store: EventStore, readable: InvariantResult) -> AsyncIterator[RecordedEvent]:
    """The whole log; an event that cannot be read is counted and passed over."""
    after: int | None = 0
    while after is not None:
        events, after = store.read(after=after), None
        try:
            async for event in events:
                readable.expect(True, "")
                yield event
        except UnreadableEventError as error:
            readable.expect(False, f"position {error.position}: {error}")
            after = error.position


@audit_app.command("snapshots")
def audit_snapshots(
    drop: Annotated[bool, typer.Option("--drop", help="Forget those that differ.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare every remembered state with a replay of its events; exits with 1 when one differs."""

    async def compare(log: Log | Running) -> list[AuditedSnapshot]:
        return [audited async for audited in log.store.audit_snapshots(drop=drop)]

    found = run(with_system(compare) if drop else with_log(compare))
    differing = [audited for audited in found if audited.finding is SnapshotFinding.DIFFERS]
    counts = {finding.value: sum(audited.finding is finding for audited in found) for finding in SnapshotFinding}
    table = Table(Column("id", no_wrap=True), Column("aggregate and version", overflow="fold"), "how it differs")
    for audited in differing:
        table.add_row(str(audited.aggregate_id), f"{audited.topic}, {audited.version}", escape(audited.why))
    which = [
        {"aggregate_id": str(a.aggregate_id), "topic": a.topic, "version": a.version, "why": a.why} for a in differing
    ]
    told = ", ".join(f"{count} {finding}" for finding, count in counts.items())
    show(as_json, {**counts, "differing": which}, table if differing else told)
    if drop and differing:
        errors.print(f"dropped {len(differing)}: these aggregates are loaded from their events")
    if differing:
        raise typer.Exit(1)
