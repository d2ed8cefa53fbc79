"""A headless Chromium, as Debian packages it, and axe-core, which looks for what keeps people out of a page."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

AXE = Path(__file__).parent / "axe"
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1400,800")


@pytest.fixture(scope="session")
def browser() -> Iterator[webdriver.Chrome]:
    """The browser, with its console kept. Missing, it is skipped on a desk and an error on CI."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        message = "Debian's packages chromium and chromium-driver are missing"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in FLAGS:
        options.add_argument(flag)
    opened = webdriver.Chrome(options=options, service=Service(driver))
    yield opened
    opened.quit()


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core, installed once; skipped on a desk without npm."""
    npm, home = shutil.which("npm"), Path(__file__).parents[2] / "build" / "axe"
    if npm is None:
        if os.environ.get("CI") == "true":
            pytest.fail("npm is missing")
        pytest.skip("npm is missing")
    lock = home / "package-lock.json"
    script = home / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists() or lock.read_bytes() != (AXE / "package-lock.json").read_bytes():
        shutil.copytree(AXE, home, dirs_exist_ok=True)
        subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=home, check=True)  # noqa: S603 (ours)
    return script.read_text("utf-8")
