"""The live page's own behaviour, against canned answers; `test_live_page.py` shows it with the running system."""

import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser.canned_api import CODE, canned_api

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), canned_api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def open_page(browser: Chrome, address: str) -> None:
    browser.get("about:blank")
    browser.get(address)


def wait_for_text(browser: Chrome, selector: str, text: str) -> None:
    WebDriverWait(browser, 10).until(
        lambda b: any(text in found.text for found in b.find_elements("css selector", selector)),
        f"{text!r} in {selector}",
    )


def test_cars_events_and_figures_are_shown(browser: Chrome, address: str) -> None:
    open_page(browser, f"{address}#code={CODE}")

    wait_for_text(browser, "#legend [data-state=available]", "free 2")
    wait_for_text(browser, "#legend [data-state=in_trip]", "in a trip 1")
    wait_for_text(browser, "#events li", "csbe.rental.reservation.placed")
    wait_for_text(browser, "#figures [data-figure=gross_minor]", "12.34")


def test_the_code_is_gone_from_the_address_and_the_page_can_be_loaded_again(browser: Chrome, address: str) -> None:
    open_page(browser, f"{address}#code={CODE}")
    wait_for_text(browser, "#legend", "free 2")
    shown = browser.current_url

    browser.refresh()

    wait_for_text(browser, "#legend", "free 2")
    assert shown == address


def test_after_a_restore_the_page_forgets_what_it_has_shown_and_goes_on(browser: Chrome, address: str) -> None:
    open_page(browser, f"{address}#code={CODE}")

    wait_for_text(browser, "#events li", "csbe.rental.trip.ended")

    shown = [row.text for row in browser.find_elements("css selector", "#events li code")]
    assert set(shown) == {"csbe.rental.trip.ended"}


def test_what_comes_from_outside_is_shown_as_text_only(browser: Chrome, address: str) -> None:
    open_page(browser, f"{address}#code={CODE}")

    wait_for_text(browser, "#events code", "<script>alert(1)</script>")


def test_everything_comes_from_the_server_itself(browser: Chrome, address: str) -> None:
    open_page(browser, f"{address}#code={CODE}")
    wait_for_text(browser, "#legend", "free 2")

    loaded = browser.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")

    assert loaded
    assert all(name.startswith(address) for name in loaded)


def test_a_code_that_was_used_is_refused_and_a_token_asked_for(browser: Chrome, address: str) -> None:
    open_page(browser, f"{address}#code=wrong")

    wait_for_text(browser, "#connection", "the code was used")
    assert browser.find_element("id", "ask").is_displayed()
