"""What must be true of a database, and of who logs in there, before the system works on it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

from adapters.postgres.errors import UnfitDatabaseError
from adapters.postgres.migrate import missing_in
from adapters.postgres.write_check import followers_past_the_log, sequence_behind_the_log

_WHO = """
select session_user::text as login, rolsuper as is_superuser, rolsuper or pg_has_role(session_user, owner, 'member')
    as owns_log, pg_has_role(session_user, server, 'member') as may_serve, pg_get_userbyid(server)::text as server,
    rolcreaterole as may_make_roles,
    array(select rolname::text from pg_roles as p where rolname in
        ('pg_execute_server_program', 'pg_write_all_data', 'pg_write_server_files')
        and pg_has_role(session_user, p.oid, 'member') order by rolname) as powers
from pg_roles, (select relowner from pg_class where oid = $1) as log (owner),
    (select relowner from pg_class where oid = $2) as telemetry (server)
where rolname = session_user
"""
"""Before PostgreSQL 16, whoever may make roles gives themselves any that is no superuser's, so the owner's too."""
_TABLE = """
select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'csbe' and c.relname = $1
"""
_POOLED = (
    "PostgreSQL is reached through a pooler that gives each transaction another connection, as PgBouncer does with "
    "pool_mode = transaction: CSBE needs connections of its own, to listen and to hold locks, that begin with the role "
    "of the server. Let CSBE_POSTGRES_DSN name the server itself; csbe migrate works through the pooler too"
)
_PROBE_SECONDS = 5


@dataclass(frozen=True)
class _Login:
    """As whom somebody logs in, and what that means here."""

    login: str
    is_superuser: bool
    owns_log: bool
    may_serve: bool
    server: str
    may_make_roles: bool
    powers: list[str]

    @property
    def why_not_to_be_trusted(self) -> str | None:
        """What it is or has by which it could change what is recorded."""
        if self.is_superuser:
            return "is a superuser"
        if self.owns_log:
            return "is the owner of the log"
        if self.may_make_roles:
            return "may make roles"
        return f"is granted {', '.join(self.powers)}" if self.powers else None


async def as_server(dsn: str, beside: Mapping[str, str], *, allow_owner: bool = False) -> str:
    """The DSN under which the system works, as the role of the server; `beside` is what migrations run beside theirs.

    Raises `UnfitDatabaseError` when the database is not migrated, the login may change the log, or may not serve, the
    log is not whole, or a pooler stands between.
    """
    connection = await _connect(dsn)
    try:
        login = await _login(connection)
        _refuse_stranger(login, allow_owner=allow_owner)
        own = with_role(dsn, login.server)
        await _refuse_pooler(own, connection)
        await connection.execute(f"set role {login.server}")
        await _refuse_unmigrated(connection, beside)
        await _refuse_broken_log(connection)
    finally:
        await connection.close()
    return own


async def refuse_incomplete(dsn: str, beside: Mapping[str, str]) -> None:
    """Raises `UnfitDatabaseError` when the database is not migrated. An auditor may ask as well as a server."""
    connection = await _connect(dsn)
    try:
        if await connection.fetchval(_TABLE, "migrations") is None:
            raise _unmigrated("is empty")
        await _refuse_unmigrated(connection, beside)
    finally:
        await connection.close()


def with_role(dsn: str, role: str) -> str:
    """The DSN, under which every connection acts as a role, and what is made belongs to that."""
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query)) | {"role": role}
    return urlunsplit(parts._replace(query=urlencode(query)))


def with_user(dsn: str, user: str) -> str:
    """The DSN of another user, who needs no password."""
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc.rpartition('@')[2]}"))


async def _connect(dsn: str) -> asyncpg.Connection:
    try:
        return await asyncpg.connect(dsn, statement_cache_size=0, timeout=_PROBE_SECONDS * 2)
    except asyncpg.ProtocolViolationError as error:
        if "startup parameter" in str(error):
            raise UnfitDatabaseError(f"{_POOLED}. It says: {error}") from error
        raise


async def _refuse_pooler(own: str, connection: asyncpg.Connection) -> None:
    """Between two transactions of ours another client opens one: only through a pooler can it have our connection.

    It begins as the server's role, as all connections will, which a pooler of sessions does not pass on.
    """
    before = await connection.fetchval("select pg_backend_pid()")
    other = await _connect(own)
    try:
        async with other.transaction(), asyncio.timeout(_PROBE_SECONDS):
            await other.execute("select")
            after = await connection.fetchval("select pg_backend_pid()")
    except TimeoutError:
        after = None
    finally:
        await other.close(timeout=_PROBE_SECONDS)
    if before != after:
        raise UnfitDatabaseError(_POOLED)


async def _login(connection: asyncpg.Connection) -> _Login:
    log, telemetry = [await connection.fetchval(_TABLE, name) for name in ("events", "telemetry")]
    if log is None or telemetry is None:
        raise _unmigrated("is empty")
    [row] = await connection.fetch(_WHO, log, telemetry)
    return _Login(**dict(row))


def _refuse_stranger(login: _Login, *, allow_owner: bool) -> None:
    if (why := login.why_not_to_be_trusted) and not allow_owner:
        raise UnfitDatabaseError(
            f"{login.login} {why} and could change what is recorded: log in as somebody who is granted "
            f"{login.server} and nothing else (create role csbe_web login in role {login.server}), or set "
            "CSBE_ALLOW_OWNER=true"
        )
    if not login.may_serve:
        raise UnfitDatabaseError(
            f'{login.login} may not serve here: let an administrator run "grant {login.server} to {login.login}"'
        )


async def _refuse_unmigrated(connection: asyncpg.Connection, beside: Mapping[str, str]) -> None:
    if missing := await missing_in(connection, beside):
        raise _unmigrated(f"lacks {', '.join(missing)}")


def _unmigrated(how: str) -> UnfitDatabaseError:
    return UnfitDatabaseError(f"the database {how}: let its owner run csbe migrate, then start again")


async def _refuse_broken_log(connection: asyncpg.Connection) -> None:
    if why := await sequence_behind_the_log(connection) or await followers_past_the_log(connection):
        raise UnfitDatabaseError(why)
