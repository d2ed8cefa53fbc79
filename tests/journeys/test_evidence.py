"""What is too old goes while the system runs; what a car sent during a trip stays until its cost is settled."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from adapters.postgres.retention import TABLES, KeptDays, Retention
from adapters.postgres.telemetry import TelemetryStore
from api.composition.queries import evidence
from api.observability import RetentionFigures
from domain.kernel.messages import Role
from tests.adapters.postgres.test_retention import ADD, ADD_DAY
from tests.adapters.postgres.test_telemetry import row
from tests.journeys.hand_driven import hand_driven
from tests.support.city import City
from tests.support.installation import Installation
from tests.support.waiting import until

LATER = timedelta(days=100)
SHORT = KeptDays(telemetry=1, dead_letters=1, reads=90, messages=90, demand=1)
NOBODY = "TSTNOBODYSTRIP001"
DEFAULTS = {
    "csbe.telemetry": 90,
    "csbe.dead_letters": 90,
    "csbe.personal_reads": 730,
    "csbe.messages_sent": 1461,
    **dict.fromkeys(ADD_DAY, 1826),
}
"""In days."""
_OF_NOBODY = "select count(*) from csbe.telemetry where vin = $1"


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
    another = city.token(Role.AGENT, "bob")
    (await city.post(f"/v1/charges/{charge['charge_id']}/decision", waived, another)).raise_for_status()
    await city.settled()

    assert (while_open, in_review, await kept_later(city)) == ({vin}, {vin}, set())


async def aged(pool: asyncpg.Pool, owner: asyncpg.Connection, table: str, at: datetime) -> None:
    """A row of this age, which nobody needs."""
    if table == "csbe.telemetry":
        async with TelemetryStore(pool).batch(at) as batch:
            await batch.store([row(at, NOBODY)], {}, [])
    elif table in ADD_DAY:
        await owner.execute(ADD_DAY[table], at.date())
    else:
        await owner.execute(ADD[table], at)


async def test_a_running_system_deletes_what_is_older_than_its_settings_say(
    installation: Installation, pool: asyncpg.Pool, owner: asyncpg.Connection
) -> None:
    now = datetime.now(UTC)
    for table, days in DEFAULTS.items():
        for age in (days - 2, days + 2):
            await aged(pool, owner, table, now - timedelta(days=age))

    async with installation.started():

        async def one_is_left_of_each() -> bool:
            counted = [await owner.fetchval(f"select count(*) from {table}") for table in DEFAULTS]  # noqa: S608 (ours)
            return set(counted[1:]) == {1} and await owner.fetchval(_OF_NOBODY, NOBODY) == 1

        await until(one_is_left_of_each)

    assert set(DEFAULTS) == set(TABLES)
