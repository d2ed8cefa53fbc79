"""Commands on orders of operators that were interrupted between their record and their end."""

import typer
from rich.markup import escape
from rich.table import Table

from api.cli.terminal import AsJson, By, errors, run, show, with_system
from api.composition import Running
from domain.kernel.messages import RecordedEvent

operations_app = typer.Typer(help="Orders of operators: retries, skips, drops, builds.", no_args_is_help=True)


@operations_app.command("list")
def operations_list(as_json: AsJson = False) -> None:
    """Orders that are on record and not carried out: under way, or interrupted."""

    async def read(running: Running) -> list[dict[str, object]]:
        return [_shown(order) for order in await running.operators.unfinished()]

    orders = run(with_system(read))
    table = Table("position", "order", "what", "by")
    for order in orders:
        table.add_row(*map(escape, map(str, (order["position"], order["order"], order["facts"], order["by"]))))
    show(as_json, orders, table)


@operations_app.command("finish")
def operations_finish(by: By) -> None:
    """Carry out what was interrupted. What is done already changes nothing."""

    async def finish(running: Running) -> list[str]:
        finished = await running.operators.finish(by)
        return [
            f"{order.topic} at {order.position}: {', '.join(done) or 'nothing was left'}" for order, done in finished
        ]

    for line in run(with_system(finish)) or ["nothing was interrupted"]:
        errors.print(line, soft_wrap=True, highlight=False, markup=False)


def _shown(order: RecordedEvent) -> dict[str, object]:
    event = order.event.model_dump(mode="json", exclude={"originator_id", "originator_version", "timestamp", "by"})
    return {
        "position": order.position,
        "order": order.topic,
        "facts": event,
        "by": order.metadata.actor.id,
        "at": order.recorded_at.isoformat(),
    }
