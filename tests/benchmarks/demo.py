"""How long a new user waits for the first page of the demo, from the command to the answer."""

import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

from adapters.broker import free_port

PATIENCE_S = 60


def measure() -> dict[str, float]:
    """`demo_first_page_s`: the environment is installed, the database is new, the 640 cars are on the map."""
    port = free_port()
    started = time.perf_counter()
    command = [sys.executable, "-m", "api.cli", "demo", "--for", "1", "--port", str(port), "--members", "1", "--json"]
    with subprocess.Popen(  # noqa: S603 (our own command)
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while not _answers(f"http://127.0.0.1:{port}/"):
            if time.perf_counter() - started > PATIENCE_S or process.poll() is not None:
                raise RuntimeError("the demo did not come up")
            time.sleep(0.02)
        waited = time.perf_counter() - started
    return {"demo_first_page_s": round(waited, 1)}


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=1) as answer:  # noqa: S310 (our own address)
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
