"""The next release, whose read model of members has another shape, and what is seen of generations."""

import asyncpg

from adapters.postgres.read_models.projection import Projection
from domain.kernel.messages import RecordedEvent
from domain.members.member import Member
from projections.kernel.changes import Changes
from projections.members import MEMBERS, MembersProjector


class Greeting(MembersProjector):
    """The next release: one more column, one less, and another order."""

    VERSION = 2

    def tables_sql(self) -> str:
        sql = (
            super()
            .tables_sql()
            .replace("    service text not null,\n", "    greeting text,\n    service text not null,\n")
        )
        sql = sql.replace("    licence_expires_on date,\n", "")
        lines = [line for line in sql.splitlines() if "members.licence_expires_on" not in line]
        return "\n".join(lines) + "\ncomment on column members.greeting is 'Personal: how to greet.';"

    def reports_sql(self) -> str:
        lines = super().reports_sql().replace("licence_expires_on, ", "").splitlines()
        return "\n".join(line for line in lines if "members.licence_expires_on" not in line)

    def _registered(self, recorded: RecordedEvent, event: Member.Registered) -> Changes:
        yield from super()._registered(recorded, event)
        yield MEMBERS.update(event.originator_id, greeting=f"Dear {event.name}")

    def _erased(self, recorded: RecordedEvent, event: Member.Erased) -> Changes:
        del recorded
        gone = {"greeting": None, "payment_methods": 0, "erased_at": event.timestamp}
        yield MEMBERS.update(event.originator_id, version=event.originator_version, **gone)


async def states(projection: Projection) -> dict[int, str]:
    return {generation.number: generation.state for generation in await projection.generations()}


async def columns(pool: asyncpg.Pool, schema: str) -> set[str]:
    query = "select column_name from information_schema.columns where table_schema = $1 and table_name = 'members'"
    return {row[0] for row in await pool.fetch(query, schema)}


async def count(pool: asyncpg.Pool) -> int:
    found: int = await pool.fetchval("select count(*) from read_v1.members")
    return found
