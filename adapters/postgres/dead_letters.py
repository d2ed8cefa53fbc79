"""The table `csbe.dead_letters`: messages of cars that could not be used, looked at, taken again, or thrown away."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from adapters.postgres.telemetry import MAX_DEAD_BYTES
from domain.operations.ports import ImpossibleOrderError

Redeliver = Callable[[str, bytes, datetime], Awaitable[None]]
"""Takes a message by its topic, its payload, and when it was received, as ingest does."""

_COLUMNS = "id, received_at, topic, payload, reason"
_NEWEST = f"""
select {_COLUMNS} from csbe.dead_letters
where $1::text is null or strpos(topic, $1) > 0 or strpos(reason, $1) > 0 order by id desc limit $2
"""  # noqa: S608 (our own words)
_COUNT = """
select count(*) from csbe.dead_letters where $1::text is null or strpos(topic, $1) > 0 or strpos(reason, $1) > 0
"""
_ONE = f"select {_COLUMNS} from csbe.dead_letters where id = $1"  # noqa: S608
_DROP = "delete from csbe.dead_letters where id = $1"
_DIED_AGAIN = """
delete from csbe.dead_letters where id > $1 and topic = $2 and payload = $3 returning reason
"""
_LAST = "select max(id) from csbe.dead_letters"


@dataclass(frozen=True)
class KeptLetter:
    """A message as it came, but for what is beyond 64 KiB, and why it could not be used."""

    id: int
    received_at: datetime
    topic: str
    payload: bytes
    reason: str


class DeadLetters:
    """What operators see of them, and do with them."""

    def __init__(self, pool: asyncpg.Pool, redeliver: Redeliver) -> None:
        self._pool = pool
        self._redeliver = redeliver

    async def newest(self, limit: int, containing: str | None = None) -> tuple[list[KeptLetter], int]:
        """The newest ones whose topic or reason has a text in it, if one is given; and how many there are of them."""
        rows = await self._pool.fetch(_NEWEST, containing, limit)
        return [KeptLetter(*row) for row in rows], await self._pool.fetchval(_COUNT, containing)

    async def find(self, letter_id: int) -> KeptLetter | None:
        """The one with a number."""
        row = await self._pool.fetchrow(_ONE, letter_id)
        return KeptLetter(*row) if row else None

    async def retry(self, letter_id: int) -> bool:
        """Take it as ingest does; false when it is not there. It stays when it still cannot be used.

        Raises `ImpossibleOrderError` then. Taken twice, it adds nothing: cars count their messages.
        """
        letter = await self.find(letter_id)
        if letter is None:
            return False
        if len(letter.payload) == MAX_DEAD_BYTES:
            raise ImpossibleOrderError(f"of {letter_id} only the first 64 KiB are kept: it can be dropped")
        last = await self._pool.fetchval(_LAST)
        await self._redeliver(letter.topic, letter.payload, letter.received_at)
        again = await self._pool.fetchval(_DIED_AGAIN, last, letter.topic, letter.payload)
        if again is not None:
            raise ImpossibleOrderError(f"{letter_id} still cannot be used: {again}")
        return await self.drop(letter_id)

    async def drop(self, letter_id: int) -> bool:
        """Throw it away; false when it is not there."""
        return await self._pool.execute(_DROP, letter_id) == "DELETE 1"
