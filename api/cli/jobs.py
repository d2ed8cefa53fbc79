"""Commands on failed jobs: what was decided should follow and could not be done."""

from typing import Annotated
from uuid import UUID

import typer
from pydantic_core import to_jsonable_python
from rich.markup import escape
from rich.table import Column, Table

from api.cli.terminal import AsJson, By, Reason, errors, fail, run, show, with_system
from api.composition import FailedJob, Running

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
def jobs_retry(job_id: JobId) -> None:
    """Let the workers try a failed job again."""

    async def retry(running: Running) -> None:
        if not await running.jobs.retry(job_id):
            fail(f"there is no failed job {job_id}")

    run(with_system(retry))
    errors.print(f"{job_id} is tried again")


@jobs_app.command("drop")
def jobs_drop(job_id: JobId, reason: Reason, by: By) -> None:
    """Take a failed job out: it will never be done."""

    async def drop(running: Running) -> None:
        if not await running.jobs.drop(job_id, by=by, reason=reason):
            fail(f"there is no failed job {job_id}")

    run(with_system(drop))
    errors.print(f"{job_id} is dropped")
