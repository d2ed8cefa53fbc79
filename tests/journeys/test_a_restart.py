"""What was promised before the system stopped is kept after it starts again."""

import asyncio
import json
from datetime import timedelta

from domain.kernel.messages import Role
from tests.support.city import City
from tests.support.installation import Installation


async def test_a_reservation_whose_time_passes_while_the_system_is_down_expires_once_it_is_back(
    installation: Installation,
) -> None:
    async with installation.started() as city:
        member, other, car = await city.member(), await city.member(), await city.car()
        reservation = await city.reserve(car, member)
        await city.settled()
    installation.clock.let_pass(timedelta(minutes=16))

    async with installation.started() as city:
        await city.until(reservation, member, "expired")
        await city.settled()

        account = await city.get("/v1/members/me", member)
        assert (account["state"], account["reservation_id"]) == ("idle", None)
        assert await city.told("rental.reservation.expired") == [reservation.rpartition("/")[2]]
        assert (len(city.mails("reservation_expired")), len(city.mails("reservation_expires_soon"))) == (1, 0)
        await city.reserve(car, other)


async def test_an_expiry_that_was_dealt_with_is_not_dealt_with_again_by_a_second_start(
    installation: Installation,
) -> None:
    async with installation.started() as city:
        member, car = await city.member(), await city.car()
        reservation = await city.reserve(car, member)
        installation.clock.let_pass(timedelta(minutes=16))
        await city.until(reservation, member, "expired")
        await city.settled()
        before = await city.running.store.end()

    async with installation.started() as city:
        await city.settled()

        assert await city.told("rental.reservation.expired") == [reservation.rpartition("/")[2]]
        assert len(city.mails("reservation_expired")) == 1
        moved = [e.topic async for e in city.running.store.read(after=before)]
        assert [topic for topic in moved if topic.startswith("rental.")] == []


async def test_a_trip_goes_on_over_a_restart(installation: Installation) -> None:
    async with installation.started() as city:
        member, other, car = await city.member(), await city.member(), await city.car()
        trip = await city.start(car, member)
    installation.clock.let_pass(timedelta(minutes=9, seconds=30))

    async with installation.started() as city:
        await city.end(trip, member)

        [invoice] = (await city.get("/v1/invoices", member))["invoices"]
        assert (invoice["gross_minor"], invoice["state"]) == (10 * 34, "paid")
        await city.reserve(car, other)


async def test_an_event_stream_goes_on_over_a_restart_where_it_was(installation: Installation) -> None:
    async with installation.started() as city:
        member, car = await city.member(), await city.car()
        before = await city.running.store.end()
        reservation = await city.reserve(car, member)
        [placed] = await streamed(city, before, 1)

    async with installation.started() as city:
        (await city.post(f"{reservation}/cancel", None, member)).raise_for_status()
        [cancelled] = await streamed(city, int(placed["sequence"]), 1)

    assert placed["subject"] == cancelled["subject"] == reservation.rpartition("/")[2]
    types = [event["type"].rpartition(".")[2] for event in (placed, cancelled)]
    assert types == ["placed", "cancelled"]


async def streamed(city: City, after: int, count: int) -> list[dict[str, str]]:
    """The first reservations' events of the stream after a position."""
    headers, found = {**city.token(Role.AUDITOR), "Last-Event-ID": str(after)}, []
    stream = city.api.stream("GET", "/v1/events?type=csbe.rental.reservation.", headers=headers)
    async with asyncio.timeout(10), stream as answer:
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                found.append(json.loads(line.removeprefix("data: ")))
            if len(found) == count:
                break
    return found
