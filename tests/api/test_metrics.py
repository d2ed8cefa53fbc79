"""What Prometheus reads after a trip: every stage on its way has counted."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg
import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.followers.follower import FollowerStatus
from adapters.postgres.jobs.queue import JobQueue
from adapters.postgres.webhooks.subscriptions import PostgresWebhooks
from api.composition.checks import stock_taker
from domain.fleet.commands import PutIntoService
from domain.kernel.errors import NotFoundError
from domain.kernel.ids import ReservationId, VehicleId
from domain.rental.commands import ExpireReservation
from tests.support.city import City


async def measured(city: City) -> dict[str, float]:
    """Each sample by its name and labels."""
    text = (await city.api.get("/metrics")).text
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {" ".join((s.name, *(f"{k}={v}" for k, v in sorted(s.labels.items())))): s.value for s in samples}


async def test_a_trip_is_seen_in_the_figures_of_every_stage(city: City) -> None:
    before, events_before = await measured(city), await city.running.store.end()
    member, car = await city.member(), await city.car()

    await city.start(car, member)
    await city.settled()

    after, events = await measured(city), await city.running.store.end() - events_before
    grown = {name: value - before.get(name, 0) for name, value in after.items()}
    assert grown["csbe_append_batch_events_sum"] >= events > 0
    assert grown["csbe_append_seconds_count"] == grown["csbe_command_seconds_count"] > 0
    assert grown["csbe_append_seconds_sum"] > 0
    assert grown["csbe_commands_total command=rental.start_trip result=done"] == 1
    assert grown["csbe_ingest_messages_total channel=responses result=reported"] == 1
    assert grown["csbe_ingest_batch_messages_count"] >= 1
    assert after["csbe_ingest_connected"] == 1
    assert after["csbe_ingest_lag_seconds"] >= 0
    assert {n: v for n, v in after.items() if n.startswith("csbe_projection_lag") and v} == {}
    assert (after["csbe_policy_jobs_due"], after["csbe_policy_jobs_late_seconds"]) == (0, 0)


async def test_a_command_is_counted_by_what_came_of_it(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    def of(command: str) -> dict[str, float]:
        prefix = f"csbe_commands_total command={command} result="
        return {
            name.removeprefix(prefix): n - before.get(name, 0)
            for name, n in after.items()
            if prefix in name and n != before.get(name, 0)
        }

    async def fall_over(*_: object, **__: object) -> int:
        raise RuntimeError("a fault of ours")

    before = await measured(city)
    member = await city.member()
    reservation = await city.reserve(await city.car(), member)
    (await city.post(f"{reservation}/cancel", None, member)).raise_for_status()
    late = ExpireReservation(reservation_id=ReservationId(UUID(reservation.rpartition("/")[2])))

    await city.give(late)
    with pytest.raises(NotFoundError):
        await city.give(PutIntoService(vehicle_id=VehicleId(uuid4())))
    monkeypatch.setattr(city.running.store, "append", fall_over)
    with pytest.raises(RuntimeError):
        await city.give(late)

    after = await measured(city)
    assert of("rental.expire_reservation") == {"nothing_to_do": 1, "failed": 1}
    assert of("fleet.put_into_service")["refused"] == 1


@dataclass
class Shown:
    """A projection, of which one generation after the other is shown."""

    name: str

    async def status(self) -> FollowerStatus:
        return FollowerStatus(self.name, position=1, lag=7, failed_position=None, error=None)


async def test_what_is_not_followed_any_more_has_no_lag(pool: asyncpg.Pool, store: PostgresEventStore) -> None:
    projection = Shown("projection/test/1")
    take_stock = stock_taker(pool, (projection,), JobQueue(pool), PostgresWebhooks(pool, store))
    await take_stock()

    projection.name = "projection/test/2"
    await take_stock()

    names = ("projection/test/1", projection.name)
    lags = [REGISTRY.get_sample_value("csbe_projection_lag_positions", {"follower": name}) for name in names]
    assert lags == [None, 7]
