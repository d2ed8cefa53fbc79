"""The security log: who tried to get in, and from where. Lines of the logger `csbe.security`.

Never a secret, and nobody in clear: of addresses the network is told, and addresses and the names of staff stand for
themselves by a keyed digest, so that lines of one are found together. Members are told by their id.
Whoever fills it has few lines in a minute, and then a count.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from time import monotonic

import structlog
from fastapi import Request

from domain.kernel.messages import Role

log = structlog.get_logger(__name__)
NAME = "csbe.security"

WINDOW_S = 60.0
IN_FULL = 10
"""So many lines of one kind and source are written in that time; the others are counted."""
LINES = 300
"""So many lines are written of all sources together; then those of new sources are counted together.

It bounds the memory, too: a source is known by a line that was written.
"""
LONGEST = 200
"""Characters of a fact."""
_PREFIXES = {4: 24, 6: 48}


def note(what: str, request: Request, **facts: object) -> None:
    """One line: what happened, at which route, from where. `facts` are ids, roles and reasons in our own words."""
    address = request.client.host if request.client else ""
    pseudonym = request.app.state.system.tokens.pseudonym
    told = {name: str(fact)[:LONGEST] for name, fact in facts.items()}
    if told.get("role") != Role.MEMBER and "subject" in told:
        told["subject"] = pseudonym(told["subject"])
    if "by" in told:
        told["by"] = pseudonym(told["by"])
    _write_counts(bounds.ended())
    source = pseudonym(address)
    if bounds.admits(what, source):
        path = getattr(request.scope.get("route"), "path", "")
        log.info(what, logger=NAME, path=path, source=_network(address), source_id=source, **told)


def finish() -> None:
    """Write what was counted, at the end of the process."""
    _write_counts(bounds.ended(at_once=True))


@dataclass
class Repeated:
    """Lines of one kind and source in a window."""

    what: str
    source: str
    began: float
    written: int = 0
    left_out: int = 0


class Bounds:
    """Which lines are written, and how many were not."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], Repeated] = OrderedDict()
        """By when their window began."""
        self._window = 0.0
        self._written = 0

    def admits(self, what: str, source: str) -> bool:
        """Whether one more line of this kind and source is written; else it is counted."""
        now = monotonic()
        if now - self._window >= WINDOW_S:
            self._window, self._written = now, 0
        if (what, source) not in self._known and self._written >= LINES:
            source = "others"
        line = self._known.setdefault((what, source), Repeated(what, source, now))
        if line.written >= IN_FULL or self._written >= LINES:
            line.left_out += 1
            return False
        line.written += 1
        self._written += 1
        return True

    def ended(self, *, at_once: bool = False) -> Iterator[Repeated]:
        """Those whose window is over and of which lines were left out; they begin anew."""
        now = monotonic()
        while self._known:
            key, oldest = next(iter(self._known.items()))
            if not at_once and now - oldest.began < WINDOW_S:
                return
            del self._known[key]
            if oldest.left_out:
                yield oldest


bounds = Bounds()


def _write_counts(ended: Iterable[Repeated]) -> None:
    for repeated in ended:
        log.info("repeated", logger=NAME, what=repeated.what, source_id=repeated.source, times=repeated.left_out)


def _network(address: str) -> str:
    """The network of an address: what is left without saying who."""
    try:
        found = ip_network(address)
    except ValueError:
        return ""
    return str(found.supernet(new_prefix=_PREFIXES[found.version]))
