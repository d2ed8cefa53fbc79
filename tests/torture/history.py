"""What clients and readers write down while they are tortured, and what stands in the database afterwards.

One file per process, one JSON line per fact, written through at once: a process that is killed has lost no line.
`at` is seconds of the machine's monotonic clock, which all processes share and nobody can set.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Annotated, Literal, NamedTuple, Self, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

Outcome = Literal["acknowledged", "refused", "unknown"]
"""Unknown: the connection or the process died, or an error came that does not say what became of the command."""


class Fact(BaseModel):
    """Base of all lines."""

    model_config = ConfigDict(frozen=True, extra="forbid")


F = TypeVar("F", bound=Fact)


class Asked(Fact):
    """A client gave a command to the dispatcher: for the first time, or again under the same id."""

    kind: Literal["asked"] = "asked"
    client: str
    at: float
    command_id: UUID
    name: str
    command: str
    """The command as JSON."""
    about: frozenset[UUID]
    """The aggregates that it changes: all of them, or none."""


class Told(Fact):
    """What the client heard."""

    kind: Literal["told"] = "told"
    client: str
    at: float
    command_id: UUID
    outcome: Outcome
    position: int | None = None
    answer: str | None = None
    error: str | None = None


class Seen(NamedTuple):
    """One event, as a reader tells it from others."""

    position: int
    aggregate: UUID
    version: int


class Page(Fact):
    """A reader asked for what comes after a position, and saw all of this and nothing else up to the last of it."""

    kind: Literal["page"] = "page"
    reader: str
    after: int
    events: tuple[Seen, ...]


class Loaded(Fact):
    """A client loaded a counter after its own command had been acknowledged at a position."""

    kind: Literal["loaded"] = "loaded"
    client: str
    aggregate: UUID
    version: int
    total: int
    own_position: int


class Stored(Fact):
    """An event that stands in the log in the end. `by` is what a counter counted."""

    kind: Literal["stored"] = "stored"
    position: int
    aggregate: UUID
    version: int
    topic: str
    command_id: UUID
    recorded_at: AwareDatetime
    by: int | None = None


class Remembered(Fact):
    """A command that the store remembers in the end."""

    kind: Literal["remembered"] = "remembered"
    command_id: UUID
    position: int
    answer: str | None = None


class Followed(Fact):
    """An event that the follower wrote down, in the order in which it did."""

    kind: Literal["followed"] = "followed"
    position: int


Line = Annotated[Asked | Told | Page | Loaded | Stored | Remembered | Followed, Field(discriminator="kind")]
_LINE: TypeAdapter[Line] = TypeAdapter(Line)


class History:
    """Everything that was written down in one round."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._facts: dict[type[Fact], list[Fact]] = defaultdict(list)
        for fact in facts:
            self._facts[type(fact)].append(fact)

    @classmethod
    def of(cls, folder: Path) -> Self:
        """The history that a round left in its folder."""
        return cls(fact for file in sorted(folder.glob("*.jsonl")) for fact in read(file))

    @cached_property
    def asked(self) -> list[Asked]:
        return self._of(Asked)

    @cached_property
    def told(self) -> list[Told]:
        return self._of(Told)

    @cached_property
    def pages(self) -> list[Page]:
        return self._of(Page)

    @cached_property
    def loaded(self) -> list[Loaded]:
        return self._of(Loaded)

    @cached_property
    def log(self) -> list[Stored]:
        """In the order of the positions."""
        return sorted(self._of(Stored), key=lambda stored: stored.position)

    @cached_property
    def remembered(self) -> dict[UUID, Remembered]:
        return {fact.command_id: fact for fact in self._of(Remembered)}

    @cached_property
    def followed(self) -> list[int]:
        """The positions, in the order in which the follower wrote them down."""
        return [fact.position for fact in self._of(Followed)]

    @cached_property
    def effects(self) -> dict[UUID, list[Stored]]:
        """The events of each command."""
        found: dict[UUID, list[Stored]] = defaultdict(list)
        for stored in self.log:
            found[stored.command_id].append(stored)
        return found

    @cached_property
    def acknowledged(self) -> list[Told]:
        return [told for told in self.told if told.outcome == "acknowledged"]

    def _of(self, kind: type[F]) -> list[F]:
        return [fact for fact in self._facts[kind] if isinstance(fact, kind)]


class Pen:
    """Appends lines to the file of one process. What a kill tore off in mid-line was never written."""

    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.truncate(self._file, file.read_bytes().rfind(b"\n") + 1)

    def write(self, *facts: Fact) -> None:
        """One call to the system for all of them; a kill may still tear it, at the edge of a page of memory."""
        os.write(self._file, b"".join(fact.model_dump_json().encode() + b"\n" for fact in facts))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)


def read(file: Path) -> Iterator[Line]:
    """The facts of one file; none when there is no file."""
    if file.exists():
        for line in file.read_bytes().splitlines():
            yield _LINE.validate_json(line)
