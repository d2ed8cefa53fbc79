"""Commands on failed jobs: what was decided should follow and could not be done."""

from typing import Annotated
from uuid import UUID

import typer
from pydantic_core import to_jsonable_python
from rich.markup import escape
from rich.table import Column, Table

from api.cli.terminal import AsJson, By, Reason, errors, fail, run, show, with_system
from api.composition import FailedJob, Running
from domain.operations.commands import DropJob, RetryJob

jobs_app = typer.Typer(help="Failed jobs: what could not be done and waits for you.", no_args_is_help=True)

JobId = Annotated[UUID, typer.Argument(help="As `csbe jobs list` shows it.")]


@jobs_app.command("list")
def jobs_list(as_json: AsJson = False) -> None:
    """What was given up, the oldest first, and why."""

    async def read(running: Running) -> list[FailedJob]:
        return await running.jobs.failed()

    jobs = run(with_system(read))
    table = Table(Column("id", no_wrap=True), Column("what", overflow="fold"), "why it was given up")
    for job in jobs:
        when = f"at {job.failed_at.isoformat(timespec='seconds')}, after {job.attempts} attempts"
        table.add_row(str(job.id), f"{job.kind}, by {job.policy}", escape(f"{job.last_error}\n{when}"))
    show(as_json, to_jsonable_python(jobs), table)


@jobs_app.command("retry")
def jobs_retry(job_id: JobId, reason: Reason, by: By) -> None:
    """Let the workers try a failed job again."""
    run(with_system(lambda running: _order(running, RetryJob, job_id, reason, by)))
    errors.print(f"{job_id} is tried again")


@jobs_app.command("drop")
def jobs_drop(job_id: JobId, reason: Reason, by: By) -> None:
    """Take a failed job out: it will never be done."""
    run(with_system(lambda running: _order(running, DropJob, job_id, reason, by)))
    errors.print(f"{job_id} is dropped")


async def _order(running: Running, order: type[RetryJob | DropJob], job_id: UUID, reason: str, by: str) -> None:
    job = next((job for job in await running.jobs.failed() if job.id == job_id), None)
    if job is None:
        fail(f"there is no failed job {job_id}")
    facts = {"job_id": job.id, "policy": job.policy, "kind": job.kind, "error": job.last_error}
    await running.operators.give(order.model_validate({"reason": reason, **facts}), by)
