"""The live page against the running system: the demo in a process of its own."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.support.wait import WebDriverWait

from adapters.embedded.broker import free_port

pytestmark = pytest.mark.browser
PATIENCE_S = 30


@dataclass
class Demo:
    """Where the page is, with a one-time code, and a token for each role: as the demo prints them."""

    page: str
    tokens: dict[str, str]


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    arguments = ["demo", "--for", "60", "--members", "8", "--port", str(free_port())]
    program = "from api.cli import app; app()"
    with subprocess.Popen(  # noqa: S603 (our own command)
        [sys.executable, "-c", program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        page = next(found[0] for line in process.stdout if (found := re.search(r"http://\S+#code=\S+", line)))
        told = takewhile(lambda line: "A member logs in" not in line, process.stdout)
        exported = [found for line in told if (found := re.match(r"export (\w+)=(\S+)", line))]
        yield Demo(page, {found[1].lower(): found[2] for found in exported})
        process.terminate()
        process.stdout.read()


def test_cars_events_and_figures_of_the_running_system_are_shown(browser: Chrome, demo: Demo) -> None:
    browser.get("about:blank")
    browser.get(demo.page)
    wait = WebDriverWait(browser, PATIENCE_S)

    wait.until(lambda b: b.find_element("id", "legend").get_attribute("data-cars") == "640")
    wait.until(lambda b: b.find_elements("css selector", "#events li span"))
    before = wait.until(figures)
    wait.until(lambda b: figures(b) not in ({}, before))


CARS = {"low_energy", "offline", "failed_starts", "unconfirmed_ends", "field_tasks"}


@pytest.mark.parametrize(
    ("role", "parts", "lists"),
    [
        ("operator", {"map", "figures", "events"}, CARS | {"failed_jobs"}),
        ("agent", {"map"}, CARS | {"reviews"}),
        ("auditor", {"figures", "events"}, {"reviews"}),
        ("analyst", {"figures"}, set()),
        ("partner", {"map"}, set()),
    ],
)
def test_each_role_is_shown_its_parts_and_nothing_is_asked_for_that_it_may_not_see(
    browser: Chrome, demo: Demo, role: str, parts: set[str], lists: set[str]
) -> None:
    home, wait = demo.page.partition("#")[0], WebDriverWait(browser, PATIENCE_S)
    browser.get(f"{home}style.css")  # where no script logs in again
    browser.execute_script("sessionStorage.clear()")
    browser.get(home)

    wait.until(lambda b: b.find_element("id", "ask").is_displayed())
    browser.find_element("id", "token").send_keys(demo.tokens[role], Keys.ENTER)
    wait.until(lambda b: b.find_element("id", "connection").text == "live")
    wait.until(lambda b: "?" not in b.find_element("id", "lists").text)

    shown = {id for id in ("map", "figures", "events") if browser.find_element("id", id).is_displayed()}
    listed = browser.execute_script(
        "return [...document.querySelectorAll('[data-list]')].map((list) => list.dataset.list)"
    )
    refused = browser.execute_script(
        "return performance.getEntriesByType('resource').filter((entry) => entry.responseStatus >= 400)"
    )
    assert (shown, set(listed), refused) == (parts, lists, [])


def figures(browser: Chrome) -> dict[str, str]:
    """The key figures by name."""
    script = """return JSON.stringify(Object.fromEntries([...document.querySelectorAll("#figures div")].map(
        (pair) => [pair.dataset.figure, pair.querySelector("dd").textContent])))"""
    found: dict[str, str] = json.loads(browser.execute_script(script))
    return found
