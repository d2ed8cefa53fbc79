"""One round: a new database, clients and readers at work, a fault, its end, and the judgement."""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from tests.torture import client, watcher
from tests.torture.cluster import Cluster
from tests.torture.faults import FAULTS, Fault, Scene
from tests.torture.final import end_of_log, final_facts, follower_reached
from tests.torture.history import History, Pen
from tests.torture.laws import check
from tests.torture.processes import Troupe
from tests.torture.proxy import Proxy
from tests.torture.roles import END, STOP, Part
from tests.torture.sabotage import CARELESS_FOLLOWER, SABOTAGE
from tests.torture.template import TEMPLATE

HISTORIES = Path("build/torture")
CLIENTS, WATCHERS = 3, 2
POLL_S = 0.02
PATIENCE_S = 40.0
STRIKES = 2
BEFORE, AFTER = (20, 120), 30
"""So many commands are acknowledged before the fault strikes, by chance, and after it is healed, at least."""


@dataclass(frozen=True)
class Plan:
    """What is to happen in a round; the same plan gives the same commands and strikes, as far as processes allow."""

    seed: int
    fault: str = ""
    sabotage: str | None = None

    @property
    def chosen(self) -> str:
        """The fault that was asked for, or the one whose turn it is."""
        return self.fault or list(FAULTS)[self.seed % len(FAULTS)]

    @property
    def folder(self) -> Path:
        """Where the histories are."""
        return HISTORIES / str(self.seed)


@dataclass(frozen=True)
class Verdict:
    """What became of a round."""

    plan: Plan
    seconds: float = 0.0
    asked: int = 0
    acknowledged: int = 0
    unknown: int = 0
    told: str = ""
    broken: dict[str, list[str]] | None = None
    skipped: str | None = None

    def __str__(self) -> str:
        head = f"seed={self.plan.seed} fault={self.plan.chosen}"
        if self.skipped:
            return f"{head} skipped: {self.skipped}"
        figures = f"ops={self.asked} acknowledged={self.acknowledged} unknown={self.unknown} {self.seconds:.1f}s"
        return f"{head} {figures}{self.told and f' ({self.told})'} {'BROKEN' if self.broken else 'ok'}"


class StuckError(Exception):
    """A process of ours failed, or did not come to an end."""


async def play(cluster: Cluster, plan: Plan) -> Verdict:
    """Play one round on the cluster, which is well again afterwards. The histories stay only if a law is broken."""
    fault, began = FAULTS[plan.chosen](), time.monotonic()
    if missing := fault.missing(cluster):
        return Verdict(plan, skipped=missing)
    shutil.rmtree(plan.folder, ignore_errors=True)
    plan.folder.mkdir(parents=True)
    async with cluster.database(TEMPLATE) as database, Proxy(cluster.port) as proxy:
        part = Part("", plan.seed, cluster.dsn(database, proxy.port), plan.folder.resolve())
        scene = Scene(cluster, database, proxy, Troupe(), Random(plan.seed), part)
        try:
            await _act(scene, fault, plan)
        except asyncio.CancelledError:
            scene.troupe.clear_away()
            shutil.rmtree(plan.folder)  # interrupted: there is nothing to judge
            raise
        finally:
            scene.troupe.clear_away()
            await fault.clear_away(scene)
    verdict = judged(plan, History.of(plan.folder), time.monotonic() - began, ", ".join(scene.told))
    if not verdict.broken:
        shutil.rmtree(plan.folder)
    return verdict


def judged(plan: Plan, history: History, seconds: float, told: str) -> Verdict:
    """The history under all laws."""
    unknown = sum(told.outcome == "unknown" for told in history.told)
    lost = len(history.asked) - len(history.told)
    asked = len(history.asked)
    return Verdict(plan, seconds, asked, len(history.acknowledged), unknown + lost, told, check(history))


async def _act(scene: Scene, fault: Fault, plan: Plan) -> None:
    if plan.sabotage in SABOTAGE:
        async with scene.cluster.connection(scene.database) as connection:
            await SABOTAGE[plan.sabotage](connection)
    await fault.prepare(scene)
    _raise_curtain(scene, careless=plan.sabotage == CARELESS_FOLLOWER)
    for _ in range(STRIKES):
        await _acknowledged(scene, scene.random.randint(*BEFORE))
        await fault.inject(scene)
        try:
            await asyncio.sleep(scene.random.uniform(*fault.LASTS_S))
        finally:
            await fault.heal(scene)
        await _acknowledged(scene, AFTER)
    await _come_to_an_end(scene)


def _raise_curtain(scene: Scene, *, careless: bool) -> None:
    for number in range(CLIENTS):
        scene.troupe.start(client.main, replace(scene.part, name=f"client-{number}"))
    for number in range(WATCHERS):
        scene.troupe.start(watcher.main, replace(scene.part, name=f"watcher-{number}", careless=careless))


async def _come_to_an_end(scene: Scene) -> None:
    """Clients settle all that is unknown; then readers read and the follower follows to the end of the log."""
    troupe, folder = scene.troupe, scene.part.folder
    (folder / STOP).touch()
    others = [name for name in troupe.all if name not in troupe.watchers]
    await _until(scene, "the clients end", lambda: _now(troupe.ended(others)))
    await scene.cluster.ready()
    async with scene.cluster.connection(scene.database) as connection:
        end = await end_of_log(connection)
        await _until(scene, "the follower arrives", lambda: follower_reached(connection, watcher.FOLLOWER, end))
        (folder / f"{END}.new").write_text(str(end))
        (folder / f"{END}.new").replace(folder / END)
        await _until(scene, "the readers end", lambda: _now(troupe.ended(troupe.watchers)))
        with Pen(folder / "final.jsonl") as pen:
            pen.write(*await final_facts(connection))


async def _acknowledged(scene: Scene, more: int) -> None:
    """Until so many more commands are acknowledged."""
    due = _count(scene.part.folder) + more
    await _until(scene, "commands are acknowledged", lambda: _now(_count(scene.part.folder) >= due))


def _count(folder: Path) -> int:
    return sum(file.read_bytes().count(b'"acknowledged"') for file in folder.glob("client-*.jsonl"))


async def _until(scene: Scene, what: str, condition: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not await condition():
        if (failed := scene.troupe.failed()) or time.monotonic() > deadline:
            msg = f"waited until {what}; {failed or 'nobody failed'}"
            raise StuckError(msg)
        await asyncio.sleep(POLL_S)


async def _now(value: bool) -> bool:
    return value
