"""The live page against the running system: the demo in a process of its own."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.support.wait import WebDriverWait

from adapters.embedded.broker import free_port

pytestmark = pytest.mark.browser
PATIENCE_S = 30


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The page's address with a one-time code, as the demo prints it."""
    arguments = ["demo", "--for", "60", "--members", "8", "--port", str(free_port())]
    program = "from api.cli import app; app()"
    with subprocess.Popen(  # noqa: S603 (our own command)
        [sys.executable, "-c", program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        yield next(found[0] for line in process.stdout if (found := re.search(r"http://\S+#code=\S+", line)))
        process.terminate()
        process.stdout.read()


def test_cars_events_and_figures_of_the_running_system_are_shown(browser: Chrome, address: str) -> None:
    browser.get("about:blank")
    browser.get(address)
    wait = WebDriverWait(browser, PATIENCE_S)

    wait.until(lambda b: b.find_element("id", "legend").get_attribute("data-cars") == "640")
    wait.until(lambda b: b.find_elements("css selector", "#events li code"))
    before = wait.until(figures)
    wait.until(lambda b: figures(b) not in ({}, before))


def figures(browser: Chrome) -> dict[str, str]:
    """The key figures by name."""
    script = """return JSON.stringify(Object.fromEntries([...document.querySelectorAll("#figures div")].map(
        (pair) => [pair.dataset.figure, pair.querySelector("dd").textContent])))"""
    found: dict[str, str] = json.loads(browser.execute_script(script))
    return found
