"""Whoever would be sent away for want of room is sent away before the application hears of the request."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from api.edge.admission import Admission, Urgency
from api.edge.shedding import FrontDoor
from tests.api.edge.raw import HEAD, Counter, answer_of, behind, connect, status, told

GET = b"GET /v1/take HTTP/1.1\r\n" + HEAD + b"\r\n"
POST = b"POST /v1/take HTTP/1.1\r\n" + HEAD + b"Content-Length: 4\r\n"


@pytest.fixture
def admission() -> Admission:
    """With room for one, and nobody may wait."""
    return Admission(at_once=1, queue=0)


@pytest.fixture
async def counter(admission: Admission) -> AsyncIterator[Counter]:
    """Behind the door, where somebody has taken the room."""
    await admission.enter(Urgency.READING)
    async with behind(FrontDoor(admission, https_only=True)) as counter:
        yield counter


async def test_the_answer_is_that_of_the_application(counter: Counter) -> None:
    reader, writer = await connect(counter.port)
    writer.write(GET + GET)
    answers = [await answer_of(reader) for _ in range(2)]
    writer.close()

    for head, body in answers:
        problem = json.loads(body)
        lines = dict(line.split(": ", 1) for line in head.decode().splitlines()[1:] if line)
        assert (status(head), problem["type"]) == (503, "urn:csbe:problem:overloaded")
        assert (lines["retry-after"], lines["content-type"]) == ("1", "application/problem+json")
        assert (lines["cache-control"], lines["x-content-type-options"]) == ("no-store", "nosniff")
        assert lines["strict-transport-security"]
        assert lines["x-request-id"] == problem["request_id"]
    assert answers[0][1] != answers[1][1]


async def test_the_connection_is_good_for_more_also_when_a_body_comes_later(
    counter: Counter, admission: Admission
) -> None:
    reader, writer = await connect(counter.port)
    writer.write(POST + b"\r\n")
    refused, _ = await answer_of(reader)
    writer.write(b"late")
    admission.leave()
    writer.write(POST + b"\r\nnext")
    served, _ = await answer_of(reader)
    writer.close()

    assert (status(refused), status(served)) == (503, 200)
    assert counter.bodies == [b"next"]


async def test_who_waits_for_leave_to_send_a_body_gets_none(counter: Counter) -> None:
    answer = await told(counter.port, POST + b"Expect: 100-continue\r\n\r\n")

    assert status(answer) == 503
    assert b"connection: close" in answer


@pytest.mark.parametrize(
    "asked",
    [
        GET.replace(b"/v1/take", b"/take"),
        GET.replace(HEAD, HEAD + b"Origin: https://map.example\r\n"),
        GET.replace(b"GET", b"HEAD"),
    ],
    ids=["not the API", "another origin", "without a body"],
)
async def test_what_only_the_application_can_answer_is_let_in(counter: Counter, asked: bytes) -> None:
    answer = await told(counter.port, asked.replace(HEAD, HEAD + b"Connection: close\r\n"))

    assert status(answer) == 200


async def test_what_is_more_urgent_than_somebody_who_waits_finds_the_door_open() -> None:
    admission = Admission(at_once=1, queue=1)
    await admission.enter(Urgency.READING)
    waiting = asyncio.create_task(admission.enter(Urgency.READING))
    await asyncio.sleep(0)

    assert [urgency for urgency in Urgency if admission.is_full_for(urgency)] == [Urgency.READING, Urgency.COSTLY]
    admission.leave()
    await waiting


def test_those_who_are_on_their_way_to_the_queue_take_its_places() -> None:
    door = FrontDoor(Admission(at_once=1, queue=1), https_only=False)
    request = {"method": "GET", "path": "/v1/vehicles", "headers": []}
    shut = []
    for _ in range(3):
        shut.append(door.is_shut_to(request))
        door.let_in()
    door.went_in()
    door.went_in()

    assert shut == [False, False, True]
    assert not door.is_shut_to(request)
