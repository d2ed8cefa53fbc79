"""What all commands share: how they run, what they print, who gives them."""

import asyncio
import gc
import getpass
import json
import os
from collections.abc import Awaitable, Callable, Coroutine
from datetime import date, datetime
from typing import Annotated, Any, NoReturn, TypeVar

import typer
import uvloop
from pydantic import Field, TypeAdapter, ValidationError
from rich.console import Console
from rich.markup import escape

from api.addresses import broker_named, database_named
from api.composition import Log, Running, composed, opened_log, prepare, servers
from api.observability import configure_logs
from api.rest.schemas.base import LAST_POSITION, Because
from api.services import service_of
from api.settings import Settings
from api.system import System
from api.wording import explained

T = TypeVar("T")

errors = Console(stderr=True)
output = Console()

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def operator() -> str:
    """The name of whoever sits at the terminal; empty where it is nobody's."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number without a name
        name = str(os.getuid())
    return "" if name == "root" or name.isdecimal() else name


def parsed(adapter: TypeAdapter[T]) -> Callable[[str], T]:
    """What an option's text means, with the same complaints as the API's."""

    def parse(text: str) -> T:
        try:
            return adapter.validate_python(text)
        except ValidationError as error:
            raise typer.BadParameter("; ".join(why for _, why in explained(error))) from error

    return parse


def a_month(text: str) -> date:
    """The first day of a month that an option names."""
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 (a month has no zone)
    except ValueError:
        raise typer.BadParameter("write a month as 2026-11") from None


def within(limits: TypeAdapter[str]) -> Callable[[str | None], str | None]:
    """What an option's text must fit into, as the API's texts must; blanks around it do not count."""
    parse = parsed(limits)
    return lambda text: text if text is None else parse(text.strip())


WHO = TypeAdapter[str](Annotated[str, Field(min_length=1, max_length=120)])
"""The name of somebody who acts."""
WHY = TypeAdapter[str](Because)


def somebody(name: str) -> str | None:
    """A name to keep on record."""
    if not name:
        raise typer.BadParameter("root, or a number, is not a person: say who decides this")
    return within(WHO)(name)


By = Annotated[
    str,
    typer.Option("--by", help="Who decides this.", default_factory=operator, show_default="you", callback=somebody),
]
Reason = Annotated[str, typer.Option("--reason", help="Why; it stays on record.", callback=within(WHY))]
StoppedAt = Annotated[int, typer.Option("--position", min=1, max=LAST_POSITION, help="Where it is stopped.")]


def service_meant(system: System, service: str | None) -> str:
    """The key of the service that is given, or of the only one. Raises `BadParameter`."""
    try:
        return service_of(service, system.settings.service, system.rulebooks.services)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--service") from error


def with_system(work: Callable[[Running], Awaitable[T]]) -> Callable[[Settings], Coroutine[Any, Any, T]]:
    """Do work on the composed system of the settings, of which nothing runs."""

    async def run(settings: Settings) -> T:
        async with servers(settings, broker=False) as (dsn, mqtt_url):
            own = await prepare(settings, dsn)
            async with composed(settings, own, mqtt_url or "mqtt://127.0.0.1:1883") as running:
                return await work(running)

    return run


def with_log(work: Callable[[Log], Awaitable[T]]) -> Callable[[Settings], Coroutine[Any, Any, T]]:
    """Do work on the log alone, which whoever may read it can do; says so if nothing about persons can be read."""

    async def run(settings: Settings) -> T:
        async with opened_log(settings) as log:
            if log.hidden:
                errors.print(f"what is about persons stays hidden: {log.hidden}", soft_wrap=True)
            return await work(log)

    return run


def run(work: Callable[[Settings], Coroutine[Any, Any, T]], settings: Settings | None = None) -> T:
    """Do the work of one command to its end."""
    chosen = settings or Settings()
    begin(chosen.log_level)
    where = f"database: {database_named(chosen)}; broker: {broker_named(chosen)}"
    errors.print(where, soft_wrap=True, highlight=False, markup=False)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work(chosen))


def begin(log_level: str) -> None:
    """What each of our processes does first."""
    configure_logs(log_level)
    spare_the_collector()


def spare_the_collector() -> None:
    """Look for garbage less often, and never among the modules: events are many, and hold no cycles."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def show(as_json: bool, data: object, text: object) -> None:
    """Print the one or the other."""
    if as_json:
        output.print_json(json.dumps(data))
    else:
        output.print(text, soft_wrap=isinstance(text, str), highlight=False)


def complain(why: str) -> None:
    """Say what went wrong, in one line."""
    errors.print(f"[red]error:[/red] {escape(why)}", highlight=False, soft_wrap=True)


def fail(why: str) -> NoReturn:
    """End with one line that says why."""
    complain(why)
    raise typer.Exit(2)
