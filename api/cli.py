"""The command `csbe`."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, NoReturn, TypeVar
from uuid import UUID

import asyncpg
import typer
import uvloop
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

import projections
from api import demo as demonstration
from api.composition import FollowerStoppedError, Part, Running, composed, prepare, servers, tokens_of
from api.observability import configure_logs
from api.rest.history import shown
from api.serving import PortTakenError, served, told_to_stop
from api.settings import Settings
from domain.kernel.errors import DomainError
from domain.kernel.messages import Role

T = TypeVar("T")

app = typer.Typer(name="csbe", help="Car Sharing Backend System.", no_args_is_help=True, pretty_exceptions_enable=False)
projections_app = typer.Typer(help="The read models.", no_args_is_help=True)
audit_app = typer.Typer(help="Checks from the event log alone.", no_args_is_help=True)
app.add_typer(projections_app, name="projections")
app.add_typer(audit_app, name="audit")

errors = Console(stderr=True)
output = Console()

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def demo(  # noqa: PLR0917 (typer makes options of them)
    seconds: Annotated[
        float | None, typer.Option("--for", min=1, help="Stop after so many seconds; never otherwise.")
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where page and API listen.")] = 8123,
    members: Annotated[int, typer.Option(min=1, max=500, help="How many simulated members.")] = 25,
    seed: Annotated[int, typer.Option(help="The same seed, the same members and cars.")] = 1,
    unlock_timeout: Annotated[
        float, typer.Option(min=0, max=1, help="Share of unlocks that a car never answers.")
    ] = 0.0,
    lost_message: Annotated[float, typer.Option(min=0, max=1, help="Share of telemetry that is lost.")] = 0.0,
    gps_drift: Annotated[
        float, typer.Option(min=0, max=1, help="Share of fixes that are some hundred metres off.")
    ] = 0.0,
    card_declined: Annotated[float, typer.Option(min=0, max=1, help="Share of members whose card is declined.")] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Run DriveNow Europe in Berlin with simulated members, over real servers, and watch it live."""
    faults = demonstration.Faults(unlock_timeout, lost_message, gps_drift, card_declined)
    options = demonstration.DemoOptions(seconds, members, seed, faults, as_json)

    async def run(settings: Settings) -> bool:
        return await demonstration.demo(settings, options, errors if as_json else output)

    with TemporaryDirectory(prefix="csbe-demo-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        settings = Settings()
        data_dir = settings.data_dir if "data_dir" in settings.model_fields_set else Path(folder)
        settings = settings.model_copy(update={"port": port, "data_dir": data_dir})
        if not _run(run, settings):
            errors.print("an invariant is broken: see the summary")
            raise typer.Exit(1)


@app.command()
def serve(
    only: Annotated[list[Part] | None, typer.Option(help="Run only these parts of the system.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535)] = None,
) -> None:
    """Run the system, whole or in part. SIGTERM and Ctrl-C let it finish what it has in hand."""
    parts = set(only or Part)

    async def run(settings: Settings) -> None:
        async with servers(settings) as (dsn, mqtt_url):
            await prepare(dsn)
            async with composed(settings, dsn, mqtt_url) as running:
                await _serve(running, parts)

    settings = Settings()
    _run(run, settings if port is None else settings.model_copy(update={"port": port}))


@app.command()
def migrate(as_json: AsJson = False) -> None:
    """Bring the database to the shape that this version needs."""

    async def run(settings: Settings) -> list[str]:
        async with servers(settings, broker=False) as (dsn, _):
            return await prepare(dsn)

    applied = _run(run)
    _show(as_json, {"applied": applied}, f"applied: {', '.join(applied) or 'nothing, all was there'}")


@app.command()
def history(
    aggregate_id: Annotated[UUID, typer.Argument(help="Id of a trip, a reservation, a car, ...")],
    at: Annotated[datetime | None, typer.Option(help="Only what was recorded by then (UTC).")] = None,
    position: Annotated[int | None, typer.Option(min=1, help="Only what was recorded up to this position.")] = None,
    as_json: AsJson = False,
) -> None:
    """Every event of one aggregate: who, when and why."""
    until = at.replace(tzinfo=UTC) if at and at.tzinfo is None else at

    async def read(running: Running) -> list[dict[str, Any]]:
        events = running.store.read(aggregate_id=aggregate_id, until=position)
        return [
            shown(event).model_dump(mode="json")
            async for event in events
            if until is None or event.recorded_at <= until
        ]

    found = _run(_with_system(read))
    if not found:
        _fail(f"there is no aggregate {aggregate_id}")
    table = Table("position", "at", "event", "by", "command", "facts")
    for event in found:
        metadata = event["metadata"]
        by = f"{metadata['actor']['role']} {metadata['actor']['id']}"
        table.add_row(
            str(event["position"]),
            str(event["at"]),
            str(event["type"]),
            by,
            metadata["command"],
            json.dumps(event["facts"]),
        )
    _show(as_json, found, table)


@app.command()
def token(
    role: Annotated[Role, typer.Argument(help="Whose scopes the token has.")],
    subject: Annotated[str | None, typer.Option(help="A member's id or an employee's name.")] = None,
    service: Annotated[str | None, typer.Option(help="Key of the rulebook.")] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 366)] = 12,
    as_json: AsJson = False,
) -> None:
    """Print a signed token for a role."""
    settings = Settings()
    signed = tokens_of(settings).issue(
        role,
        subject or role.value,
        service=service or settings.service,
        at=datetime.now(UTC),
        expires_in=timedelta(hours=hours),
    )
    if as_json:
        output.print_json(json.dumps({"token": signed}))
    else:
        print(signed)  # noqa: T201 (to be piped, so never wrapped)


@app.command()
def simulate(
    seconds: Annotated[float, typer.Option("--for", min=1)] = 60,
    members: Annotated[int, typer.Option(min=1, max=500)] = 25,
    seed: int = 1,
    as_json: AsJson = False,
) -> None:
    """Let simulated members use the system that runs with these settings, and count what they went through."""

    async def run(running: Running) -> dict[str, int]:
        options = demonstration.DemoOptions(seconds, members, seed)
        return dict(await demonstration.visit(running, options))

    counts = _run(_with_system(run))
    table = Table("what", "times")
    for what, times in sorted(counts.items()):
        table.add_row(what, str(times))
    _show(as_json, counts, table)


@projections_app.command("status")
def projections_status(as_json: AsJson = False) -> None:
    """Where each read model stands."""

    async def read(running: Running) -> list[dict[str, object]]:
        return [
            {"name": follower.name, "position": await follower.position(), "lag": await follower.lag()}
            for follower in (*running.followers, running.policies)
        ]

    rows = _run(_with_system(read))
    table = Table("name", "position", "lag")
    for row in rows:
        table.add_row(*map(str, row.values()))
    _show(as_json, rows, table)


@projections_app.command("rebuild")
def projections_rebuild(
    name: Annotated[str, typer.Argument(help="members, fleet, rental, billing, utilisation or event_log")],
) -> None:
    """Empty a read model and fill it again from the log."""
    chosen = next((p for p in projections.PROJECTORS if name == p.NAME), None)
    if chosen is None:
        _fail(f"there is no projection {name}: choose one of {', '.join(p.NAME for p in projections.PROJECTORS)}")

    async def rebuild(running: Running) -> None:
        follower = next(f for f in running.followers if f.name == chosen.follower_name)
        async with running.pool.acquire() as connection, connection.transaction():
            await connection.execute("select 1 from csbe.followers where name = $1 for update", follower.name)
            await connection.execute(chosen.truncate_sql())
            await connection.execute(
                "update csbe.followers set position = 0, failed_position = null, error = null where name = $1",
                follower.name,
            )
        end = await running.store.end()
        with Progress(console=errors) as progress:
            bar = progress.add_task(f"rebuilding {name}", total=end or 1)
            while (done := await follower.position()) < end:
                await follower.catch_up()
                progress.update(bar, completed=done)
            progress.update(bar, completed=end or 1)

    _run(_with_system(rebuild))


@audit_app.command("invariants")
def audit_invariants(as_json: AsJson = False) -> None:
    """Replay the whole log and check what must always hold; exits with 1 when something does not."""
    results = _run(_with_system(demonstration.audit))
    summary = {n: {"checked": r.checked, "broken": r.broken} for n, r in results.items()}
    table = Table("invariant", "checked", "broken")
    for invariant, result in results.items():
        table.add_row(invariant, str(result.checked), "; ".join(result.broken[:3]) or "none")
    _show(as_json, summary, table)
    if any(result.broken for result in results.values()):
        raise typer.Exit(1)


def main() -> None:
    """Entry point: every foreseeable error in one line, without a traceback."""
    try:
        app()
    except (DomainError, PortTakenError, FollowerStoppedError, ValidationError, ValueError) as error:
        errors.print(f"[red]error:[/red] {error}", highlight=False)
        sys.exit(2)
    except (OSError, asyncpg.PostgresError) as error:
        errors.print(f"[red]error:[/red] cannot reach a server: {error}", highlight=False)
        sys.exit(3)


async def _serve(running: Running, parts: set[Part]) -> None:
    stop = told_to_stop()
    settings = running.system.settings
    async with AsyncExitStack() as stack:
        if Part.API in parts:
            await stack.enter_async_context(served(running.system))
        loops = await stack.enter_async_context(running.going(parts))
        errors.print(f"serving {', '.join(sorted(parts))} at http://{settings.host}:{settings.port}")
        await asyncio.wait({loops, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)


def _with_system(work: Callable[[Running], Awaitable[T]]) -> Callable[[Settings], Coroutine[Any, Any, T]]:
    """Work on the composed system of the settings, of which nothing runs."""

    async def run(settings: Settings) -> T:
        async with servers(settings, broker=False) as (dsn, mqtt_url):
            await prepare(dsn)
            async with composed(settings, dsn, mqtt_url or "mqtt://127.0.0.1:1883") as running:
                return await work(running)

    return run


def _run(work: Callable[[Settings], Coroutine[Any, Any, T]], settings: Settings | None = None) -> T:
    chosen = settings or Settings()
    configure_logs(chosen.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work(chosen))


def _show(as_json: bool, data: object, text: object) -> None:
    if as_json:
        output.print_json(json.dumps(data))
    else:
        output.print(text)


def _fail(why: str) -> NoReturn:
    errors.print(f"[red]error:[/red] {why}", highlight=False)
    raise typer.Exit(2)


if __name__ == "__main__":
    main()
