"""Commands about invoices."""

from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer

from api.cli.terminal import AsJson, By, Reason, a_month, fail, run, service_meant, show, with_system
from api.composition import Running
from api.months import MonthRun, Run, told

invoices_app = typer.Typer(help="Bill what waits for the end of its month.", no_args_is_help=True)


@invoices_app.callback()
def _invoices() -> None:
    """Bill what waits for the end of its month."""


@invoices_app.command("run")
def run_month(
    month: Annotated[date, typer.Option(parser=a_month, metavar="YYYY-MM", help="The last month to bill; it is over.")],
    reason: Reason,
    by: By,
    service: Annotated[str | None, typer.Option(help="Key of the service.")] = None,
    as_json: AsJson = False,
) -> None:
    """Issue the invoices of a month. What was stopped is run again; what is billed already stays as it is."""

    async def billed(running: Running) -> MonthRun:
        whose = service_meant(running.system, service)
        return await Run(running.system, whose, f"{month:%Y-%m}", by, reason).carry_out()

    done = run(with_system(billed))
    show(as_json, asdict(done), told(done))
    if done.refused:
        fail("some charges still wait: see `refused` of --json")
