"""Refresh tokens and the codes of pages, by their keyed digests: the ports `RefreshTokens` and `PageCodes`."""

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from adapters.postgres.identity.secret import LoginSecret
from domain.identity.ports import Grant, RefreshReusedError
from domain.identity.sessions import Subject
from domain.kernel.messages import Role

_ADD = """
insert into csbe.refresh_tokens (digest, session_id, service, role, subject, expires_at)
values ($1, $2, $3, $4, $5, $6)
"""
_USE = """
with used as (
    update csbe.refresh_tokens set used_at = $2 where digest = $1 and expires_at > $2 and used_at is null returning *
), next as (
    insert into csbe.refresh_tokens (digest, session_id, service, role, subject, expires_at)
    select $3, session_id, service, role, subject, case role when 'member' then $4 else expires_at end from used
)
select * from used
"""
_FIND = "select * from csbe.refresh_tokens where digest = $1 and expires_at > $2"
_ENDS = """
select session_id, max(expires_at) as ends_at from csbe.refresh_tokens
where service = $1 and role = $2 and subject = $3 and used_at is null and expires_at > $4
group by session_id
"""
_ADD_PAGE = "insert into csbe.page_codes (digest, service, role, subject, expires_at) values ($1, $2, $3, $4, $5)"
_USE_PAGE = "delete from csbe.page_codes where digest = $1 returning *"


class PostgresRefreshTokens:
    """Implements `RefreshTokens`. A member's session ends when it was not used for so long, anybody else's in any case.

    What an employee may do is asked of the identity provider at each login, and must be asked again.
    """

    def __init__(self, pool: asyncpg.Pool, secret: LoginSecret, *, member: timedelta, staff: timedelta) -> None:
        self._pool = pool
        self._secret = secret
        self._member = member
        self._staff = staff

    async def begin(self, grant: Grant, at: datetime, /) -> str:
        token, subject = self._secret.new_token(), grant.subject
        whose = (grant.session_id, subject.service, subject.role, subject.id)
        life = self._member if subject.role is Role.MEMBER else self._staff
        await self._pool.execute(_ADD, self._digest(token), *whose, at + life)
        return token

    async def rotate(self, token: str, at: datetime, /) -> tuple[Grant, str] | None:
        following = self._secret.new_token()
        row = await self._pool.fetchrow(_USE, self._digest(token), at, self._digest(following), at + self._member)
        if row is not None:
            return _grant(row), following
        if (used := await self.find(token, at)) is not None:
            raise RefreshReusedError(used)
        return None

    async def find(self, token: str, at: datetime, /) -> Grant | None:
        row = await self._pool.fetchrow(_FIND, self._digest(token), at)
        return None if row is None else _grant(row)

    async def ends(self, subject: Subject, at: datetime, /) -> dict[UUID, datetime]:
        rows = await self._pool.fetch(_ENDS, subject.service, subject.role, subject.id, at)
        return {row["session_id"]: row["ends_at"] for row in rows}

    def _digest(self, token: str) -> bytes:
        return self._secret.digest("refresh token", token)


class PostgresPageCodes:
    """Implements `PageCodes`."""

    def __init__(self, pool: asyncpg.Pool, secret: LoginSecret) -> None:
        self._pool = pool
        self._secret = secret

    async def make(self, subject: Subject, ends_at: datetime, /) -> str:
        code = self._secret.new_token()
        await self._pool.execute(_ADD_PAGE, self._digest(code), subject.service, subject.role, subject.id, ends_at)
        return code

    async def use(self, code: str, at: datetime, /) -> Subject | None:
        row = await self._pool.fetchrow(_USE_PAGE, self._digest(code))
        return None if row is None or row["expires_at"] <= at else _subject(row)

    def _digest(self, code: str) -> bytes:
        return self._secret.digest("page code", code)


def _grant(row: asyncpg.Record) -> Grant:
    return Grant(_subject(row), row["session_id"])


def _subject(row: asyncpg.Record) -> Subject:
    return Subject(service=row["service"], role=Role(row["role"]), id=row["subject"])
