"""The table `csbe.provider_notices`: what the payment provider sent by itself, each once, and the job that it makes."""

from typing import NamedTuple
from uuid import UUID

import asyncpg

from adapters.postgres.listener import JOBS
from domain.kernel.ids import derived_id
from domain.kernel.policy import LookUpPayment

POLICY = "when_provider_sent_word_then_look_it_up"
"""What jobs that come of a notice are decided by."""
_KEEP = """
insert into csbe.provider_notices (id, type, object_id, payment_id) values ($1, $2, $3, $4)
on conflict do nothing returning true
"""
_LOOK_UP = """
insert into csbe.jobs (id, policy, kind, payload, service, correlation_id, causation_id, due_at)
values ($1, $2, $3, $4::text::jsonb, $5, $6, $6, clock_timestamp()) on conflict (id) do nothing
"""


class Notice(NamedTuple):
    """Which one, of which type, about which of the provider's things and which of our payments."""

    id: str
    type: str
    object_id: str | None
    payment_id: UUID | None


class ProviderNotices:
    """Keeps them for good."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def keep(self, notice: Notice, look_up: LookUpPayment | None, service: str) -> None:
        """The notice and its job, both or neither; one that is known changes nothing."""
        caused = derived_id("provider_notice", notice.id)
        async with self._pool.acquire() as connection, connection.transaction():
            is_new = await connection.fetchval(_KEEP, *notice)
            if not is_new or look_up is None:
                return
            job = (derived_id(caused, POLICY), POLICY, look_up.kind, look_up.model_dump_json(), service, caused)
            await connection.execute(_LOOK_UP, *job)
            await connection.execute("select pg_notify($1, '')", JOBS)
