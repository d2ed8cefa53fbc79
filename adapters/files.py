"""Files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal


@contextmanager
def written(
    file: Path, mode: Literal["w", "wb"] = "w", *, private: bool = False, **how: Any
) -> Iterator[IO[Any]]:  # of text or bytes, as the mode says; `how` is what `open` takes
    """A file to write, which takes its name when all is in it. What had the name before is replaced then.

    A private one is for nobody else on this machine to read.
    """
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)
    try:
        part.touch(mode=0o600 if private else 0o666)
        with part.open(mode, **how) as opened:
            yield opened
            opened.flush()
            os.fsync(opened.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
