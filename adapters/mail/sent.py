"""What is known of messages that were handed over."""

from typing import Literal

import asyncpg

from adapters.postgres.database import retrying
from domain.kernel.policy import SendMessage

Channel = Literal["mail", "file"]
"""To an address by a mail server, or as a file that lies here."""

_TAKEN = "select true from csbe.messages_sent where idempotency_key = $1"
_REMEMBER = """
insert into csbe.messages_sent (idempotency_key, member_id, template, channel) values ($1, $2, $3, $4)
on conflict do nothing
"""


class SentMessages:
    """Remembers by their keys which messages were handed over, whose they are, by which text, and how."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def has(self, key: str) -> bool:
        """Whether it was handed over before."""
        return bool(await self._pool.fetchval(_TAKEN, key))

    async def remember(self, message: SendMessage, key: str, channel: Channel) -> None:
        """It was, now."""
        values = (key, message.member_id, message.template, channel)
        await retrying(lambda: self._pool.execute(_REMEMBER, *values))
