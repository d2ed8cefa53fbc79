"""The locks that keep processes out of each other's way, by name. Nobody but the server can take them, or keep them.

Anybody who may log in may take an advisory lock, an analyst too. So what lasts for a transaction is a row or a table
that only the server may lock. What lasts as long as a connection is an advisory lock, since a transaction that stays
open keeps old rows from being cleared away; one that a stranger has is exchanged for another.
"""

from enum import StrEnum

from adapters.postgres.database import Connection

_TAKE = "select true from csbe.locks where name = $1 and slot = hashtext($2) & 255 for update"
_KEEP = "insert into csbe.session_locks (name, of) values ($1, $2) on conflict do nothing"
_KEY = "select key from csbe.session_locks where name = $1 and of = $2 for update"
_TRY = "select pg_try_advisory_lock($1)"
_HELD_BY_US = """
select exists (
    select from pg_locks l join pg_stat_activity a using (pid)
    where l.locktype = 'advisory' and l.granted and l.objsubid = 1
        and l.database = (select oid from pg_database where datname = current_database())
        and (l.classid::bigint << 32) | l.objid::bigint = $1 and pg_has_role(a.usesysid, current_user, 'member')
)
"""
_EXCHANGE = """
update csbe.session_locks
set key = ('x' || left(replace(gen_random_uuid()::text, '-', ''), 16))::bit(64)::bigint
where name = $1 and of = $2 returning key
"""
_GIVE_BACK = "select pg_advisory_unlock(key) from csbe.session_locks where name = $1 and of = $2"


class Lock(StrEnum):
    """What is done alone until a transaction ends, each with one thing at a time."""

    GENERATIONS = "generations"
    """With a read model: its generations are made, swapped or dropped."""
    PROVIDER_PAYMENT = "provider_payment"
    """With a payment: the simulated provider does one operation."""
    WEBHOOK = "webhook"
    """With a webhook: its events are taken up."""


class SessionLock(StrEnum):
    """What a process has for itself until it gives it back, or its connection ends."""

    INGEST_SESSION = "ingest_session"
    """By number: a session at the broker, which one process reads."""
    JOB_WORKER = "job_worker"
    """By number: a worker, and with it the jobs that it has in hand."""
    WEBHOOK_SENDER = "webhook_sender"
    """By number: a process that sends webhooks, and with it those that it has in hand."""
    PARALLEL_BUILD = "parallel_build"
    """By follower of a generation: its workers, whom one process conducts."""
    TELEMETRY_DAYS = "telemetry_days"
    """Of nothing in particular: old days of telemetry are dropped."""


async def alone(connection: Connection, lock: Lock, of: str) -> None:
    """Keep others from doing this with that until the transaction ends."""
    if not await connection.fetchval(_TAKE, lock, of):
        raise LookupError(f"csbe.locks has lost its rows for {lock}: run csbe migrate on a database of its own")


async def take(connection: Connection, lock: SessionLock, of: str) -> bool:
    """Have something until it is given back or the connection ends; false when another process of ours has it."""
    await connection.execute(_KEEP, lock, of)
    async with connection.transaction():
        key = await connection.fetchval(_KEY, lock, of)
        while not await connection.fetchval(_TRY, key):
            if await connection.fetchval(_HELD_BY_US, key):
                return False
            key = await connection.fetchval(_EXCHANGE, lock, of)
    return True


async def give_back(connection: Connection, lock: SessionLock, of: str) -> None:
    """Let others have it."""
    await connection.execute(_GIVE_BACK, lock, of)
