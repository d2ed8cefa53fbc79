"""What every part of a system stands on: the log, the rules that hold, who decides, and who signs tokens."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg
from opentelemetry.trace import Tracer

from adapters.mqtt.twins import Twins
from adapters.postgres.database import connect
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.rulebooks import PublishedRulebooks
from adapters.postgres.telemetry import TelemetryStore
from api.auth import TokenAuthority
from api.composition.tracing import TracedDispatcher, traced
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
    telemetry: TelemetryStore
    twins: Twins
    rulebooks: PublishedRulebooks
    dispatcher: Dispatcher
    tokens: TokenAuthority
    tracer: Tracer | None
    """None while traces are off."""


@asynccontextmanager
async def foundation(settings: Settings, dsn: str, clock: Clock) -> AsyncIterator[Foundation]:
    """The foundation over a prepared database; closed after the block."""
    async with AsyncExitStack() as stack:
        tracer = await stack.enter_async_context(traced())
        pool = await connect(dsn, max_size=20)
        stack.push_async_callback(_close, pool)
        store = PostgresEventStore(pool, master_key=settings.master_key_bytes, figures=AppendMetrics())
        stack.push_async_callback(store.close)
        rulebooks = PublishedRulebooks(store)
        telemetry = TelemetryStore(pool)
        twins = Twins(telemetry)
        kind = TracedDispatcher if tracer else MeasuredDispatcher
        dispatcher = kind(store, clock, rulebooks, contexts.HANDLERS, twins)
        yield Foundation(
            settings, clock, pool, store, telemetry, twins, rulebooks, dispatcher, _tokens(settings), tracer
        )


def _tokens(settings: Settings) -> TokenAuthority:
    if settings.token_key:
        return TokenAuthority.from_pem(settings.token_key.get_secret_value())
    return TokenAuthority.from_file(settings.data_dir / "token-key.pem")


async def _close(pool: asyncpg.Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), 5)
    except TimeoutError:
        pool.terminate()
