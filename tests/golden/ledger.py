"""Every file that was ever recorded, by name and digest: lines are added, never changed or removed."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from tests.golden import beside, samples, schemas

FILE = Path(__file__).parent / "recorded.txt"
HEAD = "# Every file that was ever recorded. `python -m tests.golden` adds lines; none is ever changed or removed.\n"
GONE = "{line} is on record in tests/golden/recorded.txt, but the file is gone: take it from history."
CHANGED = "{line} was recorded otherwise: take the file from history. What is stored cannot be changed either."
UNLISTED = "{line} is not on record: run `python -m tests.golden`"


def complaints(listed: set[str], present: dict[str, str]) -> list[str]:
    """What differs between the ledger's lines and the files that are there, by name and digest."""
    recorded = dict(line.split(" ") for line in listed)
    gone = [GONE.format(line=name) for name in sorted(recorded.keys() - present.keys())]
    unlisted = [UNLISTED.format(line=name) for name in sorted(present.keys() - recorded.keys())]
    both = sorted(present.keys() & recorded.keys())
    return [*gone, *unlisted, *(CHANGED.format(line=name) for name in both if recorded[name] != present[name])]


def listed() -> set[str]:
    """The lines of the ledger."""
    lines = FILE.read_text("utf-8").splitlines() if FILE.exists() else []
    return {line for line in lines if not line.startswith("#")}


def present() -> dict[str, str]:
    """The files that are there. The digest of a schema is a dash: it may be described better later."""
    return dict(_files())


def add() -> None:
    """Take what is there and unknown into the ledger."""
    known = {line.split(" ")[0] for line in listed()}
    new = {f"{name} {digest}" for name, digest in present().items() if name not in known}
    FILE.write_text(HEAD + "".join(f"{line}\n" for line in sorted(listed() | new)), "utf-8")


def _files() -> Iterator[tuple[str, str]]:
    for folder in (samples.FOLDER, beside.FOLDER):
        for path in folder.glob("*.json"):
            yield f"{folder.name}/{path.name}", hashlib.sha256(path.read_bytes()).hexdigest()
    for path in schemas.FOLDER.glob("*.json"):
        yield f"{schemas.FOLDER.name}/{path.name}", "-"
