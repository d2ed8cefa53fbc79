"""Commands on the read models and the policies: all that follow the log."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

import projections
from api.cli.terminal import AsJson, By, Reason, errors, fail, run, show, with_system
from api.composition import Follower, Running

projections_app = typer.Typer(help="The read models, and the policies.", no_args_is_help=True)

_PROJECTIONS = ", ".join(p.NAME for p in projections.PROJECTORS)
_FOLLOWERS = {**{p.NAME: p.follower_name for p in projections.PROJECTORS}, "policies": "policies"}

Name = Annotated[str, typer.Argument(help=f"One of {', '.join(_FOLLOWERS)}.")]


@projections_app.command("status")
def projections_status(as_json: AsJson = False) -> None:
    """Where each one stands, and what a stopped one stumbled over."""

    async def read(running: Running) -> list[dict[str, object]]:
        standings = [await follower.standing() for follower in (*running.followers, running.policies)]
        return [{**asdict(s), "state": "running" if s.failed_position is None else "stopped"} for s in standings]

    rows = run(with_system(read))
    table = Table("name", "state", "position", "lag", "error")
    for row in rows:
        error = "" if row["error"] is None else f"at {row['failed_position']}: {row['error']}"
        table.add_row(str(row["name"]), str(row["state"]), str(row["position"]), str(row["lag"]), escape(error))
    show(as_json, rows, table)


@projections_app.command("retry")
def projections_retry(name: Name) -> None:
    """Let a stopped one try its event again."""

    async def retry(running: Running) -> None:
        follower = _follower(running, name)
        if not await follower.retry():
            fail(f"{follower.name} is not stopped")

    run(with_system(retry))
    errors.print(f"{name} tries again")


@projections_app.command("skip")
def projections_skip(
    name: Name,
    position: Annotated[int, typer.Option(min=1, help="Where it is stopped.")],
    reason: Reason,
    by: By,
) -> None:
    """Let a stopped one go on after its event, which it will then never know."""

    async def skip(running: Running) -> None:
        follower = _follower(running, name)
        if not await follower.skip(position, by=by, reason=reason):
            stopped_at = (await follower.standing()).failed_position
            fail(f"{follower.name} is {f'stopped at {stopped_at}, not at {position}' if stopped_at else 'not stopped'}")

    run(with_system(skip))
    errors.print(f"{name} goes on after {position}")


@projections_app.command("rebuild")
def projections_rebuild(
    name: Annotated[str, typer.Argument(help=f"One of {_PROJECTIONS}.")],
) -> None:
    """Empty a read model and fill it again from the log."""
    chosen = next((p for p in projections.PROJECTORS if name == p.NAME), None)
    if chosen is None:
        fail(f"there is no projection {name}: choose one of {_PROJECTIONS}")

    async def rebuild(running: Running) -> None:
        follower = _follower(running, name)
        await follower.restart(chosen.truncate_sql())
        end = await running.store.end()
        with Progress(console=errors) as progress:
            bar = progress.add_task(f"rebuilding {name}", total=end or 1)
            while (done := await follower.position()) < end:
                await follower.catch_up()
                progress.update(bar, completed=done)
            progress.update(bar, completed=end or 1)

    run(with_system(rebuild))


def _follower(running: Running, name: str) -> Follower:
    """By its short name, or by the one that the status shows."""
    followers = (*running.followers, running.policies)
    found = next((f for f in followers if f.name in {name, _FOLLOWERS.get(name)}), None)
    return found or fail(f"there is no projection {name}: choose one of {', '.join(_FOLLOWERS)}")
