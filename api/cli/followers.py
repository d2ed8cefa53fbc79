"""Commands on all that follow the log: where each stands, and what to do about a stopped one."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

import projections
from api.cli.terminal import AsJson, By, Reason, StoppedAt, errors, fail, run, show, with_system
from api.composition import Follower, Running
from domain.operations.commands import RetryFollower, SkipEvent

followers_app = typer.Typer(help="What follows the log: read models, policies, webhooks.", no_args_is_help=True)

_FOLLOWERS = ", ".join((*(p.NAME for p in projections.PROJECTORS), "policies", "webhooks"))

Name = Annotated[str, typer.Argument(help=f"One of {_FOLLOWERS}, or a name that the status shows.")]


@followers_app.command("status")
def followers_status(as_json: AsJson = False) -> None:
    """Where each one stands, and what a stopped one stumbled over."""

    async def read(running: Running) -> list[dict[str, object]]:
        rows = [
            {
                **asdict(status),
                "state": status.state,
                "generation": generation.state,
                "changed": not projection.writes(generation),
            }
            for projection in running.followers
            for generation, status in await projection.statuses()
        ]
        others = [await follower.status() for follower in _without_generations(running)]
        return [*rows, *({**asdict(one), "state": one.state, "generation": None, "changed": False} for one in others)]

    rows = run(with_system(read))
    table = Table("name", "generation", "state", "position", "lag", "error")
    for row in rows:
        error = "" if row["error"] is None else f"at {row['failed_position']}: {row['error']}"
        generation = f"{row['generation'] or ''}{', of other code' if row['changed'] else ''}"
        shown = (row["name"], generation, row["state"], row["position"], row["lag"])
        table.add_row(*map(str, shown), escape(error))
    show(as_json, rows, table)


@followers_app.command("retry")
def followers_retry(name: Name, reason: Reason, by: By) -> None:
    """Let a stopped one try its event again."""

    async def retry(running: Running) -> None:
        follower = await _follower(running, name)
        status = await follower.status()
        if status.failed_position is None:
            fail(f"{follower.name} is not stopped")
        order = RetryFollower(
            follower=follower.name, position=status.failed_position, error=status.error or "", reason=reason
        )
        await running.operators.give(order, by)

    run(with_system(retry))
    errors.print(f"{name} tries again")


@followers_app.command("skip")
def followers_skip(
    name: Name,
    position: StoppedAt,
    reason: Reason,
    by: By,
) -> None:
    """Let a stopped one go on after its event, which it will then never know."""

    async def skip(running: Running) -> None:
        follower = await _follower(running, name)
        status = await follower.status()
        if (stopped_at := status.failed_position) != position:
            fail(f"{follower.name} is {f'stopped at {stopped_at}, not at {position}' if stopped_at else 'not stopped'}")
        order = SkipEvent(follower=follower.name, position=position, error=status.error or "", reason=reason)
        await running.operators.give(order, by)

    run(with_system(skip))
    errors.print(f"{name} goes on after {position}")


async def _follower(running: Running, name: str) -> Follower:
    """By its short name, which means the live one, or by the one that the status shows."""
    for follower in _without_generations(running):
        if name == follower.name:
            return follower
    for projection in running.followers:
        for generation, follower in await projection.followers():
            if name == follower.name or (name == projection.name and generation.state == "live"):
                return follower
    return fail(f"there is no projection {name}: choose one of {_FOLLOWERS}")


def _without_generations(running: Running) -> tuple[Follower, ...]:
    return running.policies, running.webhook_changes
