"""Advisory locks are named in one place."""

import re
from collections.abc import Iterator
from pathlib import Path

from adapters.postgres.locks import Lock

ROOT = Path(__file__).parents[3]
_TAKEN = re.compile(r"advisory_\w*lock\w*\(([^,)]*)[^\n]*")


def taken(ending: str) -> Iterator[tuple[str, str]]:
    """Each place where a lock is taken or given back: its first argument, and the line from there on."""
    for package in ("domain", "projections", "adapters", "api"):
        for file in (ROOT / package).rglob(f"*.{ending}"):
            yield from ((match[1], match[0]) for match in _TAKEN.finditer(file.read_text("utf-8")))


def test_no_two_locks_are_the_same() -> None:
    assert len({int(lock) for lock in Lock.__members__.values()}) == len(Lock.__members__)


def test_sql_files_take_only_named_locks_and_name_them() -> None:
    found = list(taken("sql"))

    assert found
    assert [line for number, line in found if not line.endswith(f"); -- Lock.{Lock(int(number)).name}")] == []


def test_our_code_gives_a_lock_as_a_parameter() -> None:
    found = list(taken("py"))

    assert found
    assert {number for number, _ in found} == {"$1"}
