"""The table `csbe.stripe_payments`: which PaymentIntent stands for which payment of ours."""

from typing import NamedTuple
from uuid import UUID

import asyncpg

_OPEN = """
insert into csbe.stripe_payments as known (payment_id, service) values ($1, $2)
on conflict (payment_id) do update set service = known.service returning intent_id, doubts
"""
_NOTE = "update csbe.stripe_payments set intent_id = $2 where payment_id = $1 and intent_id is null"
_DOUBT = "update csbe.stripe_payments set doubts = doubts + 1 where payment_id = $1"
_OF = "select payment_id, service from csbe.stripe_payments where intent_id = $1"


class Entry(NamedTuple):
    """What is known of a payment."""

    intent_id: str | None
    """None before Stripe has given it one."""
    doubts: int
    """How often Stripe has failed so that nobody knows what it did."""


class StripeBook:
    """Grows by one row for each payment that Stripe is asked for."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def entry(self, payment_id: UUID, service: str) -> Entry:
        """Of a payment, opened where there is none."""
        [row] = await self._pool.fetch(_OPEN, payment_id, service)
        return Entry(row["intent_id"], row["doubts"])

    async def note(self, payment_id: UUID, intent_id: str) -> None:
        """Stripe calls it so; the first name stays."""
        await self._pool.execute(_NOTE, payment_id, intent_id)

    async def doubt(self, payment_id: UUID) -> None:
        """Nobody knows what Stripe did."""
        await self._pool.execute(_DOUBT, payment_id)

    async def payment_of(self, intent_id: str) -> tuple[UUID, str] | None:
        """Which payment, and of which service; none where it is not ours."""
        row = await self._pool.fetchrow(_OF, intent_id)
        return (row["payment_id"], row["service"]) if row else None
