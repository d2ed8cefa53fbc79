"""Logs are JSON lines that say what broke and where, and quote nobody. A program of its own, as logs belong to one."""

import json
import subprocess
import sys
from typing import Any

import pytest

SECRET = "Ada Lovelace"
PROGRAM = """
import logging, structlog
from api.observability import configure_logs

def number_of(person):
    try:
        return int(person)
    except ValueError as error:
        raise RuntimeError(f"cannot read {person}") from error

configure_logs("INFO")
ours, library = structlog.get_logger("ours"), logging.getLogger("library")
"""
BREAKS = """
try:
    number_of("Ada Lovelace")
except RuntimeError:
    %s.exception("it broke")
"""
BOUND = """
with structlog.contextvars.bound_contextvars(command_id="1", correlation_id="2", causation_id="3"):
    ours.info("done")
    library.warning("slow")
    ours.debug("not at this level")
"""


def logged(program: str) -> list[dict[str, Any]]:
    ended = subprocess.run([sys.executable, "-c", PROGRAM + program], capture_output=True, text=True, check=True)  # noqa: S603 (our own)
    return [json.loads(line) for line in ended.stderr.splitlines()]


@pytest.mark.parametrize("logger", ["ours", "library"])
def test_an_error_is_logged_by_kind_and_place_without_its_text(logger: str) -> None:
    [line] = logged(BREAKS % logger)

    assert (line["event"], line["level"]) == ("it broke", "error")
    first, second = line["exception"].split("; after ")
    assert first.startswith("RuntimeError at ")
    assert second.startswith("ValueError at ")
    assert "number_of" in first
    assert SECRET not in str(line)


EXPORTER = """
exporter = logging.getLogger("opentelemetry.exporter.otlp.proto.http.trace_exporter")
for after_s in (0, 1, 2, 59, 61, 62):
    line = exporter.makeRecord(exporter.name, logging.WARNING, "", 1, "no %s", ("collector " * 50,), None)
    line.created += after_s
    exporter.handle(line)
library.warning("slow")
"""


def test_spans_that_cannot_be_sent_are_one_short_line_a_minute() -> None:
    first, second, library = logged(EXPORTER)

    assert first["event"].startswith("traces: no collector")
    assert len(first["event"]) <= 120
    assert second["event"] == first["event"]
    assert library["event"] == "slow"


def test_what_is_bound_stands_on_every_line_from_whomever_it_comes() -> None:
    lines = logged(BOUND)

    ids = {"command_id": "1", "correlation_id": "2", "causation_id": "3"}
    assert [line["event"] for line in lines] == ["done", "slow"]
    assert all(ids.items() <= line.items() for line in lines)
