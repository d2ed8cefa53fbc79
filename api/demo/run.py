"""One run of the demo, from servers to summary."""

import json

from rich.console import Console

from adapters.simulator.members import Tally
from api.composition import Component, composed, prepare, servers
from api.demo.seed import seed
from api.demo.simulation import DemoOptions, simulate
from api.demo.summary import summary_of, table, welcome
from api.server import served, told_to_stop
from api.settings import Settings
from domain.invariants import audit


async def demo(settings: Settings, options: DemoOptions, console: Console) -> bool:
    """Run the demo until its time is up or it is told to stop; true when every invariant holds at its end."""
    told = told_to_stop()
    async with servers(settings) as (dsn, mqtt_url):
        own = await prepare(settings, dsn)
        async with composed(settings, own, mqtt_url) as running, served(running.system), running.going(set(Component)):
            await seed(running)
            console.print(await welcome(running, options), soft_wrap=True, highlight=False, markup=False)
            tally = Tally()
            await simulate(running, options, tally, told)
            results = await audit(running.store.read())
            summary = await summary_of(running, tally, results)
    if options.as_json:
        print(json.dumps(summary))  # noqa: T201 (the one answer on standard output)
    else:
        console.print(table(summary))
    return not any(result.broken for result in results.values())
