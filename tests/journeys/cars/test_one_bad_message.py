"""One message of one car takes nothing away but itself: the others go on, the API too."""

import pytest

from tests.support.street import Street, counted
from tests.support.waiting import until

LEFT_OUT = "csbe_ingest_values_left_out_total"


async def test_a_message_that_cannot_be_used_is_a_dead_letter_with_its_reason(street: Street) -> None:
    unusable = {
        "year-one": "ts: Input should be greater than or equal to 1980-01-06T00:00:00Z",
        "not-json": "payload: Invalid JSON",
        "too-long": "payload of 65537 bytes is larger than 65536",
    }
    cars = [*(street.car(fault, number=number) for number, fault in enumerate(unusable, 1)), street.car(number=5)]
    before = counted("csbe_ingest_messages_total", channel="telemetry", result="dead_letter")

    for car in cars:
        car.doors_closed = False
    await street.passes(60)

    for car, reason in zip(cars, unusable.values(), strict=False):
        reasons = await street.reasons(car)
        assert (len(reasons), [found for found in reasons if not found.startswith(reason)]) == (2, [])
    assert counted("csbe_ingest_messages_total", channel="telemetry", result="dead_letter") - before == 6
    assert [await street.reading(car, "doors_closed") for car in cars] == [False] * 4
    assert await street.is_well()


async def test_a_value_that_cannot_be_true_is_left_out_and_the_rest_of_its_message_counts(street: Street) -> None:
    wrong = {
        "odometer-too-large": "odometer_m",
        "tank-103-percent": "charge_percent",
        "dtc-list-null": "unknown",
        "nul-in-a-name": "unknown",
    }
    cars = [street.car(fault, number=number) for number, fault in enumerate(wrong, 1)]
    before = {value: counted(LEFT_OUT, value=value) for value in wrong.values()}
    known = await street.reading(cars[0], "odometer_m")

    for ignition_on in (True, False):
        for car in cars:
            car.ignition_on = ignition_on
        await street.passes(20)

    grown = {value: counted(LEFT_OUT, value=value) - count for value, count in before.items()}
    assert grown == {"odometer_m": 4, "charge_percent": 4, "unknown": 8}
    for car in cars:
        assert (await street.events(car))[-2:] == ["ignition_on", "ignition_off"]
    assert await street.reading(cars[0], "odometer_m") == known
    assert await street.reasons() == []
    assert await street.is_well()


async def test_an_answer_of_the_year_one_is_refused_at_the_door_and_the_fleet_is_still_shown(street: Street) -> None:
    member, car = await street.city.member(), street.car("answers-from-year-one")
    asked = await street.city.post("/v1/trips", {"vehicle_id": str(car.vehicle_id)}, member)
    trip = f"/v1/trips/{asked.json()['id']}"
    await street.city.until(trip, member, "starting")

    async def refused() -> bool:
        return bool(await street.reasons())

    await until(refused)
    await street.passes(40)

    assert {reason.split(":")[0] for reason in await street.reasons()} == {"ts"}
    assert (await street.city.until(trip, member, "start_failed"))["reason"] == "no_answer"
    assert (await street.shows(street.car(number=2)))["online"] is True
    assert await street.is_well()


async def test_an_empty_retained_status_says_nothing(street: Street) -> None:
    car = street.car("status-cleared")

    await street.passes(60)

    assert (await street.shows(car))["online"] is True
    assert "contact_lost" not in await street.events(car)
    assert await street.reasons() == []


async def test_a_partition_that_is_gone_while_the_process_remembers_it_is_made_again(street: Street) -> None:
    pool, car = street.city.running.pool, street.car()
    await street.passes(10)
    for row in await pool.fetch(
        "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'csbe.telemetry'::regclass"
    ):
        await pool.execute(f"drop table {row['name']}")

    await street.passes(10)
    car.doors_closed = False
    await street.passes(10)

    assert await street.reading(car, "doors_closed") is False
    assert await pool.fetchval("select count(*) from csbe.telemetry where vin = $1", car.vin) >= 1
    assert await street.is_well()


@pytest.mark.parametrize("hour", ["1e999", "-1e999"])
async def test_a_zone_with_an_endless_coordinate_is_refused_and_nothing_is_written(street: Street, hour: str) -> None:
    end = await street.city.running.store.end()
    ring = f"[[13.3, 52.5], [{hour}, 52.5], [13.4, 52.6], [13.3, 52.5]]"
    body = f'{{"city_id": "berlin", "kind": "no_parking", "name": "Endless", "polygons": [[{ring}]]}}'
    headers = {"Idempotency-Key": "endless", "Content-Type": "application/json", **street.operator}

    answer = await street.city.api.post("/v1/zones", content=body, headers=headers)

    assert answer.status_code == 422
    assert await street.city.running.store.end() == end
    assert await street.is_well()
