"""A process that appends in a transaction of its own, as a script in psql may, and is in no hurry to commit it."""

import asyncio
import time
from pathlib import Path
from uuid import uuid4

import asyncpg

from domain.kernel.ids import CommandId
from domain.kernel.messages import Metadata
from tests.torture.history import Asked, Pen, Told
from tests.torture.roles import Part, begin
from tests.torture.story import CLIENT, SERVICE, OpenCounter

_APPEND = """
select last_position from csbe.append(
    array[$1::uuid], array[$2::uuid], array['script'], array[null::text], array[1],
    array[$3::uuid], array[1::bigint], array['torture.counter.opened'], array[$4::bytea], array[$5::text])
"""
_STATE = b'{"timestamp": "2026-01-01T00:00:00Z", "originator_topic": "torture.counter"}'
HOLDS_S = 0.1


def main(part: Part) -> None:
    """Append, hold the lock for a moment, in which one may be frozen, and commit."""
    begin(part)
    with Pen(part.file) as pen:
        asyncio.run(_play(part, pen))


def holds(folder: Path, name: str) -> bool:
    """Whether this process has the lock."""
    return (folder / f"{name}.holds").exists()


async def _play(part: Part, pen: Pen) -> None:
    counter_id = uuid4()
    command = OpenCounter(counter_id=counter_id)
    command_id = uuid4()
    metadata = Metadata.of(command, id=CommandId(command_id), actor=CLIENT, service=SERVICE)
    connection = await asyncpg.connect(part.dsn)
    pen.write(
        Asked(
            client=part.name,
            at=time.monotonic(),
            command_id=command_id,
            name=command.NAME,
            command=command.model_dump_json(),
            about=frozenset([counter_id]),
        )
    )
    async with connection.transaction():
        position = await connection.fetchval(
            _APPEND, command_id, uuid4(), counter_id, _STATE, metadata.model_dump_json()
        )
        (part.folder / f"{part.name}.holds").touch()
        await asyncio.sleep(HOLDS_S)
    pen.write(
        Told(client=part.name, at=time.monotonic(), command_id=command_id, outcome="acknowledged", position=position)
    )
    connection.terminate()
