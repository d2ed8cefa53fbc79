"""Simulated members: a run has keys of its own, whoever was here before it."""

import asyncio
from pathlib import Path

import httpx2
import pytest

from adapters.simulator.mailbox import Mailbox
from adapters.simulator.members import SimulatedMember, Tally, Town
from adapters.simulator.vehicles import Faults, SimulatedFleet


async def test_a_second_run_of_one_seed_repeats_no_key_of_the_first(tmp_path: Path) -> None:
    keys: list[str] = []

    async def refuse(request: httpx2.Request) -> httpx2.Response:
        keys.append(request.headers["Idempotency-Key"])
        return httpx2.Response(503)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(refuse), base_url="http://csbe") as api:
        fleet, mail = SimulatedFleet([], url="mqtt://nowhere", service="s"), Mailbox(tmp_path)
        town = Town(api, fleet, "token", mail, "s", "berlin", Faults(), Tally(), seed=1)

        for member in (SimulatedMember(1, town), SimulatedMember(1, town)):
            with pytest.raises(httpx2.HTTPStatusError):
                await member.live(asyncio.Event())

    assert len(set(keys)) == len(keys) == 2
