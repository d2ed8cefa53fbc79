"""An answer counts from the car that was asked, and nobody else."""

from datetime import timedelta

from adapters.simulator.faults.behaviour import AnswersForAnother, LateAnswers
from tests.support.street import Street, counted


async def test_another_car_that_claims_to_have_been_opened_opens_nothing_and_swallows_no_answer(street: Street) -> None:
    member = await street.city.member()
    asked, claiming = street.car("late-answers"), street.car("answers-for-another", number=2)
    for fault in (*asked.faults, *claiming.faults):
        if isinstance(fault, LateAnswers):
            fault.late = timedelta(seconds=15)
        if isinstance(fault, AnswersForAnother):
            fault.other = asked

    started = await street.city.post("/v1/trips", {"vehicle_id": str(asked.vehicle_id)}, member)
    trip = f"/v1/trips/{started.json()['id']}"
    await street.opened(asked)
    await street.passes(10)
    between = (await street.city.get(trip, member))["state"]
    await street.passes(10)

    assert between == "starting"
    await street.city.until(trip, member, "running")
    assert "command_confirmed" not in await street.events(claiming)
    assert (await street.events(asked)).count("command_confirmed") == 1
    assert await street.is_well()


async def test_gaps_in_the_count_of_a_car_are_counted(street: Street) -> None:
    car = street.car("lost-messages")
    before, sent = counted("csbe_ingest_missing_messages_total"), car.seq

    await street.passes(400)
    car.faults = []
    await street.passes(10)

    arrived = await street.city.running.pool.fetchval(
        "select count(*) from csbe.telemetry where vin = $1 and seq > $2", car.vin, sent
    )
    assert counted("csbe_ingest_missing_messages_total") - before == car.seq - sent - arrived > 0
