"""What Prometheus reads after a trip: every stage on its way has counted."""

from prometheus_client.parser import text_string_to_metric_families

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
