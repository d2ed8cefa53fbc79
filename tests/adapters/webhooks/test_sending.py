"""One attempt: only the status counts, whatever else a receiver says."""

import asyncio
import logging
from base64 import b64decode
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from standardwebhooks import Webhook as Oracle

from adapters.webhooks.delivery import MAX_BACKOFF, MAX_RETRY_AFTER, pause
from adapters.webhooks.sender import DRAINED_BYTES, Sender, retry_after_s
from adapters.webhooks.signature import signed_headers
from domain.webhooks.commands import RotateSecret
from tests.adapters.webhooks.outlets import Outlets, reached
from tests.support.receiver import Receiver, answers

NOON = datetime(2027, 1, 5, 12, tzinfo=UTC)
WORD = "what-the-receiver-said"
UNREACHABLE_HOSTS = ["a..b", ".a", "xn--é", "a" * 64 + ".example", "256.256.256.256"]


@given(key=some.binary(min_size=24, max_size=64), body=some.text(min_size=1))
def test_a_signature_is_the_one_that_the_official_library_makes(key: bytes, body: str) -> None:
    signed = signed_headers("id-1", NOON, body.encode(), [key])

    assert signed["webhook-signature"] == Oracle(key).sign("id-1", NOON, body)
    assert signed["webhook-timestamp"] == str(int(NOON.timestamp()))


async def test_while_a_secret_is_rotated_both_sign_and_after_the_overlap_the_new_one_alone(
    outlets: Outlets, receiver: Receiver
) -> None:
    id, old = await outlets.subscribe(receiver.url)
    new = await outlets.change(RotateSecret(webhook_id=id, overlap_h=1))
    assert new
    async with outlets.delivering():
        await reached(outlets, await outlets.strike(1))
        newest = await outlets.change(RotateSecret(webhook_id=id, overlap_h=0))
        assert newest
        await reached(outlets, await outlets.strike(1))

    both, alone = receiver.taken
    assert both.verified_by(old)
    assert both.verified_by(new)
    assert alone.verified_by(newest)
    assert len(alone.headers["webhook-signature"].split()) == 1
    assert len(b64decode(old.removeprefix("whsec_"))) == 32


async def test_a_huge_or_endless_answer_is_not_read_and_nothing_of_an_answer_is_kept(
    outlets: Outlets, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await outlets.subscribe(receiver.url)
    receiver.misdeed = answers(200, {"X-Said": WORD}, WORD * DRAINED_BYTES)
    async with outlets.delivering():
        await reached(outlets, await outlets.strike(1))
        receiver.misdeed = answers(500, {"X-Said": WORD, "Retry-After": WORD}, WORD)
        await outlets.strike(1)

        await outlets.hurry()
    tables = [await outlets.pool.fetch(f"select * from csbe.{name}") for name in ("webhooks", "followers")]  # noqa: S608

    assert WORD not in caplog.text + str(tables)


async def test_a_cookie_of_a_receiver_is_neither_kept_nor_sent(receiver: Receiver) -> None:
    receiver.misdeed = answers(200, {"Set-Cookie": "whose=acme; Max-Age=3600"})
    async with Sender(private=True) as sender:
        for _ in range(2):
            assert (await sender.send(receiver.url, b"{}", {})).status == 200

        assert len(sender._client.cookies.jar) == 0
    assert [received.headers.get("cookie") for received in receiver.seen] == [None, None]


async def test_an_answer_without_end_that_says_it_is_short_is_cut_off() -> None:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n")
        with suppress(ConnectionError):
            while True:
                writer.write(b"400\r\n" + bytes(1024) + b"\r\n")
                await writer.drain()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with Sender(private=True, seconds=2) as sender:
        answer = await sender.send(f"http://127.0.0.1:{port}/", b"{}", {})
    server.close()

    assert (answer.status, answer.error) == (200, None)


async def test_a_receiver_that_nobody_knows_is_an_answer_too() -> None:
    async with Sender(private=True) as sender:
        unknown = await sender.send("https://receiver.invalid/", b"{}", {})

    assert (unknown.status, unknown.error) == (None, "its name has no address")


@pytest.mark.parametrize("host", UNREACHABLE_HOSTS)
async def test_a_host_that_no_name_can_be_is_an_answer_too(host: str) -> None:
    async with Sender(private=True) as sender:
        answer = await sender.send(f"https://{host}/", b"{}", {})

    assert (answer.status, answer.error) == (None, "its URL cannot be reached")


async def test_a_host_with_a_label_that_cannot_be_decoded_is_looked_up_and_not_found() -> None:
    async with Sender(private=True) as sender:
        answer = await sender.send("https://xn--/", b"{}", {})

    assert (answer.status, answer.error) == (None, "its name has no address")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("Tue, 05 Jan 2027 12:01:00 GMT", 60),
        ("Tue, 05 Jan 2027 11:00:00 GMT", 0),
        ("9" * 40, 999_999_999),
        ("-5", None),
        ("soon", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2027 00:00:00 +99999999999999", None),
        (None, None),
    ],
)
def test_what_a_receiver_asks_for_in_retry_after_is_understood(value: str | None, seconds: float | None) -> None:
    assert retry_after_s(value, NOON) == seconds


@given(value=some.text(alphabet="0123456789 :,+-aAJnGMT\x00٣") | some.text())
def test_no_retry_after_is_more_than_a_number_of_seconds_or_none(value: str) -> None:
    found = retry_after_s(value, NOON)

    assert found is None or found >= 0


@given(attempts=some.integers(0, 10**6), asked=some.none() | some.floats(0, 1e9))
def test_the_pause_grows_with_the_failures_and_has_an_end(attempts: int, asked: float | None) -> None:
    found = pause(attempts, asked)

    assert timedelta() < found <= max(MAX_BACKOFF, MAX_RETRY_AFTER)
    assert found >= pause(max(0, attempts - 1), None)
    assert asked is None or found >= min(timedelta(seconds=asked), MAX_RETRY_AFTER)


async def test_a_webhook_waits_as_long_as_its_receiver_asks_for(outlets: Outlets, receiver: Receiver) -> None:
    id, _ = await outlets.subscribe(receiver.url)
    receiver.misdeed = answers(429, {"Retry-After": "1800"})
    async with outlets.delivering():
        await outlets.strike(1)
        while (state := await outlets.state(id)).attempts == 0:
            assert state.last_error is None

    assert state.failing_since
    assert timedelta(minutes=29) < state.next_attempt_at - state.failing_since < timedelta(minutes=31)
