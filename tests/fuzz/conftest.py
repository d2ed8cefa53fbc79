"""A running system to be fuzzed, in a thread of its own: the tools that make examples are not asynchronous."""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest
import structlog

from adapters.rulebooks import shipped_texts
from adapters.simulator.vehicles import Faults
from tests.fuzz.depth import DEPTH, SEED
from tests.fuzz.planted import Planted, plant
from tests.support.brokers import EmbeddedBroker
from tests.support.city import City
from tests.support.databases import empty_database, prepared
from tests.support.installation import Installation
from tests.support.places import BERLIN

T = TypeVar("T")


def pytest_report_header() -> str:
    return f"fuzzing: CSBE_FUZZ_SEED={SEED} CSBE_FUZZ_DEPTH={DEPTH}"


class Rig:
    """A system that runs elsewhere, and what was planted in it."""

    city: City
    planted: Planted
    dsn: str

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def do(self, work: Callable[[], Coroutine[Any, Any, T]], patience_s: float = 60) -> T:
        """Let the system's own loop do something, and wait for it."""
        done: Future[T] = asyncio.run_coroutine_threadsafe(work(), self._loop)
        return done.result(patience_s)


@pytest.fixture(scope="module")
def quiet_logs() -> Iterator[None]:
    """What is refused is no news here, and a traceback takes long to write."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


@pytest.fixture(scope="module")
def rig(quiet_logs: None, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """The whole system, with everything running, on a database of its own."""
    del quiet_logs
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    rig, stack = Rig(loop), AsyncExitStack()
    try:
        rig.do(lambda: _start(rig, stack, postgres_server, tmp_path_factory.mktemp("fuzz")))
        yield rig
    finally:
        rig.do(stack.aclose)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


async def _start(rig: Rig, stack: AsyncExitStack, server_dsn: str, folder: Path) -> None:
    rig.dsn = await prepared(await stack.enter_async_context(empty_database(server_dsn)))
    broker = EmbeddedBroker()
    await broker.start()
    stack.push_async_callback(broker.stop)
    installation = Installation(rig.dsn, broker, folder, BERLIN, Faults(), shipped_texts())
    rig.city = await stack.enter_async_context(installation.started())
    rig.planted = await plant(rig.city)
