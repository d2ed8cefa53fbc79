"""Simulated members: a run has keys of its own, whoever was here before it."""

import asyncio
from pathlib import Path

import httpx2
import pytest

from adapters.simulator.mailbox import Mailbox
from adapters.simulator.members import SimulatedMember, Tally, Town
from adapters.simulator.vehicles import Faults, SimulatedFleet


def town(api: httpx2.AsyncClient, folder: Path) -> Town:
    fleet = SimulatedFleet([], url="mqtt://nowhere", service="s")
    return Town(api, fleet, "token", Mailbox(folder), "s", "berlin", Faults(), Tally(), seed=1)


async def test_a_second_run_of_one_seed_repeats_no_key_of_the_first(tmp_path: Path) -> None:
    keys: list[str] = []

    async def refuse(request: httpx2.Request) -> httpx2.Response:
        keys.append(request.headers["Idempotency-Key"])
        return httpx2.Response(503)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(refuse), base_url="http://csbe") as api:
        for member in (SimulatedMember(1, town(api, tmp_path)), SimulatedMember(1, town(api, tmp_path))):
            with pytest.raises(httpx2.HTTPStatusError):
                await member.live(asyncio.Event())

    assert len(set(keys)) == len(keys) == 2


async def test_a_member_comes_again_under_the_same_key_when_there_was_too_much_to_do(tmp_path: Path) -> None:
    keys: list[str] = []

    async def have_no_room_at_first(request: httpx2.Request) -> httpx2.Response:
        keys.append(request.headers["Idempotency-Key"])
        return httpx2.Response(503, headers={"Retry-After": "0"}) if len(keys) < 3 else httpx2.Response(400)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(have_no_room_at_first), base_url="http://csbe") as api:
        with pytest.raises(httpx2.HTTPStatusError, match="400"):
            await SimulatedMember(1, town(api, tmp_path)).live(asyncio.Event())

    assert keys == [keys[0]] * 3
