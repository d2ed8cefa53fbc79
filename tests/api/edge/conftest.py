"""The server's connections are tested on the event loop that it really has."""

from asyncio import AbstractEventLoop
from collections.abc import Callable, Mapping

import uvloop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], AbstractEventLoop]]:
    """For the tests of this folder."""
    return {"uvloop": uvloop.new_event_loop}
