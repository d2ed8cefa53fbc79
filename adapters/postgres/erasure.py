"""Making a person unreadable, in the log and in what was made of it: the port `PersonalKeys`."""

from uuid import UUID

from adapters.postgres.database import Connection, retrying
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.read_models.projection import Projection

_PERSONAL = """
select c.relname as table, string_agg(format('%I = null', a.attname), ', ') as nothing
from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relnamespace = to_regnamespace($1) and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
    and col_description(c.oid, a.attnum) like 'Personal:%'
group by c.relname
"""
_LOGINS = """
with codes as (delete from csbe.login_codes where member_id = $1),
    tokens as (delete from csbe.refresh_tokens where role = 'member' and subject = $1::text)
delete from csbe.login_addresses where member_id = $1
"""
"""How the person logged in, and could go on without."""


class PostgresErasure:
    """Destroys keys; every generation of the members' read model forgets the person too.

    The live one learns of it by the event, but those of another release may be followed by nobody.
    """

    def __init__(self, store: PostgresEventStore, members: Projection) -> None:
        self._store = store
        self._members = members

    async def erase(self, subject: UUID, /) -> None:
        """Destroy a person's key for ever. Twice changes nothing."""
        await self._store.erase(subject)
        await retrying(lambda: self._store.pool.execute(_LOGINS, subject))
        for generation in await self._members.generations():
            # What its follower has in hand may still name the person.
            async with self._members.follower(generation).held() as connection:
                await _forget(connection, generation.schema, subject)

    async def forget(self, stand_in: UUID, /) -> None:
        """Have nothing lead to an id that stood for a value about a person. Twice changes nothing."""
        await self._store.forget(stand_in)


async def _forget(connection: Connection, schema: str, member_id: UUID) -> None:
    """The row becomes what a rebuild would make of it: the comment of a column says whether it is personal."""
    for table, nothing in await connection.fetch(_PERSONAL, schema):
        await connection.execute(f"update {schema}.{table} set {nothing} where member_id = $1", member_id)  # noqa: S608
