"""A request that is not whole, or that two readers would understand differently, is never carried out."""

import asyncio
import json

import pytest

from tests.api.edge.raw import HEAD, connect, counting, given_up, status, told

POST = b"POST /take HTTP/1.1\r\n" + HEAD
INCOMPLETE = {
    "no body": POST + b"Content-Length: 64\r\n\r\n",
    "part of a body": POST + b"Content-Length: 64\r\n\r\n" + b"x" * 63,
    "no chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n",
    "no last chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    "half a last chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
    "half a chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
    "half a head": POST + b"Content-Le",
    "a GET with half a body": b"GET /take HTTP/1.1\r\n" + HEAD + b"Content-Length: 9\r\n\r\nabc",
    "a DELETE without its body": b"DELETE /take HTTP/1.1\r\n" + HEAD + b"Content-Length: 1\r\n\r\n",
    "waiting to be told to go on": POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
}


@pytest.mark.parametrize("raw", INCOMPLETE.values(), ids=INCOMPLETE.keys())
async def test_an_incomplete_request_is_no_request(raw: bytes) -> None:
    async with counting() as server:
        await given_up(server.port, raw)
        half_closed = await told(server.port, raw, half_close=True)
        whole = await told(server.port, POST + b"Content-Length: 3\r\nConnection: close\r\n\r\nabc")

        assert half_closed.replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"") == b""
        assert status(whole) == 200
    assert server.bodies == [b"abc"]


async def test_whoever_closes_its_half_after_a_whole_request_is_answered() -> None:
    async with counting() as server:
        answer = await told(server.port, POST + b"Content-Length: 3\r\n\r\nabc", half_close=True)

    assert (status(answer), server.bodies) == (200, [b"abc"])


AMBIGUOUS = {
    "both lengths": (POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "both the other way": (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
    "two lengths": (POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
    "one length twice": (POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
    "a list of lengths": (POST + b"Content-Length: 3, 3\r\n\r\nabc", 400),
    "a signed length": (POST + b"Content-Length: +3\r\n\r\nabc", 400),
    "a negative length": (POST + b"Content-Length: -3\r\n\r\nabc", 400),
    "a hexadecimal length": (POST + b"Content-Length: 0x3\r\n\r\nabc", 400),
    "a blank before the colon": (POST + b"Content-Length : 3\r\n\r\nabc", 400),
    "chunked is not the last coding": (POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400),
    "an unknown coding": (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
    "identity": (POST + b"Transfer-Encoding: identity\r\n\r\nabc", 400),
    "compressed": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 501),
    "chunked twice": (POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "a folded header": (POST + b"X-A: a\r\n Content-Length: 3\r\n\r\nabc", 400),
    "bare line feeds": (b"POST /take HTTP/1.1\nHost: a\nContent-Length: 3\n\nabc", 400),
    "a chunk of no size": (POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n", 400),
    "a chunk that is too long": (POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcX0\r\n\r\n", 400),
    "no HTTP": (b"hello\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
}


@pytest.mark.parametrize(("raw", "expected"), AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
async def test_what_two_readers_understand_differently_is_refused(raw: bytes, expected: int) -> None:
    async with counting() as server:
        answer = await told(server.port, raw.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1), half_close=True)

    assert (status(answer), server.bodies) == (expected, [])


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"hello\r\n\r\n", 400),
        (b"GET /take HTTP/1.1\r\n" + HEAD + b"X-A: b\r\n" * 101 + b"\r\n", 431),
        (b"GET /take HTTP/1.1\r\nX-A: " + b"b" * 40_000 + b"\r\n\r\n", 431),
        (POST + b"Content-Length: 3\r\n\r\n", 408),
    ],
    ids=["no HTTP", "many headers", "one long header", "a body that does not come"],
)
async def test_what_no_route_hears_of_is_answered_as_every_error_is(raw: bytes, expected: int) -> None:
    async with counting(body_seconds=0.3, https_only=True) as server:
        answer = await told(server.port, raw)

    head, body = answer.decode().split("\r\n\r\n", 1)
    headers = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:])
    problem = json.loads(body)
    assert (status(answer), problem["status"], problem["type"]) == (expected, expected, "urn:csbe:problem:http")
    assert (headers["content-type"], headers["connection"]) == ("application/problem+json", "close")
    assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
    assert headers["x-request-id"] == problem["request_id"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["strict-transport-security"]


async def test_a_body_of_any_method_is_bounded() -> None:
    async with counting() as server:
        for method in (b"GET", b"POST", b"DELETE"):
            head = method + b" /take HTTP/1.1\r\n" + HEAD + b"Connection: close\r\nContent-Length: 70000\r\n\r\n"
            assert status(await told(server.port, head + b"x" * 70_000)) == 413

    assert server.bodies == []


async def test_requests_in_a_row_are_answered_in_their_order() -> None:
    async with counting() as server:
        sent = b"".join(POST + b"Content-Length: %d\r\n\r\n" % n + b"x" * n for n in (1, 2, 3))
        last = b"GET /take HTTP/1.1\r\nConnection: close\r\n" + HEAD + b"\r\n"
        answer = await told(server.port, sent + last)

    assert answer.count(b"HTTP/1.1 200 OK") == 4
    assert [len(body) for body in server.bodies] == [1, 2, 3, 0]


async def test_whoever_goes_on_sending_what_was_refused_is_told_all_the_same() -> None:
    async with counting() as server:
        reader, writer = await connect(server.port)
        writer.write(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(200):
            writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
            await writer.drain()
            await asyncio.sleep(0)
        writer.write(b"0\r\n\r\n" + POST + b"Content-Length: 3\r\nConnection: close\r\n\r\nabc")
        answers = await reader.read()
        writer.close()

    assert [int(answer[:3]) for answer in answers.split(b"HTTP/1.1 ")[1:]] == [413, 200]
    assert server.bodies == [b"abc"]
