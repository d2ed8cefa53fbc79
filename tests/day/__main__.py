"""Live a simulated day and say what is wrong at its end."""

import argparse
import asyncio
import logging
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import structlog

from adapters.embedded.postgres import EmbeddedPostgres
from tests.day.day import live
from tests.day.plan import Plan


def main() -> int:
    """Returns how much is wrong, at most 100."""
    plan = _plan()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the same way out: everything is cleared away
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, ExitStack() as stack:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres")
        dsn = server.start()
        stack.callback(server.stop)
        began = time.monotonic()
        wrong = asyncio.run(live(plan, dsn, Path(folder), _say))
    for sentence in wrong:
        _say(f"WRONG {sentence}")
    _say(f"{plan}: {time.monotonic() - began:.0f} s, {len(wrong) or 'nothing'} wrong")
    return min(len(wrong), 100)


def _plan() -> Plan:
    usual = Plan()
    parser = argparse.ArgumentParser(prog="python -m tests.day", description=__doc__)
    parser.add_argument("--seed", type=int, help="of faults and wishes; another one each time if not given")
    parser.add_argument("--cars", type=int, default=usual.cars)
    parser.add_argument("--each", type=int, default=usual.each, help="so many cars at least have a fault, for each")
    parser.add_argument("--hours", type=int, default=usual.hours)
    parser.add_argument("--trips", type=int, default=usual.trips, help="so many each member wants to take")
    given = parser.parse_args()
    seed = int(time.time()) if given.seed is None else given.seed
    return Plan(seed, given.cars, given.each, given.hours, given.trips)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
