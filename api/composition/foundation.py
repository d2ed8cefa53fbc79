"""What every part of a system stands on: the log, the rules that hold, who decides, and who signs tokens."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from opentelemetry.trace import Tracer

from adapters.mqtt.twins import Twins
from adapters.postgres.car_search import PostgresCars
from adapters.postgres.clock import DatabaseClock
from adapters.postgres.database import connect
from adapters.postgres.event_store.master_keys import MasterKeys, recognise
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.rulebooks import PublishedRulebooks
from adapters.postgres.telemetry import TelemetryStore
from api.auth import TokenAuthority, key_id, key_in, key_of
from api.composition.tracing import TracedDispatcher, traced
from api.key_files import made_once
from api.observability import AppendMetrics, MeasuredDispatcher
from api.settings import Settings
from domain import contexts
from domain.dispatcher import Dispatcher
from domain.kernel.ports import Clock


@dataclass(frozen=True)
class Foundation:
    """What is there once, whichever parts a process runs."""

    settings: Settings
    clock: Clock
    pool: asyncpg.Pool
    store: PostgresEventStore
    master_keys: MasterKeys
    telemetry: TelemetryStore
    twins: Twins
    rulebooks: PublishedRulebooks
    dispatcher: Dispatcher
    tokens: TokenAuthority
    tracer: Tracer | None
    """None while traces are off."""


@asynccontextmanager
async def foundation(settings: Settings, dsn: str, clock: Clock | None) -> AsyncIterator[Foundation]:
    """The foundation over a prepared database; closed after the block."""
    async with AsyncExitStack() as stack:
        tracer = await stack.enter_async_context(traced())
        pool = await connect(dsn, max_size=20)
        stack.push_async_callback(_close, pool)
        masters = given_master_keys(settings)
        await recognise(pool, masters)
        store = PostgresEventStore(pool, master_keys=masters, figures=AppendMetrics())
        stack.push_async_callback(store.close)
        clock = clock or await _clock_of(pool)
        rulebooks = PublishedRulebooks(store)
        telemetry = TelemetryStore(pool)
        twins = Twins(telemetry)
        kind = TracedDispatcher if tracer else MeasuredDispatcher
        dispatcher = kind(store, clock, rulebooks, contexts.HANDLERS, twins, PostgresCars(pool))
        yield Foundation(
            settings, clock, pool, store, masters, telemetry, twins, rulebooks, dispatcher, _tokens(settings), tracer
        )


async def _clock_of(pool: asyncpg.Pool) -> DatabaseClock:
    clock = DatabaseClock(pool)
    await clock.set()
    return clock


def given_master_keys(settings: Settings) -> MasterKeys:
    """Of the settings; beside an embedded database, a key that is made in the data directory at the first start.

    Raises `ValueError` when there is none.
    """
    given = settings.master_key, settings.other_master_key
    key, other = (bytes.fromhex(one.get_secret_value()) if one else None for one in given)
    if key is None and settings.postgres_dsn is not None:
        raise ValueError(
            "CSBE_MASTER_KEY is missing: it wraps the keys of persons, which would lie in clear text beside their "
            "data. Make one with openssl rand -hex 32, and keep a copy elsewhere than the database's backup"
        )
    return MasterKeys(key or _key_of_data_dir(settings), other)


def _key_of_data_dir(settings: Settings) -> bytes:
    return bytes.fromhex(made_once(settings.data_dir / "master-key", lambda: secrets.token_hex(32)))


def pseudonym(settings: Settings, text: str) -> str:
    """What stands for an address or a name in the security log of the servers whose key these settings have.

    Raises `ValueError` where there is none: one that is made now would tell something else than the log has.
    """
    if not has_token_key(settings):
        raise ValueError(
            f"there is no {token_key_files(settings)[0]}: set CSBE_TOKEN_KEY, or CSBE_DATA_DIR as the servers have it"
        )
    return _tokens(settings).pseudonym(text)


def _tokens(settings: Settings) -> TokenAuthority:
    given, other = (
        key_of(one.get_secret_value()) if one else None for one in (settings.token_key, settings.other_token_key)
    )
    own, kept = token_key_files(settings)
    if given is None and other is None and kept.exists():
        other = key_in(kept)
    return TokenAuthority(given or key_in(own), other)


def has_token_key(settings: Settings) -> bool:
    """Whether the servers of these settings sign by a key that is there, and not by one that is yet to be made."""
    return settings.token_key is not None or token_key_files(settings)[0].exists()


def token_key_files(settings: Settings) -> tuple[Path, Path]:
    """Where the data directory has the key that signs tokens, and the one before it."""
    return settings.data_dir / "token-key.pem", settings.data_dir / "other-token-key.pem"


def rotate_token_key(settings: Settings) -> str:
    """Make a new key in the data directory, and keep the present one beside it; the id of the new one.

    Raises `ValueError` when the settings give the key, or one is kept already, whose tokens may be out.
    """
    if settings.token_key or settings.other_token_key:
        raise ValueError("CSBE_TOKEN_KEY is given by the settings: change it there, as docs/how-to/rotate-keys.md says")
    own, kept = token_key_files(settings)
    if kept.exists():
        raise ValueError(f"{kept} is there: remove it once its tokens have ended, which takes seven days at most")
    key_in(own)
    own.replace(kept)
    return key_id(key_in(own))


async def _close(pool: asyncpg.Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), 5)
    except TimeoutError:
        pool.terminate()
