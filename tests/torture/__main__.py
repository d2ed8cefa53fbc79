"""Play rounds of torture, each with the next seed and the next fault, or judge the histories of a round again."""

import argparse
import asyncio
import contextlib
import signal
import sys
import time
from pathlib import Path

from tests.torture.cluster import Cluster
from tests.torture.faults import FAULTS
from tests.torture.history import History
from tests.torture.laws import check
from tests.torture.rounds import Plan, StuckError, play
from tests.torture.sabotage import CARELESS_FOLLOWER, SABOTAGE
from tests.torture.template import make_template


def main() -> int:
    """Returns how many rounds broke a law or got stuck."""
    wanted = _arguments()
    if wanted.check:
        broken = check(History.of(wanted.check))
        _say(_sentences(broken) or "ok")
        return len(broken)
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))  # the same way out: everything is cleared away
    first = int(time.time()) if wanted.seed is None else wanted.seed
    plans = [Plan(first + number, wanted.fault, wanted.sabotage) for number in range(wanted.rounds)]
    with Cluster() as cluster, asyncio.Runner() as runner, contextlib.suppress(KeyboardInterrupt):
        return runner.run(_play_all(cluster, plans))
    return 1


async def _play_all(cluster: Cluster, plans: list[Plan]) -> int:
    await make_template(cluster)
    failures, acknowledged = 0, 0
    for plan in plans:
        try:
            verdict = await play(cluster, plan)
        except (StuckError, TimeoutError) as stuck:
            _say(f"seed={plan.seed} fault={plan.chosen} STUCK: {stuck!r}; the histories are in {plan.folder}")
            failures += 1
            continue
        _say(f"{verdict}{_sentences(verdict.broken or {})}")
        failures += bool(verdict.broken)
        acknowledged += verdict.acknowledged
    _say(f"{len(plans)} rounds, {acknowledged} acknowledged commands, {failures} failures")
    return failures


def _sentences(broken: dict[str, list[str]]) -> str:
    """The first few ways in which each law is broken."""
    return "".join(f"\n  {law}: {sentence}" for law, found in broken.items() for sentence in found[:3])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, help="of the first round; each further round has the next one")
    parser.add_argument("--fault", choices=FAULTS, default="", help="the same in every round, instead of taking turns")
    parser.add_argument("--sabotage", choices=[*SABOTAGE, CARELESS_FOLLOWER], help="a broken build, to be found out")
    parser.add_argument("--check", type=Path, help="judge the histories in this folder again")
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
