"""What a law is, and how it says that it was broken."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from domain.kernel.messages import RecordedEvent


@dataclass
class InvariantResult:
    """How many cases were looked at, and a sentence for each one that breaks the law."""

    checked: int = 0
    broken: list[str] = field(default_factory=list)

    def expect(self, holds: bool, sentence: str) -> None:
        """Count one case."""
        self.checked += 1
        if not holds:
            self.broken.append(sentence)

    def copy(self) -> "InvariantResult":
        """To go on counting without a trace in this one."""
        return InvariantResult(self.checked, list(self.broken))


class Law(Protocol):
    """Folds over the log in order, and may be asked at any time, more than once."""

    def observe(self, recorded: RecordedEvent) -> None:
        """Take in the next event."""
        ...

    def results(self, finished: bool) -> Mapping[str, InvariantResult]:
        """What was found, by the names of the laws. Not `finished`: what is yet to come is not missed."""
        ...
