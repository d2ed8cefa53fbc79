"""Whether a process can do its work: how each part of it is, since when, and what helps."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from api.observability import PART_STATE
from domain.kernel.ports import Clock

PATIENCE_S = 3.0
"""How long what is asked about may take to answer."""
VITAL = frozenset({"database", "writes"})
"""What no process can work without."""


class PartState(StrEnum):
    """How a part is: `degraded` does some of its work, or late."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"


@dataclass(frozen=True)
class Finding:
    """How a part was found; in words that anybody may read, since nobody logs in to ask."""

    state: PartState
    why: str | None = None
    helps: str | None = None


WELL = Finding(PartState.OK)
_SILENT = Finding(
    PartState.FAILED, f"no answer within {PATIENCE_S:g} seconds", "see whether the servers that it uses are overloaded"
)

Check = Callable[[], Awaitable[Finding | None]]
"""Looks at a part; nothing is found of one that this process does not have."""


@dataclass(frozen=True)
class PartFound:
    """How a part is, and since when this process has known it."""

    finding: Finding
    since: datetime


class Readiness:
    """Looks at the parts of a process. `needed` are those without which it cannot do its work."""

    def __init__(self, checks: Mapping[str, Check], clock: Clock) -> None:
        self._checks = checks
        self._clock = clock
        self._since: dict[str, tuple[PartState, datetime]] = {}
        self.needed = VITAL

    async def look(self) -> dict[str, PartFound]:
        """How each part is now."""
        findings = await asyncio.gather(*map(_in_time, self._checks.values()))
        return {name: self._noted(name, one) for name, one in zip(self._checks, findings, strict=True) if one}

    def can_work(self, parts: Mapping[str, PartFound]) -> bool:
        """Whether nothing has failed that is needed."""
        return all(parts[name].finding.state is not PartState.FAILED for name in self.needed & parts.keys())

    def _noted(self, name: str, finding: Finding) -> PartFound:
        known = self._since.get(name)
        if known is None or known[0] is not finding.state:
            known = self._since[name] = finding.state, self._clock.now()
        PART_STATE.labels(name).set(list(PartState).index(finding.state))
        return PartFound(finding, known[1])


async def _in_time(check: Check) -> Finding | None:
    """Whoever says nothing for long is not well."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await check()
    except TimeoutError:
        return _SILENT
