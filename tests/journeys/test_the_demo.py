"""`csbe demo`, unattended, with fixes that are off and declined cards: one summary, and logs that name nobody."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from dataclasses import dataclass
from typing import Any

import pytest

from adapters.embedded.broker import free_port
from tests.api.cli.terminal import Csbe, csbe

__all__ = ["csbe"]

FAULTS = {"gps-drift": 0.02, "card-declined": 0.4}
ABOUT_MEMBERS = ("@example.org", "Member 0", "B000000", "-05-17")
ABOUT_AGENTS = {
    *("two_persons_decide", "refund_is_accounted_for", "transfer_counts_once", "debit_is_asked_once"),
    *("balance_is_used_once", "damage_is_of_who_had_the_car"),
}
"""Laws of which a demo has no case: no agent decides or credits, nobody pays by bank or in advance, no damage."""


@dataclass(frozen=True)
class Demo:
    """How a demo ended, what it printed and what it logged."""

    code: int | None
    summary: dict[str, Any]
    logged: list[dict[str, Any]]
    text: str


@pytest.fixture
async def demo() -> Demo:
    """Fifteen seconds of the demo over embedded servers, and the trips under way finished."""
    faults = [word for name, share in FAULTS.items() for word in (f"--{name}", str(share))]
    arguments = ("demo", "--for", "15", "--members", "8", "--port", str(free_port()), "--json", *faults)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CSBE_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "api.cli", *arguments),
        env=environment | {"CSBE_LOG_LEVEL": "DEBUG"},
        stdout=PIPE,
        stderr=PIPE,
    )
    out, err = (printed.decode() for printed in await process.communicate())
    logged = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    return Demo(process.returncode, json.loads(out), logged, err)


async def test_the_demo_ends_with_one_summary_and_its_logs_name_commands_and_nobody(demo: Demo) -> None:
    trips, laws = demo.summary["trips"], demo.summary["invariants"]
    commands = [line for line in demo.logged if line["event"] == "command"]
    followed = [line for line in commands if "causation_id" in line]

    assert demo.code == 0
    assert trips["ended"] == demo.summary["invoices"] > 0
    assert not any(law["broken"] for law in laws.values())
    assert {name for name, law in laws.items() if not law["checked"]} == ABOUT_AGENTS
    assert demo.summary["money"]["EUR"]["open_minor"] == 0
    assert {"rental.start_trip", "fleet.observe_vehicle"} <= {line["command"] for line in commands}
    assert all(line["command_id"] and line["correlation_id"] for line in commands)
    assert followed
    assert [about for about in ABOUT_MEMBERS if about in demo.text] == []


async def test_a_demo_that_broke_an_invariant_fails(csbe: Csbe, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> bool:
        return False

    monkeypatch.setattr("api.demo.demo", broken)

    ended = await csbe("demo", "--for", "1", "--into-given-servers")

    assert (ended.code, "an invariant is broken" in ended.err) == (1, True)
