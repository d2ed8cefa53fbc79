"""The database that every round begins with: migrated, with members, cars and counters in it."""

from adapters.postgres.database import connect
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.migrate import migrate
from domain.kernel.ids import derived_id
from tests.support.databases import BESIDE
from tests.support.keys import KEYS
from tests.torture.cluster import Cluster
from tests.torture.counter import Counter
from tests.torture.story import dispatcher, furnishing
from tests.torture.watcher import FOLLOWED

TEMPLATE = "torture_template"


async def make_template(cluster: Cluster) -> None:
    """Make it once per cluster, by real commands."""
    await cluster.ready()
    async with cluster.connection() as connection:
        await connection.execute(f"create database {TEMPLATE}")
    dsn = cluster.dsn(TEMPLATE)
    await migrate(dsn, beside=BESIDE)
    pool = await connect(dsn)
    store = PostgresEventStore(pool, master_keys=KEYS)
    give = dispatcher(store, Counter)
    for number, command in enumerate(furnishing()):
        await give(command, derived_id("torture", "furnishing", number))
    await pool.execute(FOLLOWED)
    await store.close()
    await pool.close()
