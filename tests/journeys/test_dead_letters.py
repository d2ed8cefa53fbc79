"""What cannot be used is kept with the reason and counted, and disturbs nobody."""

import json
from datetime import UTC, datetime

import aiomqtt
from prometheus_client.parser import text_string_to_metric_families

from adapters.mqtt.client import client_options
from domain.operations.commands import RetryDeadLetter
from tests.support.city import City
from tests.support.waiting import until


async def test_unusable_messages_are_kept_and_counted_while_a_trip_goes_on(city: City) -> None:
    member, car = await city.member(), await city.car()
    trip = await city.start(car, member)
    before = await dead_letters_counted(city)
    ours = f"csbe/v1/drivenow-europe/vehicles/{car.vin}"
    unusable = {
        f"{ours}/telemetry": (b"\xff\x00garbage", "Invalid JSON"),
        f"{ours}/responses": (b'{"status": "done"}', "id: Field required"),
        f"{ours}/status": (b"asleep", 'a status is "online" or "offline"'),
        "csbe/v1/drivenow-europe/vehicles/WBA00000000000000/telemetry": (b"{}", "no vehicle has this VIN"),
        f"csbe/v1/reachnow-usa/vehicles/{car.vin}/telemetry": (b"{}", "belongs to service drivenow-europe"),
        "csbe/v1/drivenow-europe/vehicles/B-DN 1/telemetry": (b"{}", "topic is not csbe/v1/"),
    }

    async with aiomqtt.Client(**client_options(city.running.mqtt_url)) as stranger:
        for topic, (payload, _) in unusable.items():
            await stranger.publish(topic, payload, qos=1)
    await until(lambda: buried(city, len(unusable)))
    await city.drive(car, 25, member)
    await city.end(trip, member)

    rows = await city.running.pool.fetch("select topic, payload, reason from csbe.dead_letters")
    kept = {row["topic"]: (row["payload"], row["reason"]) for row in rows}
    assert {topic: payload for topic, (payload, _) in kept.items()} == {
        t: payload for t, (payload, _) in unusable.items()
    }
    assert [t for t, (_, reason) in unusable.items() if reason not in kept[t][1]] == []
    assert await dead_letters_counted(city) - before == len(unusable)
    assert [invoice["state"] for invoice in (await city.get("/v1/invoices", member))["invoices"]] == ["paid"]


async def test_what_could_not_be_used_is_taken_once_it_can_be(city: City) -> None:
    car, pool = await city.car(), city.running.pool
    topic = f"csbe/v1/drivenow-europe/vehicles/{car.vin}/telemetry"
    payload = {"seq": 999_999, "ts": datetime.now(UTC).isoformat(), "signals": {}}
    insert = "insert into csbe.dead_letters (topic, payload, reason) values ($1, $2, 'internal error') returning id"
    letter = await pool.fetchval(insert, topic, json.dumps(payload).encode())
    order = RetryDeadLetter(letter_id=letter, mqtt_topic=topic, error="internal error", reason="mended")

    done = await city.running.operators.give(order, "olga")
    again = await city.running.operators.give(order, "olga")

    assert (done, again) == ((f"{letter} is taken",), ())
    assert await pool.fetchval("select count(*) from csbe.telemetry where seq = 999999") == 1
    assert await buried(city, 0)


async def buried(city: City, number: int) -> bool:
    return bool(await city.running.pool.fetchval("select count(*) = $1 from csbe.dead_letters", number))


async def dead_letters_counted(city: City) -> float:
    text = (await city.api.get("/metrics")).text
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    counters = [s for s in samples if s.name == "csbe_ingest_messages_total" and s.labels["result"] == "dead_letter"]
    return sum(counter.value for counter in counters)
