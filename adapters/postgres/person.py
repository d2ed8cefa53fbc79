"""All rows that tell of a person, wherever they stand beside the log."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from adapters.postgres.drives import DURING_DRIVES, Drive, during

Rows = list[dict[str, Any]]

_NO_KEYS = ("events", "snapshots", "keys", "installation_keys", "master_keys", "stand_ins", "telemetry", "dead_letters")
"""Read in another way, or of no use to anybody: the log, its copies, keys and digests, and what cars sent."""
_OWN = """
select c.oid::regclass::text as table, array_agg(quote_ident(a.attname)) as columns
from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relnamespace::regnamespace::text = any($1::text[]) and c.relkind = 'r' and a.atttypid = 'uuid'::regtype
    and a.attnum > 0 and not a.attisdropped
group by c.oid order by 1
"""
_BESIDE = """
select oid::regclass::text from pg_class
where relnamespace = 'csbe'::regnamespace and relkind in ('r', 'p') and not relispartition and relname <> all($1)
    and has_table_privilege(oid, 'select')
order by 1
"""
_SENT = f"select to_jsonb(t) from {{}} t, {DURING_DRIVES} and {{}} order by t.received_at"  # noqa: S608 (our own words)
_TELEMETRY = _SENT.format("csbe.telemetry", "t.vin = d.vin")
_DEAD_LETTERS = _SENT.format("csbe.dead_letters", "strpos(t.topic, d.vin) > 0")


async def rows_about(
    pool: asyncpg.Pool, person: UUID, schemas: Sequence[str], drives: Sequence[Drive]
) -> dict[str, Rows]:
    """By table, without those that have none: read models by their ids, what stands beside the log by any mention.

    A table that is new is looked into too. Of cars it is what they sent while they were the person's.
    """
    found: dict[str, Rows] = {}
    for table, columns in await pool.fetch(_OWN, schemas):
        which = " or ".join(f"{column} = $1" for column in columns)
        found[table] = await _rows(pool, f"select to_jsonb(t) from {table} t where {which}", person)  # noqa: S608
    for (table,) in await pool.fetch(_BESIDE, _NO_KEYS):
        mentioned = f"select to_jsonb(t) from {table} t where strpos(to_jsonb(t)::text, $1) > 0"  # noqa: S608
        found[table] = await _rows(pool, mentioned, str(person))
    found["csbe.telemetry"] = await _rows(pool, _TELEMETRY, *during(drives))
    found["csbe.dead_letters"] = await _rows(pool, _DEAD_LETTERS, *during(drives))
    return {table: rows for table, rows in found.items() if rows}


async def _rows(pool: asyncpg.Pool, query: str, *arguments: object) -> Rows:
    return [row[0] for row in await pool.fetch(query, *arguments)]
