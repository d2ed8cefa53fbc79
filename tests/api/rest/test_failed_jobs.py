"""What was given up is listed for operators, with the car that it is about."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from domain.kernel.messages import Role
from tests.api.rest.test_reading import ended_trip
from tests.support.city import City

NOON = datetime(2027, 1, 5, 12, tzinfo=UTC)
_GIVE_UP = """
insert into csbe.jobs
    (id, policy, kind, payload, service, correlation_id, causation_id, due_at, attempts, failed_at, last_error)
values ($1, 'when_trip_ended_then_price_it', $2, $3, $4, $1, $1, $5, 20, $5, 'no [answer]')
"""


async def given_up(
    city: City, kind: str, payload: dict[str, object], at: datetime = NOON, service: str | None = None
) -> UUID:
    """A job that has failed; its id."""
    job_id = uuid4()
    await city.running.pool.execute(_GIVE_UP, job_id, kind, payload, service or city.place.service, at)
    return job_id


async def test_each_failed_job_leads_to_its_car_by_whatever_it_names(city: City) -> None:
    ada = await city.member()
    trip = await ended_trip(city, ada)
    reserved = str((await city.car(2)).vehicle_id)
    held = (await city.post("/v1/reservations", {"vehicle_id": reserved}, ada)).json()["id"]
    await city.settled()
    car = (await city.get(f"/v1/trips/{trip}", ada))["vehicle_id"]
    [paid] = await city.running.pool.fetch("select payment_id from read_v1.payments where subject_id = $1", UUID(trip))
    named: list[tuple[dict[str, object], str | None]] = [
        ({"vehicle_id": car}, car),
        ({"trip_id": trip}, car),
        ({"subject_id": trip, "amount": {"amount_minor": 3}}, car),
        ({"reservation_id": held}, reserved),
        ({"payment_id": str(paid["payment_id"])}, car),
        ({"member_id": ada["X-Member"], "values": {"trip_id": "-"}}, None),
        ({"subject_id": "olga", "trip_id": "none"}, None),
        ({}, None),
    ]
    jobs = [
        await given_up(city, "some.kind", payload, NOON + timedelta(minutes=n)) for n, (payload, _) in enumerate(named)
    ]
    await given_up(city, "some.kind", {"vehicle_id": car}, service="elsewhere")

    answer = await city.get("/v1/failed-jobs", city.token(Role.OPERATOR))

    assert [(job["job_id"], job["vehicle_id"]) for job in answer["jobs"]] == [
        (str(job), about) for job, (_, about) in zip(jobs, named, strict=True)
    ]
    assert answer["jobs"][0] == {
        "job_id": str(jobs[0]),
        "kind": "some.kind",
        "policy": "when_trip_ended_then_price_it",
        "vehicle_id": car,
        "correlation_id": str(jobs[0]),
        "failed_at": "2027-01-05T12:00:00Z",
        "attempts": 20,
        "error": "no [answer]",
    }


async def test_a_job_that_is_tried_again_is_not_listed_and_others_than_operators_see_none(city: City) -> None:
    job = await given_up(city, "some.kind", {})
    await city.running.pool.execute("update csbe.jobs set failed_at = null, due_at = 'infinity' where id = $1", job)

    shown = await city.get("/v1/failed-jobs", city.token(Role.OPERATOR))
    refused = [
        (await city.api.get("/v1/failed-jobs", headers=city.token(role))).status_code
        for role in (Role.AGENT, Role.AUDITOR, Role.ANALYST, Role.PARTNER)
    ]

    assert (shown, refused) == ({"jobs": [], "next": None}, [403] * 4)
