"""What an erasure leaves in the files of the database."""

from uuid import uuid4

import asyncpg

from adapters.postgres.erasure import PostgresErasure
from adapters.postgres.event_store.store import PostgresEventStore
from tests.support.canaries import in_database_files

VIN = "TSTDEADTWIN000001"
THERE, ELSEWHERE = 52.77410077, 52.5219
_SHOWN = """
insert into csbe.vehicle_twins (vin, twin) values ($1, $2) on conflict (vin) do update set twin = excluded.twin
"""


async def test_where_a_car_was_before_is_in_no_file_any_more(
    pool: asyncpg.Pool, owner: asyncpg.Connection, store: PostgresEventStore
) -> None:
    for latitude in (THERE, ELSEWHERE):
        await pool.execute(_SHOWN, VIN, {"latitude": latitude})
    planted = await in_database_files(owner, str(THERE).encode())

    await PostgresErasure(store, ()).erase(uuid4())

    assert planted
    assert not await in_database_files(owner, str(THERE).encode())
    assert await in_database_files(owner, str(ELSEWHERE).encode())
    await pool.execute("delete from csbe.vehicle_twins where vin = $1", VIN)
