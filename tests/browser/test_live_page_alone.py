"""The live page's own behaviour, against canned answers; `test_live_page.py` shows it with the running system."""

import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer

import pytest
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser.canned_api import CODE, canned_api

pytestmark = pytest.mark.browser
GRAVE = {"serious", "critical"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), canned_api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def open_page(browser: Chrome, address: str) -> None:
    browser.get("about:blank")
    browser.get(address)


def shown(browser: Chrome, selector: str) -> list[str]:
    """The texts that can be seen, all of one moment."""
    script = """return [...document.querySelectorAll(arguments[0])].filter((found) => found.checkVisibility())
        .map((found) => found.innerText.trim())"""
    found: list[str] = browser.execute_script(script, selector)
    return found


def wait_for_text(browser: Chrome, selector: str, text: str) -> None:
    WebDriverWait(browser, 10).until(
        lambda b: any(text in found for found in shown(b, selector)),
        f"{text!r} in {selector}",
    )


def open_at(browser: Chrome, address: str, place: str = "", awaited: str = "free 3") -> None:
    """The page, logged in, with its cars on the map."""
    open_page(browser, f"{address}#code={CODE}{place}")
    wait_for_text(browser, "#legend", awaited)


def press(browser: Chrome, *keys: str) -> None:
    ActionChains(browser).send_keys(*keys).perform()


def test_cars_zones_events_and_figures_are_shown(browser: Chrome, address: str) -> None:
    open_at(browser, address)

    wait_for_text(browser, "#legend [data-state=in_trip]", "in a trip 1")
    wait_for_text(browser, "#legend [data-state=zone-home_area]", "home area 1")
    wait_for_text(browser, "#events li", "Reservation placed")
    wait_for_text(browser, "#figures", "12.34 + ")


def test_only_the_chosen_city_is_shown_and_it_stands_in_the_address(browser: Chrome, address: str) -> None:
    open_at(browser, address)

    Select(browser.find_element("id", "city")).select_by_value("munich")

    wait_for_text(browser, "#legend", "free 1")
    assert shown(browser, "#legend [data-state=zone-home_area]") == []
    assert browser.current_url.endswith("#city=munich")


def test_a_car_is_found_by_its_vin_closed_by_escape_and_opened_again_by_its_address(
    browser: Chrome, address: str
) -> None:
    open_at(browser, address)

    browser.find_element("id", "wanted").send_keys("WBA2", Keys.ENTER)
    wait_for_text(browser, "#car h2", "B-B 2")
    link, [told] = browser.current_url, shown(browser, "#car")
    press(browser, Keys.ESCAPE)
    closed = shown(browser, "#car")
    browser.get(link)

    wait_for_text(browser, "#car h2", "B-B 2")
    assert "running, asked for" in told
    assert "Car taken out of service: a flat tyre" in told
    assert closed == []


def test_a_car_that_there_is_not_is_said_so(browser: Chrome, address: str) -> None:
    open_at(browser, address, "&car=nobody")

    wait_for_text(browser, "#car", "there is no such thing")


def test_each_list_has_a_count_and_leads_to_its_car_by_keys_alone(browser: Chrome, address: str) -> None:
    open_at(browser, address)
    wait_for_text(browser, "[data-list=reviews]", "Reviews 1")
    counts = shown(browser, "#lists summary")

    browser.find_element("css selector", "[data-list=low_energy] summary").send_keys(Keys.ENTER, Keys.ARROW_DOWN)
    press(browser, Keys.ENTER)
    wait_for_text(browser, "#car h2", "B-A 1")
    press(browser, Keys.ESCAPE)
    browser.find_element("css selector", "[data-list=reviews] summary").send_keys(Keys.ENTER)
    browser.find_element("css selector", "[data-list=reviews] button").send_keys(Keys.ENTER)

    wait_for_text(browser, "#car h2", "B-B 2")
    assert counts == [
        "Low energy 1",
        "Offline 1",
        "Failed starts, 24 h 0",
        "Ends not confirmed 0",
        "Failed jobs 2",
        "Reviews 1",
        "Field tasks 1",
    ]


def test_a_failed_job_leads_to_its_car_and_says_how_it_is_tried_again(browser: Chrome, address: str) -> None:
    open_at(browser, address)
    wait_for_text(browser, "[data-list=failed_jobs]", "Failed jobs 2")

    browser.find_element("css selector", "[data-list=failed_jobs] summary").send_keys(Keys.ENTER, Keys.ARROW_DOWN)
    rows = shown(browser, "[data-list=failed_jobs] li")
    commands = shown(browser, "[data-list=failed_jobs] code")
    press(browser, Keys.ENTER)

    wait_for_text(browser, "#car h2", "M-D 4")
    assert "tell vehicle: no answer" in rows[0]
    assert "send message: no address" in rows[1]
    assert commands == [f'csbe jobs retry {job} --reason "…"' for job in ("j1", "j2")]


def test_each_car_of_the_map_is_reached_by_keys_alone(browser: Chrome, address: str) -> None:
    open_at(browser, address)
    wait_for_text(browser, "#cars summary", "Cars as a list 4")

    browser.find_element("css selector", "#cars summary").send_keys(Keys.ENTER)
    wait_for_text(browser, "#cars li:last-child", " ")
    rows = shown(browser, "#cars li")
    press(browser, Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_UP, Keys.ENTER)
    wait_for_text(browser, "#car h2", "B-A 1")
    press(browser, Keys.ESCAPE, Keys.ARROW_DOWN, Keys.ENTER)

    wait_for_text(browser, "#car h2", "B-B 2")
    assert rows[0].startswith("<b>C</b>")
    assert rows[0].endswith("free, 80 %, no known place")
    assert len(rows) == 4


def test_the_list_of_cars_has_those_of_the_chosen_city(browser: Chrome, address: str) -> None:
    open_at(browser, address)
    browser.find_element("css selector", "#cars summary").send_keys(Keys.ENTER)

    Select(browser.find_element("id", "city")).select_by_value("munich")

    wait_for_text(browser, "#cars summary", "Cars as a list 1")
    assert [row.split()[0] for row in shown(browser, "#cars li")] == ["M-D"]


def test_events_are_filtered_by_kind_and_searched(browser: Chrome, address: str) -> None:
    open_at(browser, address)
    wait_for_text(browser, "#events li", "Energy is low")
    wait_for_text(browser, "#events button", "B-B 2")
    browser.find_element("id", "pause").click()

    Select(browser.find_element("id", "kind")).select_by_value("fleet")
    of_cars = shown(browser, "#events li span")
    browser.find_element("id", "words").send_keys("b-b 2")
    neither = shown(browser, "#events li span")
    Select(browser.find_element("id", "kind")).select_by_value("")

    assert set(of_cars) == {"Energy is low"}
    assert neither == []
    assert set(shown(browser, "#events li button")) == {"B-B 2"}


def test_what_happens_during_a_pause_is_shown_after_it(browser: Chrome, address: str) -> None:
    open_at(browser, address)
    wait_for_text(browser, "#events li", "Energy is low")

    browser.find_element("id", "pause").click()
    wait_for_text(browser, "#pause", "Go on (1)")
    during = shown(browser, "#events li span")
    browser.find_element("id", "pause").click()

    wait_for_text(browser, "#events li", "Trip ended")
    assert "Trip ended" not in during


@pytest.mark.parametrize("width", [1400, 390])
def test_the_page_has_no_serious_fault_for_people_with_disabilities(
    browser: Chrome, address: str, axe: str, width: int
) -> None:
    screen = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    open_at(browser, address, "&car=a")
    wait_for_text(browser, "#car h2", "B-A 1")
    browser.execute_script("document.querySelectorAll('details').forEach((list) => { list.open = true; })")

    browser.execute_script(axe)
    found = browser.execute_async_script("axe.run().then(arguments[0])")
    overflow = browser.execute_script("return document.documentElement.scrollWidth > innerWidth")
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    grave = [(fault["id"], fault["nodes"][0]["html"]) for fault in found["violations"] if fault["impact"] in GRAVE]
    assert grave == []
    assert not overflow


def test_the_code_is_gone_from_the_address_and_the_page_can_be_loaded_again(browser: Chrome, address: str) -> None:
    open_page(browser, f"{address}#code={CODE}")
    wait_for_text(browser, "#legend", "free 3")
    seen = browser.current_url

    browser.refresh()

    wait_for_text(browser, "#legend", "free 3")
    assert seen == address


def test_after_a_restore_the_page_forgets_what_it_has_shown_and_goes_on(browser: Chrome, address: str) -> None:
    open_page(browser, f"{address}#code={CODE}")

    wait_for_text(browser, "#events li", "Trip ended")

    assert set(shown(browser, "#events li span")) == {"Trip ended"}


def test_what_comes_from_outside_is_shown_as_text_only(browser: Chrome, address: str) -> None:
    open_page(browser, f"{address}#code={CODE}")

    wait_for_text(browser, "#events span", "<script>alert(1)</script>")


def test_everything_comes_from_the_server_itself(browser: Chrome, address: str) -> None:
    open_page(browser, f"{address}#code={CODE}")
    wait_for_text(browser, "#legend", "free 3")

    loaded = browser.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")

    assert loaded
    assert all(name.startswith(address) for name in loaded)


def test_a_code_that_was_used_is_refused_and_a_token_asked_for(browser: Chrome, address: str) -> None:
    open_page(browser, f"{address}#code=wrong")

    wait_for_text(browser, "#connection", "the code was used")
    assert browser.find_element("id", "ask").is_displayed()
