"""Commands on messages of cars that could not be used."""

from typing import Annotated

import typer
from pydantic_core import to_jsonable_python
from rich.markup import escape
from rich.table import Column, Table

from api.cli.terminal import AsJson, By, Reason, errors, fail, run, show, with_system
from api.composition import KeptLetter, Running
from api.rest.schemas.base import LAST_POSITION
from domain.operations.commands import DropDeadLetter, RetryDeadLetter

dead_letters_app = typer.Typer(help="Messages of cars that could not be used.", no_args_is_help=True)

SHOWN_BYTES = 4096
"""So much of a message is printed at most."""

LetterId = Annotated[int, typer.Argument(min=1, max=LAST_POSITION, help="As `csbe dead-letters list` shows it.")]


@dead_letters_app.command("list")
def dead_letters_list(
    containing: Annotated[str | None, typer.Option(help="Only those whose topic or reason has this in it.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """The newest, and why they could not be used."""
    letters, number = run(with_system(lambda running: running.dead_letters.newest(limit, containing)))
    table = Table(Column("id", no_wrap=True), "received", Column("topic", overflow="fold"), "why", "bytes")
    for one in letters:
        at = one.received_at.isoformat(timespec="seconds")
        table.add_row(str(one.id), at, escape(one.topic), escape(one.reason), str(len(one.payload)))
    show(as_json, {"letters": [_facts(one) for one in letters], "number": number}, table)
    if len(letters) < number:
        errors.print(f"{len(letters)} of {number} are shown")


@dead_letters_app.command("show")
def dead_letters_show(letter_id: LetterId, as_json: AsJson = False) -> None:
    """One with what it says, as text; bytes that are none are escaped."""
    letter = run(with_system(lambda running: _found(running, letter_id)))
    text = letter.payload[:SHOWN_BYTES].decode(errors="backslashreplace")
    more = f"\n(the first {SHOWN_BYTES} bytes)" if len(letter.payload) > SHOWN_BYTES else ""
    told = f"{letter.received_at.isoformat()}  {letter.topic}\n{letter.reason}\n\n{text}{more}"
    show(as_json, {**_facts(letter), "payload": text}, escape(told))


@dead_letters_app.command("retry")
def dead_letters_retry(letter_id: LetterId, reason: Reason, by: By) -> None:
    """Take it as if it had just come again; it stays if it still cannot be used."""
    run(with_system(lambda running: _order(running, RetryDeadLetter, letter_id, reason, by)))
    errors.print(f"{letter_id} is taken")


@dead_letters_app.command("drop")
def dead_letters_drop(letter_id: LetterId, reason: Reason, by: By) -> None:
    """Throw it away."""
    run(with_system(lambda running: _order(running, DropDeadLetter, letter_id, reason, by)))
    errors.print(f"{letter_id} is dropped")


def _facts(letter: KeptLetter) -> dict[str, object]:
    facts = {"id": letter.id, "received_at": letter.received_at, "topic": letter.topic, "reason": letter.reason}
    return {**to_jsonable_python(facts), "bytes": len(letter.payload)}


async def _found(running: Running, letter_id: int) -> KeptLetter:
    return await running.dead_letters.find(letter_id) or fail(f"there is no dead letter {letter_id}")


async def _order(
    running: Running, order: type[RetryDeadLetter | DropDeadLetter], letter_id: int, reason: str, by: str
) -> None:
    letter = await _found(running, letter_id)
    facts = {"letter_id": letter.id, "mqtt_topic": letter.topic, "error": letter.reason}
    await running.operators.give(order.model_validate({"reason": reason, **facts}), by)
