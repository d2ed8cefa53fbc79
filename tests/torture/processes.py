"""Our own processes: forked from a warm one, so that a round costs no imports."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.process import BaseProcess

from tests.torture import client, watcher
from tests.torture.roles import Code, Part

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.torture.client", "tests.torture.watcher"])

Play = Callable[[Part], None]


class Troupe:
    """The processes of a round, by name. Whatever happens, `clear_away` ends them."""

    def __init__(self) -> None:
        self._plays: dict[str, tuple[Play, Part]] = {}
        self._processes: dict[str, BaseProcess] = {}

    @property
    def all(self) -> list[str]:
        return list(self._plays)

    @property
    def clients(self) -> list[str]:
        return [name for name, (play, _) in self._plays.items() if play is client.main]

    @property
    def watchers(self) -> list[str]:
        return [name for name, (play, _) in self._plays.items() if play is watcher.main]

    def start(self, play: Play, part: Part) -> None:
        """Let a process begin."""
        process = _FORKS.Process(target=play, args=(part,), name=part.name, daemon=True)
        process.start()
        self._plays[part.name] = play, part
        self._processes[part.name] = process

    def kill(self, name: str) -> None:
        """`kill -9`."""
        self._processes[name].kill()
        self._processes[name].join()

    def restart(self, name: str, code: Code | None = None) -> None:
        """Begin again after a kill, perhaps with another code; the history goes on in the same file."""
        play, part = self._plays[name]
        self.start(play, replace(part, incarnation=part.incarnation + 1, code=code or part.code))

    def freeze(self, name: str) -> None:
        """SIGSTOP."""
        os.kill(_pid(self._processes[name]), signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """SIGCONT."""
        os.kill(_pid(self._processes[name]), signal.SIGCONT)

    def failed(self) -> list[str]:
        """Those that ended as nobody told them to."""
        return [f"{name} ended with {p.exitcode}" for name, p in self._processes.items() if p.exitcode]

    def ended(self, names: list[str]) -> bool:
        """Whether they all have come to their end."""
        return not any(self._processes[name].is_alive() for name in names)

    def clear_away(self) -> None:
        """Kill what is left."""
        for process in self._processes.values():
            process.kill()
        for process in self._processes.values():
            process.join()


def _pid(process: BaseProcess) -> int:
    assert process.pid is not None
    return process.pid
