"""Commands on the read models: build, compare, swap, roll back, drop."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import partial
from textwrap import shorten
from typing import Annotated

import typer
from rich.console import Group
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

import projections
from api.cli.terminal import AsJson, By, Reason, begin, errors, fail, run, show, with_system
from api.composition import Access, Generation, ParallelBuild, Projection, Running
from domain.operations.commands import BuildReadModel, DropGeneration, RollBackReadModel, SwapReadModel

projections_app = typer.Typer(help="The read models.", no_args_is_help=True)

_PROJECTIONS = ", ".join(p.NAME for p in projections.PROJECTORS)

Workers = Annotated[
    int,
    typer.Option(min=1, max=64, help="How many processes build it, each for some aggregates; not all read models can."),
]
LAST_NUMBER = 2**31 - 1
ReadModel = Annotated[str, typer.Argument(help=f"One of {_PROJECTIONS}.")]


@projections_app.command("build")
def projections_build(name: ReadModel, reason: Reason, by: By, workers: Workers = 1) -> None:
    """Fill a new generation of a read model from the log, beside the live one; goes on where it was interrupted."""
    new = run(with_system(lambda running: _built(running, name, workers, reason, by)))
    errors.print(f"{name}: generation {new.number} is built; compare it, then swap")


@projections_app.command("compare")
def projections_compare(name: ReadModel, as_json: AsJson = False) -> None:
    """Compare what was built with what is live, row by row: names the first that differ, and then ends with 1."""
    tables = run(with_system(lambda running: _projection(running, name).compare()))
    shown = Table("table", "rows live", "rows new", "only live", "only new")
    named = Table("table", "key", "column", "live", "new")
    for table in tables:
        shown.add_row(table.table, *map(str, (table.live_rows, table.new_rows, table.only_live, table.only_new)))
        for one in table.differences:
            key = ", ".join(f"{column} {value}" for column, value in one.key.items())
            named.add_row(table.table, key, one.column or "(the row)", *map(_shortened, (one.live, one.new)))
    show(as_json, [asdict(table) for table in tables], Group(shown, named) if named.rows else shown)
    if any(table.only_live or table.only_new for table in tables):
        raise typer.Exit(1)


@projections_app.command("swap")
def projections_swap(name: ReadModel, reason: Reason, by: By) -> None:
    """Show what was built in the place of what is live, at once; what was live is kept as the previous one."""
    new = run(with_system(lambda running: _swapped(running, name, reason, by)))
    errors.print(f"{name}: generation {new.number} is live; csbe projections rollback {name} returns to the previous")


@projections_app.command("rollback")
def projections_rollback(name: ReadModel, reason: Reason, by: By) -> None:
    """Return to the previous generation."""

    async def roll_back(running: Running) -> Generation:
        previous = await _projection(running, name).previous()
        order = RollBackReadModel(read_model=name, generation=previous.number, reason=reason)
        await running.operators.give(order, by)
        return previous

    previous = run(with_system(roll_back))
    errors.print(f"{name}: generation {previous.number} is live again")


@projections_app.command("drop")
def projections_drop(
    name: ReadModel,
    reason: Reason,
    by: By,
    generation: Annotated[int | None, typer.Option(min=1, max=LAST_NUMBER, help="Which one.")] = None,
) -> None:
    """Remove the generation that was built and is not shown; without one, the previous one, the way back."""

    async def drop(running: Running) -> Generation:
        spare = await _projection(running, name).spare(generation)
        order = DropGeneration(read_model=name, generation=spare.number, reason=reason)
        await running.operators.give(order, by)
        return spare

    spare = run(with_system(drop))
    was = "the previous one" if spare.state == "previous" else "which was built and not shown"
    errors.print(f"{name}: generation {spare.number}, {was}, is dropped")


@projections_app.command("rebuild")
def projections_rebuild(name: ReadModel, reason: Reason, by: By, workers: Workers = 1) -> None:
    """Build a new generation and swap to it; the live one answers until then."""

    async def rebuild(running: Running) -> Generation:
        await _built(running, name, workers, reason, by)
        return await _swapped(running, name, reason, by)

    new = run(with_system(rebuild))
    errors.print(f"{name}: generation {new.number} is live")


async def _swapped(running: Running, name: str, reason: str, by: str) -> Generation:
    new = await _projection(running, name).ready()
    await running.operators.give(SwapReadModel(read_model=name, generation=new.number, reason=reason), by)
    return new


async def _built(running: Running, name: str, workers: int, reason: str, by: str) -> Generation:
    """One process after another may go on with it, in as many workers as it likes."""
    build = _shown_build(running, name, workers)
    built: list[Generation] = []

    async def perform() -> tuple[str, ...]:
        built.append(await build())
        return (f"generation {built[0].number} is built",)

    await running.operators.give(BuildReadModel(read_model=name, workers=workers, reason=reason), by, perform)
    return built[0]


def _shown_build(running: Running, name: str, workers: int) -> Callable[[], Awaitable[Generation]]:
    build = _projection(running, name).build if workers == 1 else _parallel(running, name, workers).run
    columns = (*Progress.get_default_columns()[:3], MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))

    async def run_shown() -> Generation:
        with Progress(*columns, TimeRemainingColumn(), console=errors) as progress:
            bar = progress.add_task(f"building {name}", total=1, rate="")

            def tell(done: int, end: int) -> None:
                speed = progress.tasks[bar].speed
                rate = f"{speed:,.0f} events/s" if speed else ""
                progress.update(bar, completed=done if end else 1, total=end or 1, rate=rate)

            return await build(tell)

    return run_shown


def _parallel(running: Running, name: str, workers: int) -> ParallelBuild:
    projection, settings = _projection(running, name), running.system.settings
    access = Access(running.dsn, running.master_keys, partial(begin, settings.log_level))
    projector = next(p for p in projections.PROJECTORS if projection.name == p.NAME)
    return ParallelBuild(running.store, projector, access, workers)


def _projection(running: Running, name: str) -> Projection:
    found = next((p for p in running.followers if p.name == name), None)
    return found or fail(f"there is no projection {name}: choose one of {_PROJECTIONS}")


def _shortened(value: object) -> str:
    return shorten(str(value), 60)
