"""What traces cost a command: nothing that shows while they are off, and so much while they are on.

The same commands go through the dispatcher in turns: with every hook taken out, and with traces off; then with every
hook taken out, and with traces on (all sampled, made and serialised, sent to nobody). Run with
`python -m tests.benchmarks.tracing [DSN]` (default `CSBE_TEST_POSTGRES_DSN`): in a database of its own.
"""

import ast
import asyncio
import gc
import inspect
import json
import os
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from statistics import median
from unittest.mock import patch
from urllib.parse import urlsplit
from uuid import uuid4

import uvloop
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from adapters import tracing
from adapters.postgres.database import connect
from adapters.postgres.event_store.store import PostgresEventStore
from api.composition.tracing import TracedDispatcher
from api.observability import MeasuredDispatcher, configure_logs
from domain import contexts
from domain.dispatcher import Dispatcher
from domain.fleet.commands import CommissionVehicle
from domain.kernel.ids import VehicleId
from domain.kernel.messages import Actor, Metadata, Role
from domain.kernel.units import Position
from tests.benchmarks.databases import fresh_database
from tests.support.keys import KEYS
from tests.support.services import GivenRulebooks

CLIENTS = 8
COMMANDS = 40
"""In each turn, by all clients together."""
ROUNDS, WARM_UP = 800, 20
_OPERATOR = Actor(role=Role.OPERATOR, id="bench")
_BERLIN = Position(latitude=52.5, longitude=13.4)


class _Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class _ToNobody(SpanExporter):
    """Does all the work of sending but the sending."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        encode_spans(spans).SerializeToString()
        return SpanExportResult.SUCCESS


def measure(server_dsn: str) -> dict[str, float]:
    """`tracing_off_cost` and `tracing_on_cost`: percent more processor time per command than without any hook."""
    configure_logs("WARNING")
    return uvloop.run(_measure(server_dsn))


async def _measure(server_dsn: str) -> dict[str, float]:
    async with fresh_database(server_dsn) as dsn, await connect(server_dsn, min_size=1) as admin:
        name = urlsplit(dsn).path.removeprefix("/")
        await admin.execute(f"alter database {name} set synchronous_commit = off")  # the disk is not it
        return await _costs(dsn)


async def _costs(dsn: str) -> dict[str, float]:
    pool = await connect(dsn, min_size=1)
    store = PostgresEventStore(pool, master_keys=KEYS)
    parts = (store, _Clock(), GivenRulebooks(), contexts.HANDLERS)
    plain, traced = MeasuredDispatcher(*parts), TracedDispatcher(*parts)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(_ToNobody(), max_queue_size=100_000))
    unhooked = _unhooked_append()
    without = (lambda: patch.object(PostgresEventStore, "append", unhooked), plain)
    await _compare(WARM_UP, (nullcontext, plain), without)
    off, base = await _compare(ROUNDS, (nullcontext, plain), without)
    on, _ = await _compare(ROUNDS // 10, (lambda: _on(provider), traced), without)
    provider.shutdown()
    await store.close()
    await pool.close()
    return {
        "tracing_off_cost": round((off - 1) * 100, 2),
        "tracing_on_cost": round((on - 1) * 100, 2),
        "tracing_command_us": round(base / COMMANDS * 1e6, 1),
    }


Way = tuple[Callable[[], AbstractContextManager[object]], Dispatcher]
"""The mode in which commands are given, and to whom."""


async def _compare(rounds: int, one: Way, other: Way) -> tuple[float, float]:
    """The median over rounds of how much longer the one takes than the other, now before and now after it.

    Also the median of the other's times in seconds.
    """
    ratios, times = [], []
    gc.disable()  # so that no turn sweeps up after another
    for number in range(rounds):
        if number % 50 == 0:
            gc.collect()
        ways = (one, other) if number % 2 else (other, one)
        seconds = {way: await _turn(*way) for way in ways}
        ratios.append(seconds[one] / seconds[other])
        times.append(seconds[other])
    gc.enable()
    return median(ratios), median(times)


async def _turn(mode: Callable[[], AbstractContextManager[object]], dispatcher: Dispatcher) -> float:
    """Processor time of this process, which is what hooks cost, whatever disk and database take."""
    began = time.process_time()
    with mode():
        await asyncio.gather(*(_client(dispatcher) for _ in range(CLIENTS)))
    return time.process_time() - began


async def _client(dispatcher: Dispatcher) -> None:
    for _ in range(COMMANDS // CLIENTS):
        vehicle = VehicleId(uuid4())
        command = CommissionVehicle(
            vehicle_id=vehicle, vin="WBAZZZ00000000001", plate="B-DN 1", make="BMW", model="i3",
            propulsion="electric", city_id="berlin", position=_BERLIN, energy_percent=80,
        )  # fmt: skip
        await dispatcher.dispatch(command, Metadata.of(command, id=uuid4(), actor=_OPERATOR, service="drivenow-europe"))


@contextmanager
def _on(provider: TracerProvider) -> Iterator[None]:
    """All spans of a turn are sent within it, so that they burden no other one."""
    with tracing.switch_on(provider.get_tracer("bench")):
        yield
        provider.force_flush()


def _unhooked_append() -> object:
    """The store's append as if it had no hook: compiled anew from its source without it."""
    whole = PostgresEventStore.append
    source = ast.parse(textwrap.dedent(inspect.getsource(whole)))
    hooked = ast.dump(source)
    tree = _Unhooked().visit(source)
    if ast.dump(tree) == hooked:
        raise AssertionError("there is no hook to take out: both sides would be the same")
    names = dict(whole.__globals__)
    exec(compile(ast.fix_missing_locations(tree), __file__, "exec"), names)  # noqa: S102 (our own source)
    return names["append"]


class _Unhooked(ast.NodeTransformer):
    """Leaves of `with tracing.…:` the body alone."""

    def visit_With(self, node: ast.With) -> ast.With | list[ast.stmt]:
        return node.body if ast.unparse(node.items[0]).startswith("tracing.") else node


if __name__ == "__main__":
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ["CSBE_TEST_POSTGRES_DSN"]
    sys.stdout.write(json.dumps(measure(given), indent=2) + "\n")
