"""From the text of a service to its rulebook. All that is wrong is told at once, by file, line and path."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from domain.rulebook.faults import Fault, faults
from domain.rulebook.mending import Mended, mend
from domain.rulebook.model import Rulebook
from domain.rulebook.places import Place
from domain.rulebook.shapes import Path
from domain.rulebook.toml_lines import lines_of
from domain.rulebook.written import SERVICE, Table, Written

_FILE = re.compile(r"[a-z0-9]([a-z0-9_-]{0,58}[a-z0-9])?\.toml")
_ITEM = len(("cities", 0, "taxes", 0))
_WHERE = re.compile(r"\(at line (\d+), column \d+\)|\(at end of document\)")


class Complaint(NamedTuple):
    """What is wrong in the text of a service, and what helps. `path` is empty where it is the file."""

    file: str
    line: int
    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.path + ': ' if self.path else ''}{self.reason}"


class RulebookError(ValueError):
    """A service's text that cannot be used: all that is wrong with it."""

    def __init__(self, complaints: Iterable[Complaint]) -> None:
        self.complaints = tuple(sorted(complaints, key=lambda complaint: complaint[:2]))
        super().__init__("\n".join(map(str, self.complaints)))


def text(files: Mapping[str, str]) -> Rulebook:
    """The rulebook that is written in these files: `service.toml`, and one for each city, named like it.

    Raises `RulebookError` with all that is wrong.
    """
    return _text(tuple(sorted(files.items())))


@lru_cache(maxsize=64)
def _text(written: tuple[tuple[str, str], ...]) -> Rulebook:
    """A process meets the same texts again and again: shipped, published, and read from the log."""
    files = dict(written)
    complaints: list[Complaint] = []
    read = {name: table for name in sorted(files) if (table := _read(name, files[name], complaints)) is not None}
    if SERVICE not in files:
        complaints.append(Complaint(SERVICE, 1, "", "the file is missing: it says what holds in all cities"))
    if SERVICE not in read:
        raise RulebookError(complaints)
    rulebook, found = _judged(Written(read))
    lines = {name: lines_of(files[name]) for name in read}
    complaints += dict.fromkeys(_told(place, reason, read, lines) for place, reason in found)
    if complaints or rulebook is None:
        raise RulebookError(complaints)
    return rulebook


def _read(name: str, written: str, complaints: list[Complaint]) -> Table | None:
    if not _FILE.fullmatch(name):
        complaints.append(Complaint(name, 1, "", "name it like its city, e.g. berlin.toml: small letters, digits, -"))
        return None
    try:
        return tomllib.loads(written, parse_float=Decimal)
    except RecursionError:
        complaints.append(Complaint(name, 1, "", "it is nested too deeply"))
    except tomllib.TOMLDecodeError as error:
        complaints.append(_unreadable(name, written, str(error)))
    except ValueError:  # what Python refuses to read
        complaints.append(Complaint(name, 1, "", "it holds a number or a time that is out of all bounds"))
    return None


def _unreadable(name: str, written: str, why: str) -> Complaint:
    found = _WHERE.search(why)
    last = max(1, len(written.splitlines()))
    line = int(found[1]) if found and found[1] else last if found else 1
    return Complaint(name, line, "", f"this is not TOML: {_WHERE.sub('', why).strip()}")


def _judged(written: Written) -> tuple[Rulebook | None, list[tuple[Place, str]]]:
    mended = mend(written.rulebook())
    by_type = [fault for fault in mended.faults if not written.told(fault.path)]
    by_rules = [fault for fault in faults(mended.rulebook) if not _follows(fault, mended)] if mended.rulebook else []
    found = [(written.place_of(fault.path), fault.reason) for fault in (*by_type, *by_rules)]
    return mended.rulebook, [*written.faults, *found]


def _follows(fault: Fault, mended: Mended) -> bool:
    """Whether a fault may be only because a value that was replaced stands there, beside it, or in the same list."""
    where = fault.path
    return any(where[: len(path)] == path for path in mended.replaced) or any(
        part in {where, where[:-1]} or (len(part) == _ITEM and where[:3] == part[:3] and _compares(where))
        for part in mended.doubtful
    )


def _compares(where: Path) -> bool:
    """Whether a fault is found by comparing the taxes, or the tariffs, of a city."""
    return "taxes" in where or len(where) == _ITEM


def _told(place: Place, reason: str, read: Mapping[str, Table], lines: Mapping[str, Mapping[Path, int]]) -> Complaint:
    known = lines[place.file]
    nearest = next((place.path[:n] for n in range(len(place.path), 0, -1) if place.path[:n] in known), ())
    return Complaint(place.file, known.get(nearest, 1), _words(place.path, read[place.file]), reason)


def _words(path: Path, table: object) -> str:
    """A path for people: what has an id is named by it."""
    words = ""
    for part in path:
        table = _part(table, part)
        own_id = table.get("id") if isinstance(part, int) and isinstance(table, dict) else None
        named = f".{own_id}" if isinstance(own_id, str) else f"[{part}]" if isinstance(part, int) else f".{part}"
        words += named
    return words.removeprefix(".")


def _part(table: object, part: str | int) -> object:
    if isinstance(table, dict):
        return table.get(part)
    return table[part] if isinstance(table, list) and isinstance(part, int) and part < len(table) else None
