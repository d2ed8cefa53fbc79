"""One-time codes to mail addresses: the port `LoginCodes`.

Every address has a row of limits, locked while it is dealt with: so tries at once are tried one by one.
"""

from datetime import datetime, timedelta
from hmac import compare_digest
from math import ceil
from uuid import UUID

import asyncpg

from adapters.postgres.database import Connection, retrying
from adapters.postgres.identity.limits import FREE_TRIES, KEPT, Limits, wait_after
from adapters.postgres.identity.secret import LoginSecret, as_typed
from adapters.postgres.listener import JOBS
from domain.identity.ports import TooManyTriesError, UsedCode
from domain.kernel.ids import MemberId
from domain.kernel.policy import SendMessage
from domain.members.sameness import same_email

CODE_LIFE = timedelta(minutes=10)

_LOCK = """
insert into csbe.login_limits (address, forget_at) values ($1, $2)
on conflict (address) do update set forget_at = excluded.forget_at
returning asked, wrong, wait_until
"""
_ASKED = "update csbe.login_limits set asked = $2 where address = $1"
_WRONG = "update csbe.login_limits set wrong = $2, wait_until = $3 where address = $1"
_WHOSE = """
select member_id from csbe.login_addresses where address = $1 order by proved desc, added_at, member_id limit 1
"""
_AT = """
select member_id from csbe.login_addresses where address = $1 order by proved desc, added_at, member_id limit 20
"""
_ADD = "insert into csbe.login_codes (id, address, member_id, expires_at) values ($1, $2, $3, $4)"
_RENEW = "update csbe.login_codes set expires_at = $2 where id = $1 returning true"
_CLAIM = """
insert into csbe.login_addresses (address, member_id, added_at) values ($1, $2, $3) on conflict do nothing
"""
_PROVE = "update csbe.login_addresses set proved = true where address = $1 and member_id = $2"
_OPEN = "select id, member_id from csbe.login_codes where address = $1 and expires_at > $2"
_END = "delete from csbe.login_codes where address = $1"
_MAIL = """
insert into csbe.jobs (id, policy, kind, payload, service, correlation_id, causation_id, due_at)
values ($1, 'login_code', 'send_message', $2::text::jsonb, $3, $1, $1, $4)
"""
_SWEEP = """
with codes as (delete from csbe.login_codes where expires_at < $1),
    tokens as (delete from csbe.refresh_tokens where expires_at < $1),
    pages as (delete from csbe.page_codes where expires_at < $1)
delete from csbe.login_limits where forget_at < $1
"""


class PostgresLoginCodes:
    """Implements `LoginCodes`."""

    def __init__(self, pool: asyncpg.Pool, secret: LoginSecret) -> None:
        self._pool = pool
        self._secret = secret

    async def ask(self, code_id: UUID, service: str, email: str, at: datetime, /) -> None:
        """For an address that nobody has, all is done but the mail."""
        address = self._address(service, email)
        async with self._pool.acquire() as connection, connection.transaction():
            limits = await _lock(connection, address, at)
            if wait := limits.wait_to_ask(at):
                raise TooManyTriesError(ceil(wait.total_seconds()))
            member_id = await connection.fetchval(_WHOSE, address)
            await self._add(connection, code_id, address, member_id, limits, at)
            if member_id is not None:
                mail = SendMessage(member_id=member_id, template="login_code")
                await connection.execute(_MAIL, code_id, mail.model_dump_json(), service, at)
                await connection.execute("select pg_notify($1, '')", JOBS)

    async def make(self, code_id: UUID, service: str, email: str, member_id: MemberId, at: datetime, /) -> str | None:
        address = self._address(service, email)

        async def make() -> bool:
            async with self._pool.acquire() as connection, connection.transaction():
                limits = await _lock(connection, address, at)
                await connection.execute(_CLAIM, address, member_id, at)
                if await connection.fetchval(_RENEW, code_id, at + CODE_LIFE):
                    return True
                if limits.wait_to_ask(at):
                    return False
                await self._add(connection, code_id, address, member_id, limits, at)
                return True

        return self._secret.code(code_id) if await retrying(make) else None

    async def use(self, service: str, email: str, code: str, at: datetime, /) -> UsedCode | None:
        address = self._address(service, email)
        async with self._pool.acquire() as connection, connection.transaction():
            limits = await _lock(connection, address, at)
            if wait := limits.wait_to_try(at):
                raise TooManyTriesError(ceil(wait.total_seconds()))
            found = await self._right_one(connection, address, as_typed(code), at)
            if found is None:
                await _note_wrong(connection, address, limits.wrong + 1, at)
                return None
            await connection.execute(_END, address)
            await connection.execute(_WRONG, address, 0, None)
            await connection.execute(_PROVE, address, found.member_id)
            return found

    async def members_at(self, service: str, email: str, /) -> list[MemberId]:
        """Twenty at most: more accounts of one address are nobody's whom one looks for."""
        return [MemberId(id) for (id,) in await self._pool.fetch(_AT, self._address(service, email))]

    async def sweep(self, at: datetime) -> None:
        """Delete what has ended, of codes, refresh tokens and limits."""
        await self._pool.execute(_SWEEP, at)

    def _address(self, service: str, email: str) -> bytes:
        return self._secret.digest("address", service, same_email(email))

    async def _add(
        self, connection: Connection, id: UUID, address: bytes, member_id: UUID | None, limits: Limits, at: datetime
    ) -> None:
        await connection.execute(_ASKED, address, [*limits.asked_lately(at), at])
        await connection.execute(_ADD, id, address, member_id, at + CODE_LIFE)

    async def _right_one(self, connection: Connection, address: bytes, code: str, at: datetime) -> UsedCode | None:
        right = None
        for id, member_id in await connection.fetch(_OPEN, address, at):
            if compare_digest(self._secret.code(id), code) and member_id is not None:
                right = UsedCode(id, MemberId(member_id))
        return right


async def _lock(connection: Connection, address: bytes, at: datetime) -> Limits:
    """What is remembered of the address, which nobody else deals with until the transaction ends."""
    [row] = await connection.fetch(_LOCK, address, at + KEPT)
    return Limits(row["asked"], row["wrong"], row["wait_until"])


async def _note_wrong(connection: Connection, address: bytes, wrong: int, at: datetime) -> None:
    await connection.execute(_WRONG, address, wrong, at + wait_after(wrong))
    if wrong >= FREE_TRIES:
        await connection.execute(_END, address)
