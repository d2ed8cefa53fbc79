"""Keys that are made in the data directory at their first use."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def made_once(file: Path, make: Callable[[], str]) -> str:
    """What a file says that its owner alone can read; made where it is missing.

    Of processes that make it at once all get the same, and none reads half of it.
    """
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
        new.touch(mode=0o600)
        new.write_text(make())
        with suppress(FileExistsError):  # whole, of another process
            file.hardlink_to(new)
        new.unlink()
    return file.read_text()
