"""Who is served when more is asked than can be done."""

import asyncio

import pytest

from api.edge import admission
from api.edge.admission import Admission, OverloadedError, Urgency
from api.edge.shedding import Shedding, urgency_of
from tests.support.routes import application, asked
from tests.support.waiting import until


async def test_the_most_urgent_is_served_first_and_among_equals_who_came_first() -> None:
    doors, order = Admission(at_once=1, queue=10), []
    await doors.enter(Urgency.READING)

    async def visit(name: str, urgency: Urgency) -> None:
        async with doors.place(urgency):
            order.append(name)

    names = (
        ("report", Urgency.COSTLY),
        ("first", Urgency.READING),
        ("second", Urgency.READING),
        ("end", Urgency.ENDING),
    )
    visits = [asyncio.create_task(visit(name, urgency)) for name, urgency in names]
    await until(lambda: _is(len(doors) == len(visits)))
    doors.leave()
    await asyncio.gather(*visits)

    assert order == ["end", "first", "second", "report"]


async def test_who_finds_the_queue_full_is_sent_away_at_once_unless_it_is_more_urgent() -> None:
    doors = Admission(at_once=1, queue=2)
    await doors.enter(Urgency.READING)
    waiting = [asyncio.create_task(doors.enter(Urgency.COSTLY)) for _ in range(2)]
    await until(lambda: _is(len(doors) == 2))

    with pytest.raises(OverloadedError):
        await doors.enter(Urgency.COSTLY)
    urgent = asyncio.create_task(doors.enter(Urgency.ENDING))
    with pytest.raises(OverloadedError):
        await waiting[1]
    doors.leave()
    await urgent

    doors.leave()
    await waiting[0]


async def test_nobody_waits_for_longer_than_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "PATIENT_S", 0.05)
    doors = Admission(at_once=1, queue=10)
    await doors.enter(Urgency.READING)

    with pytest.raises(OverloadedError):
        await doors.enter(Urgency.ENDING)

    doors.leave()
    await doors.enter(Urgency.COSTLY)


async def test_a_place_is_lost_by_nobody_who_gives_up() -> None:
    doors = Admission(at_once=1, queue=10)
    for _ in range(50):
        await doors.enter(Urgency.READING)
        leaving = asyncio.create_task(doors.enter(Urgency.READING))
        staying = asyncio.create_task(doors.enter(Urgency.READING))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        doors.leave()
        leaving.cancel()
        await asyncio.wait([leaving])
        if not leaving.cancelled() and leaving.exception() is None:
            doors.leave()
        await staying
        doors.leave()

    assert len(doors) == 0
    await doors.enter(Urgency.READING)


def test_what_ends_a_trip_comes_before_what_only_looks() -> None:
    asked_for = [
        ("POST", "/v1/trips/1/end"),
        ("POST", "/v1/reservations/1/cancel"),
        ("POST", "/v1/trips"),
        ("GET", "/v1/vehicles"),
        ("POST", "/v1/quotes"),
        ("GET", "/v1/reports/utilisation"),
    ]

    urgencies = [urgency_of(*one) for one in asked_for]

    assert urgencies == sorted(urgencies)
    assert urgencies[1] < urgencies[2] < urgencies[3] < urgencies[4]


async def test_who_is_sent_away_is_told_when_to_come_again_and_health_is_answered() -> None:
    doors = Admission(at_once=1, queue=1)
    app = application()
    app.middleware_stack = Shedding(app.build_middleware_stack(), doors)
    await doors.enter(Urgency.READING)
    queued = asyncio.create_task(doors.enter(Urgency.READING))
    await until(lambda: _is(len(doors) == 1))

    async with asked(app) as api:
        refused, healthy = await api.get("/v1/vehicles"), await api.get("/healthz")
        doors.leave()
        await queued
        doors.leave()
        served = await api.get("/v1/vehicles")

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.json()["type"] == "urn:csbe:problem:overloaded"
    assert (healthy.status_code, served.status_code) == (200, 401)


async def _is(fact: bool) -> bool:
    return fact
