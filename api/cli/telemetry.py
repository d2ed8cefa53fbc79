"""Commands on the raw telemetry of the cars."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from api.cli.terminal import AsJson, By, Reason, fail, run, show, with_system
from domain.operations.commands import DropTelemetry

telemetry_app = typer.Typer(help="What the cars sent.", no_args_is_help=True)


@telemetry_app.command("drop")
def telemetry_drop(
    before: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day to keep (UTC).")],
    reason: Reason,
    by: By,
    as_json: AsJson = False,
) -> None:
    """Drop the telemetry of all days before one."""
    if before.date() > datetime.now(UTC).date():
        fail("today's telemetry is still being written: --before must not be later than today (UTC)")
    order = DropTelemetry(first_kept=before.date(), reason=reason)
    days = run(with_system(lambda running: running.operators.give(order, by)))
    show(as_json, {"dropped": days}, f"dropped: {', '.join(days) or 'nothing, there was none'}")
