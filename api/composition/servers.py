"""PostgreSQL and the broker: those of the settings or embedded ones, and what must be in a database before a start."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial

import asyncpg
from anyio import to_thread

import projections
from adapters.embedded.broker import embedded_broker
from adapters.embedded.postgres import EmbeddedPostgres
from adapters.mqtt.client import TlsFiles, client_options
from adapters.postgres.database import with_lock_timeout
from adapters.postgres.migrate import migrate
from adapters.postgres.opening import as_server, refuse_incomplete, with_user
from adapters.postgres.read_models import generations
from api.addresses import database_at
from api.settings import Settings
from projections.kernel.projector import Projector

_BESIDE = {"shared": projections.shared_sql()}
"""What the owner runs beside the migrations."""


class UnreachableError(Exception):
    """A server that the settings name does not answer."""


@asynccontextmanager
async def servers(settings: Settings, *, broker: bool = True) -> AsyncIterator[tuple[str, str]]:
    """The DSN of PostgreSQL and the URL of the broker: those of the settings, embedded ones otherwise."""
    async with AsyncExitStack() as stack:
        dsn = settings.postgres_dsn.get_secret_value() if settings.postgres_dsn else ""
        if not dsn:
            settings.make_data_dir()
            embedded = EmbeddedPostgres((settings.data_dir / "postgres").resolve())
            dsn = await to_thread.run_sync(embedded.start)
            stack.callback(embedded.stop)
        url = settings.mqtt_url.get_secret_value() if settings.mqtt_url else ""
        if not url and broker:
            url = await stack.enter_async_context(embedded_broker())
        yield dsn, url


def broker_tls(settings: Settings, url: str) -> TlsFiles | None:
    """The certificates of the settings, for the broker at a URL. Raises `ValueError` when they cannot be used there."""
    files = TlsFiles(settings.mqtt_ca_file, settings.mqtt_certificate_file, settings.mqtt_key_file)
    if not any(files):
        return None
    if files.key and not files.certificate:
        raise ValueError("CSBE_MQTT_KEY_FILE needs CSBE_MQTT_CERTIFICATE_FILE")
    try:
        client_options(url, files)
    except ValueError as error:
        raise ValueError(f"CSBE_MQTT_CA_FILE, CSBE_MQTT_CERTIFICATE_FILE, CSBE_MQTT_KEY_FILE: {error}") from error
    return files


async def migrated(settings: Settings, dsn: str) -> list[str]:
    """Bring a database to the shape of this version, as its owner; returns the files that were run.

    Raises `UnreachableError` when there is no PostgreSQL at the DSN, `BusyError` when others keep it from its locks,
    and `UnfitDatabaseError`.
    """
    with reaching(dsn):
        return await migrate(dsn, roles=settings.postgres_roles, beside=_BESIDE)


async def prepare(settings: Settings, dsn: str) -> str:
    """The DSN under which the system works on a database, with the read models made; embedded ones are migrated first.

    Raises as `migrated` does.
    """
    if settings.postgres_dsn is None:
        await migrated(settings, dsn)
        dsn = await own_login(dsn, settings.postgres_roles)
    with reaching(dsn):
        own = await as_server(dsn, _BESIDE, allow_owner=settings.allow_owner)
        await make_read_models(own)
    return own


async def refuse_unmigrated(dsn: str) -> None:
    """Raises `UnfitDatabaseError` when the database lacks what this version needs."""
    await refuse_incomplete(dsn, _BESIDE)


async def own_login(dsn: str, roles: str) -> str:
    """The DSN of the server's own login at an embedded PostgreSQL, which asks for no passwords."""
    connection = await asyncpg.connect(dsn)
    try:
        if not await connection.fetchval("select true from pg_roles where rolname = $1", roles):
            await connection.execute(f"create role {roles} login in role {roles}_server")
    finally:
        await connection.close()
    return with_user(dsn, roles)


async def make_read_models(dsn: str) -> None:
    """Make and show the first generation of each read model that has none."""
    connection = await asyncpg.connect(dsn)
    try:
        for projector in projections.PROJECTORS:
            await with_lock_timeout(f"the views of {projector.NAME}", partial(_prepare, connection, projector))
    finally:
        await connection.close()


@contextmanager
def reaching(dsn: str) -> Iterator[None]:
    """Names the server that cannot be reached. Raises `UnreachableError`."""
    try:
        yield
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError) as error:
        raise UnreachableError(f"cannot reach PostgreSQL, {database_at(dsn)}: {error}") from error


async def _prepare(connection: asyncpg.Connection, projector: Projector) -> None:
    async with connection.transaction():
        await generations.prepare(connection, projector)
