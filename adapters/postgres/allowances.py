"""How often something may be asked for, by address or by member, for all processes together."""

import asyncpg

from adapters.postgres.keyed_digests import keyed_digest

_TAKE = """
insert into csbe.allowances as allowance (name, remaining) values ($1, $2 - 1)
on conflict (name) do update set taken_at = clock_timestamp(), remaining = least($2, allowance.remaining
    + extract(epoch from clock_timestamp() - allowance.taken_at) * $3::float8) - 1
where allowance.remaining + extract(epoch from clock_timestamp() - allowance.taken_at) * $3 >= 1
returning true
"""
_WAIT = """
select greatest(0, (1 - remaining) / $2 - extract(epoch from clock_timestamp() - taken_at))::float8
from csbe.allowances where name = $1
"""
_FORGET = "delete from csbe.allowances where taken_at < clock_timestamp() - make_interval(secs => $1)"

HOUR_S = 3600.0


class Allowance:
    """So many of something in an hour for each name. Names are kept as keyed digests."""

    KIND: str

    def __init__(self, pool: asyncpg.Pool, key: bytes, per_hour: int) -> None:
        self._pool = pool
        self._key = key
        self._per_hour = float(per_hour)

    async def take(self, whose: str) -> float | None:
        """Count one more; in how many seconds to ask again when there were too many."""
        name, per_second = keyed_digest(self._key, self.KIND, self._name(whose)), self._per_hour / HOUR_S
        async with self._pool.acquire() as connection:
            await connection.execute(_FORGET, HOUR_S)
            if await connection.fetchval(_TAKE, name, self._per_hour, per_second):
                return None
            return float(await connection.fetchval(_WAIT, name, per_second) or 0.0)

    def _name(self, whose: str) -> str:
        return whose


class MailAllowance(Allowance):
    """So many mails to one address in an hour, before its owner is known."""

    KIND = "mail"

    def _name(self, whose: str) -> str:
        """The same for all ways to write the address of one mailbox: case, and what follows a plus."""
        local, _, domain = whose.strip().casefold().rpartition("@")
        return f"{local.partition('+')[0]}@{domain}"


class CodeAllowance(Allowance):
    """So many tries of promotional codes in an hour for each member."""

    KIND = "code"
