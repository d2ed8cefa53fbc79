"""A part that fails begins again, and takes nobody with it."""

import asyncio

import pytest

from api.composition import parts as keeping
from api.composition.checks import going_on
from api.composition.parts import Parts
from api.readiness import WELL, PartState


async def test_a_part_that_fails_begins_again_and_the_others_never_notice() -> None:
    parts, stop, recovered = Parts(), asyncio.Event(), asyncio.Event()
    begun = {"frail": 0, "sound": 0}

    async def frail(stop: asyncio.Event) -> None:
        begun["frail"] += 1
        if begun["frail"] < 3:
            raise ArithmeticError
        recovered.set()
        await stop.wait()

    async def sound(stop: asyncio.Event) -> None:
        begun["sound"] += 1
        await stop.wait()

    going = asyncio.gather(parts.keep("frail", frail, stop), parts.keep("sound", sound, stop))
    async with asyncio.timeout(20):
        await recovered.wait()
        troubled = parts.troubled()
        stop.set()
        await going

    assert begun == {"frail": 3, "sound": 1}
    assert troubled == ["frail"]


async def test_a_part_is_well_again_once_it_has_gone_on_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    parts, stop = Parts(), asyncio.Event()

    async def failing_once(stop: asyncio.Event) -> None:
        stop.set()
        raise ArithmeticError

    looks = going_on(parts)
    assert await looks() == WELL
    await parts.keep("frail", failing_once, stop)
    found = await looks()
    assert found
    assert (found.state, found.why) == (PartState.DEGRADED, "failed just now and begin again: frail")
    monkeypatch.setattr(keeping, "STEADY_S", 0)
    assert await looks() == WELL
