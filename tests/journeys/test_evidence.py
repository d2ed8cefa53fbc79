"""What a car sent during a trip stays until it is settled what the trip costs, however old it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.postgres.retention import KeptDays, Retention
from api.composition.queries import evidence
from api.observability import RetentionFigures
from domain.kernel.messages import Role
from tests.adapters.postgres.test_telemetry import row
from tests.journeys.hand_driven import hand_driven
from tests.support.city import City

LATER = timedelta(days=100)
SHORT = KeptDays(telemetry=1, dead_letters=1, reads=90, messages=90, demand=1)
NOBODY = "TSTNOBODYSTRIP001"


@dataclass
class Later:
    """A clock that is ahead of the city's."""

    city: City

    def now(self) -> datetime:
        return self.city.running.system.clock.now() + LATER


async def heard(city: City, vin: str) -> None:
    now = city.running.system.clock.now()
    async with city.running.telemetry.batch(now) as batch:
        await batch.store([row(now, vin, seq=4711)], {}, [])


async def kept_later(city: City) -> set[str]:
    """Of which of these cars a message of today is still there a hundred days later."""
    pool, days, figures = city.running.pool, city.running.telemetry.days, RetentionFigures()
    late = Retention(pool, SHORT, Later(city), days=days, evidence=evidence(pool), metrics=figures)
    async for _ in late.cut():
        pass
    return {row["vin"] for row in await pool.fetch("select vin from csbe.telemetry where seq = 4711")}


async def test_telemetry_of_a_trip_outlives_its_days_while_the_trip_is_open_or_in_review(city: City) -> None:
    member, agent = await city.member(), city.token(Role.AGENT)
    async with hand_driven(city) as hand:
        trip, vin = await hand.start(member), hand.car.vin
        await hand.says_it_is("offline", online=False)
    for sender in (vin, NOBODY):
        await heard(city, sender)

    while_open = await kept_later(city)
    ended_at = city.running.system.clock.now().isoformat()
    forced = {"ended_at": ended_at, "reason": "no contact in the car park"}
    (await city.post(f"{trip}/force-end", forced, agent)).raise_for_status()
    await city.settled()
    in_review = await kept_later(city)
    [charge] = (await city.get("/v1/charges", agent, state="in_review"))["charges"]
    waived = {"decision": "waive", "reason": "nobody has driven"}
    (await city.post(f"/v1/charges/{charge['charge_id']}/decision", waived, agent)).raise_for_status()
    await city.settled()

    assert (while_open, in_review, await kept_later(city)) == ({vin}, {vin}, set())
