"""What an analyst is told of made-up months."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg

import projections
from adapters.mqtt.lookups import ZoneMap
from adapters.postgres.database import connect
from adapters.postgres.demand import PostgresDemand
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.read_models.projection import Projection
from api.composition.queries import refresh_zones
from api.observability import DemandFigures
from tests.months.months import Months
from tests.projections.following import catch_up, rules_published
from tests.support.keys import KEYS
from tests.support.recorded_world import recorded_world

Row = Mapping[str, Any]

_NOW = """
create schema asked;
create function asked.now() returns timestamptz language sql stable as $$ select timestamptz '{}' $$;
grant usage on schema asked to csbe_analyst;
set local search_path = asked, pg_catalog;
set local role csbe_analyst;
"""
"""What was made up is over for long; the analyst asks at its end."""


async def lived(dsn: str, **plan: Any) -> Months:
    """Live the months on an empty database, as the server's role; the read models are at the end of the log."""
    pool = await connect(dsn)
    store = PostgresEventStore(pool, master_keys=KEYS)
    try:
        found = [Projection(pool, store, projector) for projector in projections.PROJECTORS]
        followers = {p.name: p.follower(await p.live()) for p in found}
        zones = ZoneMap()
        demand = PostgresDemand(pool, DemandFigures(), zones.names)
        months = Months(recorded_world(store), demand, **plan)
        await rules_published(store)
        await catch_up(followers)
        await months.live()
        await catch_up(followers)
        await refresh_zones(pool, zones)
        await demand.flush()
        return months
    finally:
        await store.close()
        await pool.close()


async def told(owner_dsn: str, queries: Mapping[str, str], at: datetime) -> dict[str, Sequence[Row]]:
    """What each query answers an analyst who asks at that time."""
    connection = await asyncpg.connect(owner_dsn)
    asking = connection.transaction()
    try:
        await asking.start()
        await connection.execute(_NOW.format(at.isoformat()))
        return {name: [dict(row) for row in await connection.fetch(sql)] for name, sql in queries.items()}
    finally:
        await asking.rollback()
        await connection.close()
