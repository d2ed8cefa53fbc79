"""How long a new user waits for the first page of the demo with all its cars, from the command on."""

import json
import re
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import Request, urlopen

from adapters.embedded.broker import free_port

PATIENCE_S = 60
CARS = 640


def measure(_server_dsn: str) -> dict[str, float]:
    """`demo_first_page_s`, on its own server: all is installed, the database is new; the API shows every car."""
    port = free_port()
    started = time.perf_counter()
    command = [sys.executable, "-m", "api.cli", "demo", "--for", "1", "--port", str(port), "--members", "1", "--json"]
    with subprocess.Popen(  # noqa: S603 (our own command)
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        token = next(found[1] for line in process.stderr if (found := re.search(r"^export OPERATOR=(\S+)", line)))
        while not _shows_all_cars(f"http://127.0.0.1:{port}", token):
            if time.perf_counter() - started > PATIENCE_S or process.poll() is not None:
                raise RuntimeError("the demo did not come up")
            time.sleep(0.02)
        waited = time.perf_counter() - started
        process.stderr.read()
    return {"demo_first_page_s": round(waited, 1)}


def _shows_all_cars(address: str, token: str) -> bool:
    asked = Request(f"{address}/v1/vehicles?limit=1000", headers={"Authorization": f"Bearer {token}"})  # noqa: S310
    try:
        with urlopen(f"{address}/", timeout=1) as page, urlopen(asked, timeout=5) as cars:  # noqa: S310 (our own address)
            return bool(page.status == 200 and len(json.load(cars)["vehicles"]) == CARS)
    except (URLError, OSError):
        return False
