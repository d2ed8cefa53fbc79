"""Commands that set the system up and run it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from uuid import UUID

import structlog
import typer
from rich.table import Table

from api import demo as demonstration
from api.addresses import broker_named, database_named
from api.auth import SCOPES
from api.cli.terminal import WHO, AsJson, errors, fail, output, run, service_meant, show, with_system, within
from api.composition import (
    Component,
    Running,
    composed,
    has_token_key,
    migrated,
    prepare,
    servers,
    warn_of_loss,
)
from api.login import PAGE_CODE_LIFE
from api.server import served, told_to_stop
from api.service_manager import tell
from api.settings import Settings
from domain.identity.sessions import Subject
from domain.kernel.messages import Role

log = structlog.get_logger(__name__)

UnlockTimeout = Annotated[float, typer.Option(min=0, max=1, help="Share of unlocks that a car never answers.")]
LostMessage = Annotated[float, typer.Option(min=0, max=1, help="Share of telemetry that is lost.")]
GpsDrift = Annotated[float, typer.Option(min=0, max=1, help="Share of fixes that are some hundred metres off.")]
CardDeclined = Annotated[float, typer.Option(min=0, max=1, help="Share of members whose card is declined.")]
IntoGivenServers = Annotated[
    bool, typer.Option("--into-given-servers", help="Put made-up cars and members into the servers of the settings.")
]
Seed = Annotated[int, typer.Option(help="The same seed, the same members and cars.")]


def demo(  # noqa: PLR0917 (typer makes options of them)
    seconds: Annotated[
        float | None, typer.Option("--for", min=1, help="Stop after so many seconds; never otherwise.")
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where page and API listen.")] = 8123,
    members: Annotated[int, typer.Option(min=1, max=500, help="How many simulated members.")] = 25,
    seed: Seed = 1,
    unlock_timeout: UnlockTimeout = 0.0,
    lost_message: LostMessage = 0.0,
    gps_drift: GpsDrift = 0.0,
    card_declined: CardDeclined = 0.0,
    into_given_servers: IntoGivenServers = False,
    as_json: AsJson = False,
) -> None:
    """Run DriveNow Europe in Berlin with simulated members, over real servers, and watch it live."""
    faults = demonstration.Faults(unlock_timeout, lost_message, gps_drift, card_declined)
    options = demonstration.DemoOptions(seconds, members, seed, faults, as_json)

    async def go(settings: Settings) -> bool:
        return await demonstration.demo(settings, options, errors if as_json else output)

    with TemporaryDirectory(prefix="csbe-demo-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        settings = Settings()
        if not into_given_servers:
            _refuse_given_servers(settings)
        data_dir = settings.data_dir if "data_dir" in settings.model_fields_set else Path(folder)
        service = settings.service or demonstration.SERVICE
        settings = settings.model_copy(update={"port": port, "data_dir": data_dir, "service": service})
        if not run(go, settings):
            errors.print("an invariant is broken: see the summary")
            raise typer.Exit(1)


def serve(
    only: Annotated[list[Component] | None, typer.Option(help="Run only these parts of the system.")] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Where the API listens; without it, health and metrics.")
    ] = None,
) -> None:
    """Run the system, whole or in part. SIGTERM and Ctrl-C let it finish what it has in hand."""
    parts = set(only or Component)

    async def go(settings: Settings) -> None:
        async with servers(settings) as (dsn, mqtt_url):
            own = await prepare(settings, dsn)
            async with composed(settings, own, mqtt_url) as running:
                await warn_of_loss(running.pool)
                await _serve(running, parts)
        errors.print("stopped")

    settings = Settings()
    run(go, settings if port is None else settings.model_copy(update={"port": port}))


def migrate(as_json: AsJson = False) -> None:
    """Bring the database to the shape that this version needs."""

    async def go(settings: Settings) -> list[str]:
        async with servers(settings, broker=False) as (dsn, _):
            return await migrated(settings, dsn)

    applied = run(go)
    show(as_json, {"applied": applied}, f"applied: {', '.join(applied) or 'nothing, all was there'}")


def token(
    role: Annotated[Role, typer.Argument(help="Whose scopes the token has.")],
    subject: Annotated[
        str | None, typer.Option(help="A member's id, or the name of an employee or a partner.", callback=within(WHO))
    ] = None,
    service: Annotated[str | None, typer.Option(help="Key of the rulebook.")] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 7, help="How long it is good.")] = 1,
    link: Annotated[
        bool, typer.Option("--link", help="Print the live page's address instead, good once within two minutes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print a signed token for a role: to develop, and to set up. People log in instead, and get short ones."""
    if role is Role.MEMBER and not _is_uuid(subject):
        raise typer.BadParameter("a member's token needs the member's id: --subject")
    if link and "live:read" not in SCOPES[role]:
        raise typer.BadParameter(f"the live page is not for the role {role}", param_hint="--link")

    async def issue(running: Running) -> str:
        system = running.system
        whose = service_meant(system, service)
        if link:
            watcher = Subject(whose, role, subject or role.value)
            return await system.login.page_address(watcher, system.settings.base_url, PAGE_CODE_LIFE)
        return system.tokens.issue(
            role,
            str(UUID(subject)) if role is Role.MEMBER else subject or role.value,
            service=whose,
            at=datetime.now(UTC),
            expires_in=timedelta(hours=hours),
        )

    async def go(settings: Settings) -> str:
        _refuse_key_of_nobody(settings)
        return await with_system(issue)(settings)

    signed = run(go)
    if as_json:
        output.print_json(json.dumps({"link" if link else "token": signed}))
    else:
        print(signed)  # noqa: T201 (to be piped, so never wrapped)


def _refuse_key_of_nobody(settings: Settings) -> None:
    """No key is made for a token: the servers of a given database have made, or are given, their own."""
    if settings.postgres_dsn is not None and not has_token_key(settings):
        fail(
            f"no server signs with a key of {settings.data_dir}, so none would know this token: run it with the "
            "CSBE_DATA_DIR or the CSBE_TOKEN_KEY of the servers, once they have been started"
        )


def _is_uuid(text: str | None) -> bool:
    try:
        UUID(text or "")
    except ValueError:
        return False
    return True


def simulate(  # noqa: PLR0917 (typer makes options of them)
    seconds: Annotated[float, typer.Option("--for", min=1, help="Stop after so many seconds.")] = 60,
    members: Annotated[int, typer.Option(min=1, max=500, help="How many simulated members.")] = 25,
    seed: Seed = 1,
    unlock_timeout: UnlockTimeout = 0.0,
    lost_message: LostMessage = 0.0,
    gps_drift: GpsDrift = 0.0,
    card_declined: CardDeclined = 0.0,
    into_given_servers: IntoGivenServers = False,
    as_json: AsJson = False,
) -> None:
    """Let simulated members use the system that runs with these settings, and count what they went through."""

    async def visit(running: Running) -> dict[str, int]:
        faults = demonstration.Faults(unlock_timeout, lost_message, gps_drift, card_declined)
        options = demonstration.DemoOptions(seconds, members, seed, faults)
        return dict(await demonstration.visit(running, options))

    settings = Settings()
    if not into_given_servers:
        _refuse_given_servers(settings)
    counts = run(with_system(visit), settings)
    table = Table("what", "times")
    for what, times in sorted(counts.items()):
        table.add_row(what, str(times))
    show(as_json, counts, table)


def _refuse_given_servers(settings: Settings) -> None:
    """Where somebody's real cars and members may be, made-up ones need a word for it; a log forgets nothing."""
    if settings.postgres_dsn is None and settings.mqtt_url is None:
        return
    fail(
        "this puts made-up cars and members into the servers of the settings "
        f"(database: {database_named(settings)}; broker: {broker_named(settings)}), and they stay in the log: "
        "say --into-given-servers if that is meant"
    )


async def _serve(running: Running, parts: set[Component]) -> None:
    stop = told_to_stop()
    settings = running.system.settings
    for warning in running.system.warnings:
        log.warning(warning)
    async with served(running.system, whole=Component.API in parts), running.going(parts):
        scheme = "https" if settings.tls_certificate_file else "http"
        errors.print(f"serving {', '.join(sorted(parts))} at {scheme}://{settings.host}:{settings.port}")
        tell("READY=1")
        await stop.wait()
        tell("STOPPING=1")
        errors.print("stopping: what is in hand is finished first")
