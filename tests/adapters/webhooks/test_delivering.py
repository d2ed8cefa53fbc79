"""Webhooks follow the log: in order, at least once, each by itself, whatever its receiver does."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from random import Random
from uuid import UUID, uuid4

import asyncpg
import pytest
from fastapi import Response
from structlog.testing import capture_logs

from adapters.postgres.webhooks import claims
from adapters.postgres.webhooks.claims import PER_OWNER
from adapters.webhooks.delivery import BATCH, SPAN
from adapters.webhooks.sender import DeliveryAnswer, Sender
from api.cloudevents import to_body
from domain.kernel.messages import RecordedEvent, Role
from domain.webhooks.commands import AllowPersonalData, Pause, Replay, SkipEvent, Subscribe, Unsubscribe
from domain.webhooks.subscription import EventFilter, WebhookState
from tests.adapters.webhooks.outlets import DAMAGED, Outlets, reached
from tests.support.receiver import Misdeed, Receiver, answers
from tests.support.waiting import until
from tests.support.webhooks import OTHER


async def has_failed(outlets: Outlets) -> None:
    async def so() -> bool:
        return [webhook.state for webhook in await outlets.webhooks.find()] == [WebhookState.FAILED]

    await until(so)


async def attempted(receiver: Receiver, times: int) -> None:
    async def so() -> bool:
        return len(receiver.seen) >= times

    await until(so)


async def failed(outlets: Outlets, id: UUID) -> None:
    async def so() -> bool:
        return (await outlets.state(id)).attempts > 0

    await until(so)


async def test_a_webhook_gets_what_is_recorded_from_its_subscription_on_signed_and_in_order(
    outlets: Outlets, receiver: Receiver
) -> None:
    await outlets.strike(3)
    id, secret = await outlets.subscribe(receiver.url)
    async with outlets.delivering():
        await reached(outlets, await outlets.strike(450))

    assert receiver.positions == outlets.struck[3:]
    assert all(received.verified_by(secret) for received in receiver.taken[:5])
    first = receiver.taken[0]
    assert first.headers["webhook-id"] == first.event["id"]
    assert first.headers["content-type"] == "application/cloudevents+json"
    assert outlets.figures.results == ["delivered"] * 450
    assert (await outlets.state(id)).last_status == 204


async def test_events_of_other_services_types_and_aggregates_are_passed_over(
    outlets: Outlets, receiver: Receiver
) -> None:
    await outlets.subscribe(receiver.url)
    await outlets.subscribe(receiver.url, ("csbe.test.other",))
    await outlets.subscribe(receiver.url, ())
    wanted = await outlets.strike(1)
    async with outlets.delivering():
        last = await outlets.strike(3, service="reachnow-usa")
        await reached(outlets, last, last, last)
        subject = receiver.taken[0].event["subject"]
        await outlets.subscribe(receiver.url, subject=subject)
        end = await outlets.strike(2)
        await reached(outlets, *[end] * 4)

    assert receiver.positions == [wanted, end - 1, end]


async def test_what_nobody_wants_is_passed_over_without_giving_way(
    outlets: Outlets, receiver: Receiver, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "GIVE_WAY", timedelta(days=1))
    await outlets.subscribe(receiver.url, ("csbe.test.gong.",))
    await outlets.subscribe(receiver.url, ("csbe.test.other",))
    first = await outlets.strike(1)
    await owner.execute(
        "insert into csbe.events (originator_id, originator_version, topic, state, metadata)"
        ' select gen_random_uuid(), 1, topic, state, \'{"service": "reachnow-usa"}\''
        " from csbe.events, generate_series(1, $1)",
        SPAN + 10,
    )
    last = await outlets.strike(BATCH + 1)
    async with outlets.delivering():
        await reached(outlets, last, last)

    assert receiver.positions == [first, *range(last - BATCH, last + 1)]


async def test_a_receiver_that_fails_is_tried_again_with_the_same_id(outlets: Outlets, receiver: Receiver) -> None:
    id, _ = await outlets.subscribe(receiver.url)
    receiver.misdeed = answers(500, body="our stack trace")
    last = await outlets.strike(2)
    async with outlets.delivering():
        await attempted(receiver, 2)
        failing = await outlets.state(id)
        receiver.misdeed = lambda: None
        await outlets.hurry()
        await reached(outlets, last)

    assert (failing.state, failing.last_status, failing.last_error) == ("active", 500, "answered 500")
    assert failing.attempts >= 1
    assert len({received.event["id"] for received in receiver.seen[:-1]}) == 1
    assert receiver.positions == [last - 1, last]
    mended = await outlets.state(id)
    assert (mended.attempts, mended.failing_since, mended.last_error) == (0, None, None)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(outlets: Outlets, receiver: Receiver, status: int) -> None:
    async with Receiver().listening() as elsewhere:
        id, _ = await outlets.subscribe(receiver.url)
        receiver.misdeed = answers(status, {"Location": elsewhere.url})
        await outlets.strike(1)
        async with outlets.delivering():
            await attempted(receiver, 2)

        assert elsewhere.seen == []
        assert (await outlets.state(id)).last_status == status


async def test_a_receiver_that_hangs_or_is_away_is_tried_again_and_holds_up_no_other(
    outlets: Outlets, receiver: Receiver
) -> None:
    async with Receiver(hanging=asyncio.Event()).listening() as slow:
        hanging, _ = await outlets.subscribe(slow.url)
        away, _ = await outlets.subscribe(Receiver().url)
        good, _ = await outlets.subscribe(receiver.url)
        async with outlets.delivering(patience_s=0.3):
            last = await outlets.strike(300)

            async def told() -> bool:
                return (await outlets.state(good)).position == last

            await until(told)
            await attempted(slow, 2)
            errors = [(await outlets.state(id)).last_error for id in (hanging, away)]
        assert slow.hanging
        slow.hanging.set()

    assert errors == ["timed out", "nobody listens there"]
    assert list(dict.fromkeys(receiver.positions)) == outlets.struck  # a busy machine may time out, too


async def test_a_receiver_that_fails_for_too_long_is_parked_until_it_is_resumed(
    outlets: Outlets, receiver: Receiver
) -> None:
    id, _ = await outlets.subscribe(receiver.url)
    receiver.misdeed = answers(503)
    await outlets.strike(3)
    async with outlets.delivering(park_after_s=0.5):
        await has_failed(outlets)
        tries = len(receiver.seen)
        receiver.misdeed = lambda: None
        await outlets.strike(1)
        assert (await outlets.state(id)).lag == 4
        await outlets.resume(id)
        await reached(outlets, await outlets.store.end())

    assert tries > 1
    assert receiver.positions == outlets.struck


async def test_a_receiver_that_is_gone_is_parked_at_once(outlets: Outlets, receiver: Receiver) -> None:
    await outlets.subscribe(receiver.url)
    receiver.misdeed = answers(410)
    await outlets.strike(1)
    async with outlets.delivering():
        await has_failed(outlets)

    assert len(receiver.seen) == 1


async def test_a_paused_webhook_loses_nothing_and_an_ended_one_gets_nothing(
    outlets: Outlets, receiver: Receiver
) -> None:
    id, _ = await outlets.subscribe(receiver.url)
    ended, _ = await outlets.subscribe(receiver.url)
    await outlets.change(Pause(webhook_id=id))
    await outlets.change(Unsubscribe(webhook_id=ended))
    async with outlets.delivering():
        await outlets.strike(2)
        assert (await outlets.state(id)).state is WebhookState.PAUSED
        await outlets.resume(id)
        await reached(outlets, await outlets.store.end())

    assert receiver.positions == outlets.struck
    assert await outlets.pool.fetchval("select count(*) from csbe.followers where name like 'webhook/%'") == 1


async def test_a_replay_sends_again_from_a_position_on_with_the_same_ids(outlets: Outlets, receiver: Receiver) -> None:
    id, _ = await outlets.subscribe(receiver.url)
    last = await outlets.strike(5)
    async with outlets.delivering():
        await reached(outlets, last)
        await outlets.change(Replay(webhook_id=id, from_position=last - 1, log_end=last))

        async def again() -> bool:
            return len(receiver.taken) == 7

        await until(again)

    assert receiver.positions == [*outlets.struck, last - 1, last]
    assert receiver.taken[-1].event == receiver.taken[4].event


async def test_a_replay_of_a_parked_webhook_waits_until_it_is_resumed(outlets: Outlets, receiver: Receiver) -> None:
    async with Receiver().listening() as gone:
        id, _ = await outlets.subscribe(gone.url)
        await outlets.subscribe(receiver.url)
        last = await outlets.strike(2)
        async with outlets.delivering():
            await reached(outlets, last, last)
            gone.misdeed = answers(410)
            last = await outlets.strike(1)
            await reached(outlets, last - 1, last)

            async def given_up() -> bool:
                return (await outlets.state(id)).state is WebhookState.FAILED

            await until(given_up)
            gone.misdeed = lambda: None
            await outlets.change(Replay(webhook_id=id, from_position=1, log_end=last))
            last = await outlets.strike(1)
            await reached(outlets, 0, last)
            waiting = await outlets.state(id)
            await outlets.resume(id)
            end = await outlets.store.end()
            await reached(outlets, end, end)

    assert waiting.state is WebhookState.FAILED
    assert gone.positions == [*outlets.struck[:2], *outlets.struck]


async def test_a_replay_while_an_event_is_being_sent_begins_where_it_was_asked_to(
    outlets: Outlets, receiver: Receiver
) -> None:
    id, _ = await outlets.subscribe(receiver.url)
    async with outlets.delivering():
        await reached(outlets, await outlets.strike(2))
        receiver.hanging = asyncio.Event()
        last = await outlets.strike(1)
        await attempted(receiver, 3)
        await outlets.change(Replay(webhook_id=id, from_position=1, log_end=last))
        receiver.hanging.set()
        await reached(outlets, await outlets.store.end())

    assert receiver.positions == outlets.struck * 2


async def test_what_is_allowed_or_no_longer_counts_from_the_next_event_on(outlets: Outlets, receiver: Receiver) -> None:
    asked: list[bool] = []

    def noting(recorded: RecordedEvent, role: Role, personal: bool) -> bytes:
        asked.append(personal)
        return to_body(recorded, role, personal)

    outlets.to_body = noting
    id, _ = await outlets.subscribe(receiver.url)
    await outlets.strike(3)
    receiver.hanging = asyncio.Event()
    async with outlets.delivering():
        await attempted(receiver, 1)
        await outlets.change(AllowPersonalData(webhook_id=id, allowed=True, reason="by contract"))
        receiver.hanging.set()
        await reached(outlets, await outlets.store.end())

    assert asked == [False, True, True]
    assert receiver.positions == outlets.struck


async def test_an_event_that_cannot_be_read_stops_its_webhook_alone_until_it_is_skipped(
    outlets: Outlets, receiver: Receiver
) -> None:
    id, _ = await outlets.subscribe(receiver.url)
    async with Receiver().listening() as other:
        wise, _ = await outlets.subscribe(other.url, ("csbe.test.other",))
        await outlets.strike(2)
        bad = await outlets.strike(1, state=DAMAGED)
        await outlets.strike(2)
        async with outlets.delivering():

            async def so() -> bool:
                return (await outlets.state(id)).failed_position is not None

            await until(so)
            stopped = await outlets.state(id)
            await outlets.change(SkipEvent(webhook_id=id, position=bad, stopped_at=bad, reason="a damaged disk"))
            end = await outlets.store.end()
            await reached(outlets, end, end)

    assert (stopped.state, stopped.failed_position) == ("failed", bad)
    assert "note" in str(stopped.last_error)
    assert receiver.positions == [position for position in outlets.struck if position != bad]
    assert (await outlets.state(wise)).state == "active"
    skipped = await outlets.pool.fetch("select follower, position, skipped_by from csbe.skipped_events")
    assert [tuple(row) for row in skipped] == [(f"webhook/{id}", bad, "acme")]


async def test_an_error_that_may_quote_an_event_is_told_by_its_kind_alone(outlets: Outlets, receiver: Receiver) -> None:
    def failing(_recorded: RecordedEvent, _role: Role, _personal: bool) -> bytes:
        raise ValueError("Ada Lovelace")

    outlets.to_body = failing
    id, _ = await outlets.subscribe(receiver.url)
    await outlets.strike(1)
    async with outlets.delivering():
        await has_failed(outlets)

    assert (await outlets.state(id)).last_error == "ValueError"
    assert receiver.seen == []


@pytest.mark.parametrize(
    ("url", "misdeed", "error"),
    [
        ("https://a..b/", None, "its URL cannot be reached"),
        (None, answers(503, {"Retry-After": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"}), "answered 503"),
    ],
)
async def test_a_receiver_that_nobody_foresaw_fails_alone(
    outlets: Outlets, receiver: Receiver, url: str | None, misdeed: Misdeed | None, error: str
) -> None:
    async with Receiver().listening() as strange:
        strange.misdeed = misdeed or strange.misdeed
        bad, _ = await outlets.subscribe(url or strange.url)
        await outlets.subscribe(receiver.url)
        await outlets.strike(1)
        async with outlets.delivering():
            await failed(outlets, bad)
            await outlets.strike(3)
            await attempted(receiver, 4)

    assert receiver.positions == outlets.struck
    assert (await outlets.state(bad)).last_error == error


async def test_a_fault_of_ours_is_a_failed_attempt_of_its_webhook_alone(
    outlets: Outlets, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = Sender.send

    async def faulty(self: Sender, url: str, body: bytes, headers: Mapping[str, str]) -> DeliveryAnswer:
        if url.endswith("/faulty"):
            raise ZeroDivisionError
        return await send(self, url, body, headers)

    monkeypatch.setattr(Sender, "send", faulty)
    bad, _ = await outlets.subscribe("https://receiver.example/faulty")
    await outlets.subscribe(receiver.url)
    await outlets.strike(1)
    with capture_logs() as logged:
        async with outlets.delivering():
            await failed(outlets, bad)
            await outlets.strike(3)
            await attempted(receiver, 4)

    assert receiver.positions == outlets.struck
    assert (await outlets.state(bad)).last_error == "ZeroDivisionError"
    fault = next(entry for entry in logged if entry["log_level"] == "error")
    assert (fault["webhook"], fault["exc_info"]) == (str(bad), True)


async def test_several_processes_deliver_each_event_once(outlets: Outlets, receiver: Receiver) -> None:
    await outlets.subscribe(receiver.url)
    async with AsyncExitStack() as processes:
        for _ in range(4):
            await processes.enter_async_context(outlets.delivering())
        for _ in range(20):
            last = await outlets.strike(25)
        await reached(outlets, last)

    assert receiver.positions == outlets.struck


async def test_what_a_lost_process_had_in_hand_is_sent_again_by_another_one(
    outlets: Outlets, receiver: Receiver
) -> None:
    await outlets.subscribe(receiver.url)
    last = await outlets.strike(1)
    receiver.hanging = asyncio.Event()
    lost = asyncio.create_task(deliver_for_ever(outlets))
    await attempted(receiver, 1)
    await outlets.pool.execute("update csbe.webhooks set claim = gen_random_uuid()")  # its process was killed just now
    receiver.hanging.set()
    async with outlets.delivering():
        assert (await outlets.webhooks.find())[0].position == last - 1
        await outlets.pool.execute("update csbe.webhooks set claimed_until = now()")
        await reached(outlets, last)
    lost.cancel()

    assert receiver.positions == [last, last]
    assert receiver.taken[0].event == receiver.taken[1].event


async def deliver_for_ever(outlets: Outlets) -> None:
    async with outlets.delivering():
        await asyncio.Event().wait()


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_receivers_do_each_gets_the_log_in_its_order_and_misses_nothing(
    outlets: Outlets, seed: int
) -> None:
    random = Random(seed)
    async with AsyncExitStack() as stack:
        receivers = [await stack.enter_async_context(Receiver().listening()) for _ in range(3)]
        for receiver in receivers:
            await outlets.subscribe(receiver.url)
            receiver.misdeed = lambda: random.choice(
                [None, None, None, Response(status_code=random.choice([404, 500]))]
            )
        await stack.enter_async_context(outlets.delivering())
        await stack.enter_async_context(outlets.delivering())
        last = 0
        for _ in range(5):
            last = await outlets.strike(random.randint(1, 5))

        async def all_there() -> bool:
            await outlets.hurry()
            return {webhook.position for webhook in await outlets.webhooks.find()} == {last}

        await until(all_there)

    for receiver in receivers:
        assert receiver.positions == outlets.struck
        assert [received.position for received in receiver.seen] == sorted(r.position for r in receiver.seen)


async def test_one_owner_whose_receivers_never_answer_holds_up_no_other(outlets: Outlets, receiver: Receiver) -> None:
    async with Receiver(hanging=asyncio.Event()).listening() as deaf:
        for _ in range(PER_OWNER * 15):
            await outlets.change(Subscribe(webhook_id=uuid4(), url=deaf.url, filter=EventFilter(types=("csbe.test.",))))
        theirs = Subscribe(webhook_id=uuid4(), url=receiver.url, filter=EventFilter(types=("csbe.test.",)))
        await outlets.change(theirs, OTHER)
        last = await outlets.strike(1)

        async with outlets.delivering(patience_s=60):
            await until(lambda: _has(receiver, last))

            assert len(deaf.seen) <= PER_OWNER
            assert deaf.hanging is not None
            deaf.hanging.set()


async def _has(receiver: Receiver, position: int) -> bool:
    return position in receiver.positions
