"""Letting the read models catch up, and looking into them."""

import asyncpg

import projections
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.followers.follower import Follower
from adapters.postgres.read_models.generations import drop, generations_of, prepare
from adapters.rulebooks import shipped_texts
from domain.billing.commands import CreditInvoice
from domain.billing.invoice import Invoice
from domain.kernel.ids import TripId, derived_id
from domain.rental.trip import Trip
from domain.rulebook.published import PublishedRulebook
from tests.domain.billing.desk import euros
from tests.golden.samples import METADATA
from tests.support.services import DRIVENOW_EUROPE
from tests.support.world import START

Followers = dict[str, Follower]


async def empty_read_models(pool: asyncpg.Pool) -> None:
    """Leave only the live generation of each read model, without rows."""
    async with pool.acquire() as connection, connection.transaction():
        for projector in projections.PROJECTORS:
            for generation in await generations_of(connection, projector.NAME):
                if generation.state == "live":
                    for table in projector.TABLES:
                        await connection.execute(f"delete from {generation.schema}.{table.name}")  # noqa: S608
                else:
                    await drop(connection, generation)


async def prepared(pool: asyncpg.Pool) -> None:
    """Read models that are there, and empty."""
    async with pool.acquire() as connection, connection.transaction():
        for projector in projections.PROJECTORS:
            await prepare(connection, projector)
    await empty_read_models(pool)


async def live_schema(pool: asyncpg.Pool, projection: str) -> str:
    """Where the rows of a read model are."""
    return next(g.schema for g in await generations_of(pool, projection) if g.state == "live")


async def catch_up(followers: Followers) -> None:
    """Bring every read model to the end of the log."""
    for follower in followers.values():
        await follower.catch_up()


async def rules_published(store: PostgresEventStore) -> None:
    """The rules of the service that tests run stand in the log; what is decided beside it goes by the same."""
    files, published = shipped_texts()[DRIVENOW_EUROPE.key], PublishedRulebook.open(DRIVENOW_EUROPE.key, START)
    published.publish(DRIVENOW_EUROPE, None, files, START, by="jo", reason="the service opens", at=START)
    await store.append([published], METADATA, result=None, fingerprint="")


async def row(pool: asyncpg.Pool, table: str, where: str, value: object) -> asyncpg.Record:
    """The row that must be there."""
    found = await pool.fetchrow(f"select * from read_v1.{table} where {where} = $1", value)  # noqa: S608
    assert found is not None
    return found


def credit(trip_id: TripId, amount: str | None = None, reason: str = "Ada was cold") -> CreditInvoice:
    """Take back so many EUR of a trip's invoice, or all of it."""
    money = None if amount is None else euros(amount)
    note_id = derived_id("note", trip_id, amount or "all")
    return CreditInvoice(
        credit_note_id=note_id, invoice_id=Invoice.id_of(Trip.TOPIC, trip_id), amount=money, reason=reason
    )
