"""Keys that are made at their first use, by however many processes."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from stat import S_IMODE
from threading import Barrier
from uuid import uuid4

from api.key_files import made_once

AT_ONCE = 8


def test_who_makes_a_key_at_once_gets_the_same(tmp_path: Path) -> None:
    file, together = tmp_path / "new" / "key", Barrier(AT_ONCE)

    def make() -> str:
        together.wait()
        return str(uuid4())

    with ThreadPoolExecutor(AT_ONCE) as processes:
        found = set(processes.map(lambda _: made_once(file, make), range(AT_ONCE)))

    assert found == {file.read_text()}
    assert [one.name for one in file.parent.iterdir()] == ["key"]
    assert S_IMODE(file.stat().st_mode) == 0o600
