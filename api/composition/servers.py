"""PostgreSQL and the broker: those of the settings or embedded ones, and what must be in a database before a start."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from urllib.parse import urlsplit

import asyncpg
from anyio import to_thread

import projections
from adapters.embedded.broker import embedded_broker
from adapters.embedded.postgres import EmbeddedPostgres
from adapters.mqtt.client import TlsFiles, client_options
from adapters.postgres.database import with_lock_timeout
from adapters.postgres.locks import Lock
from adapters.postgres.migrate import migrate
from adapters.postgres.read_models import generations
from api.settings import Settings
from projections.kernel.projector import Projector


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


async def prepare(dsn: str) -> list[str]:
    """Migrate the event store and make the read models; returns the migrations applied.

    Raises `UnreachableError` when there is no PostgreSQL at the DSN, `BusyError` when others keep it from its locks.
    """
    try:
        applied = await migrate(dsn)
        connection = await asyncpg.connect(dsn)
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError) as error:
        address = urlsplit(dsn)
        where = f"{address.hostname or 'its socket'}:{address.port or 5432}"
        raise UnreachableError(f"cannot reach PostgreSQL at {where}: {error}") from error
    try:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock($1)", Lock.SHARED_READ_MODELS)
            await connection.execute(projections.shared_sql())
        for projector in projections.PROJECTORS:
            await with_lock_timeout(f"the views of {projector.NAME}", partial(_prepare, connection, projector))
    finally:
        await connection.close()
    return applied


async def _prepare(connection: asyncpg.Connection, projector: Projector) -> None:
    async with connection.transaction():
        await generations.prepare(connection, projector)
