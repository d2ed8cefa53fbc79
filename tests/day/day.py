"""A day in the streets: cars with faults, members who drive them, and time that passes in minutes."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import TypeVar

from adapters.rulebooks import shipped_texts
from adapters.simulator.car import Car
from adapters.simulator.faults import composed
from adapters.simulator.faults.behaviour import AnswersForAnother
from adapters.simulator.vehicles import Faults
from domain.fleet.vehicle import Vehicle
from tests.day.judged import Counts, Judge
from tests.day.members import Member, Truth
from tests.day.plan import Plan
from tests.support.brokers import EmbeddedBroker
from tests.support.databases import empty_database, prepared
from tests.support.installation import Installation
from tests.support.places import BERLIN
from tests.support.street import Street
from tests.support.waiting import until

PATIENCE_S = 240.0
AT_ONCE = 16
"""So many members ask at the same time."""
REPORTS_EVERY = 5
"""A standing car says how it is each so many minutes."""
EVENING = 30
"""So many minutes nobody sets out any more, in which cars say their last words."""
LATEST = 4 * 60
"""By so many minutes after that everybody is home, whatever their cars did."""

T = TypeVar("T")
Say = Callable[[str], None]


async def live(plan: Plan, server_dsn: str, folder: Path, say: Say = lambda _: None) -> list[str]:
    """Live the whole day on a database of its own; what is wrong at its end, in sentences."""
    async with AsyncExitStack() as stack:
        dsn = await prepared(await stack.enter_async_context(empty_database(server_dsn, "day")))
        broker = EmbeddedBroker()
        await broker.start()
        stack.push_async_callback(broker.stop)
        place = replace(BERLIN, size=plan.cars)
        installation = Installation(dsn, broker, folder, place, Faults(), shipped_texts(), PATIENCE_S)
        street = await stack.enter_async_context(installation.walked())
        day = Day(street, plan, say)
        return await day.live()


class Day:
    """What happens, minute by minute."""

    def __init__(self, street: Street, plan: Plan, say: Say) -> None:
        self._street, self._city, self._plan, self._say = street, street.city, plan, say
        self._members: list[Member] = []

    async def live(self) -> list[str]:
        """All of it."""
        self._members = await _few_at_once(self._registered(number) for number in range(self._plan.cars))
        self._give_faults()
        before = await Counts.of(self._street)
        for minute in range(self._plan.minutes + EVENING):
            await self._pass(minute)
        for minute in range(LATEST):
            if not any(member.is_out for member in self._members):
                break
            await self._pass(minute)
        await self._street.settled()
        truths: list[Truth] = [truth for member in self._members for truth in member.truths]
        complaints = [complaint for member in self._members for complaint in member.complaints]
        judge = Judge(self._street, before, await Counts.of(self._street))
        return complaints + await judge.wrong(truths, self._say)

    async def _registered(self, number: int) -> Member:
        headers, seed = await self._city.member(), f"{self._plan.seed} {number}"
        return Member(self._street, self._city.cars[number], headers, self._plan.departures(number), seed)

    def _give_faults(self) -> None:
        given, cars = self._plan.faults(), self._city.cars
        for number, (car, names) in enumerate(zip(cars, given, strict=True)):
            car.faults = composed(names, Random(f"{self._plan.seed} {number}"))
            for fault in car.faults:
                if isinstance(fault, AnswersForAnother):
                    fault.other = cars[-1 - number % (self._plan.cars - sum(map(bool, given)))]

    async def _pass(self, minute: int) -> None:
        """All drive and speak; then members see what has become of their trips, do something, and see again."""
        self._street.clock.let_pass(timedelta(minutes=1))
        busy = [member for member in self._members if member.wants(minute)]
        due = [car for n, car in enumerate(self._city.cars) if n % REPORTS_EVERY == minute % REPORTS_EVERY]
        await self._street.fleet.step(60, [*due, *(member.car for member in busy)])
        if busy:
            await self._street.settled()
            await _few_at_once(member.look() for member in busy)
            asked = await _few_at_once(self._acted(member, minute) for member in busy)
            if any(asked):
                await self._calm([member.car for member in busy])
                await _few_at_once(member.look() for member in busy)
        else:
            await self._street.heard()
        if minute % 60 == 0:
            out = sum(member.is_out for member in self._members)
            self._say(f"{minute // 60:2} h: {self._street.fleet.published} messages, {out} trips under way")

    async def _acted(self, member: Member, minute: int) -> bool:
        return member.wants(minute) and await member.act()

    async def _calm(self, cars: Sequence[Car]) -> None:
        """Wait until each car has dealt with what it was told, and the backend with what it said of that."""

        async def nothing_open() -> bool:
            await self._street.settled()
            vehicles = await _few_at_once(self._city.running.store.load(Vehicle, car.vehicle_id) for car in cars)
            now = self._street.clock.now()
            waits = [str(key) for v in vehicles for key, asked in v.open_requests.items() if asked.expires_at > now]
            return self._street.fleet.dealt_with.issuperset(waits)

        await until(nothing_open, PATIENCE_S)
        await self._street.settled()


async def _few_at_once(works: Iterable[Awaitable[T]]) -> list[T]:
    room = asyncio.Semaphore(AT_ONCE)

    async def one(work: Awaitable[T]) -> T:
        async with room:
            return await work

    return await asyncio.gather(*(one(work) for work in works))
