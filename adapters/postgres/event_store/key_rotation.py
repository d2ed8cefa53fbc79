"""Wraps every stored key by the master key of today, so that the one before it can go. Servers go on meanwhile."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from adapters.postgres.event_store.key_store import owner_of
from adapters.postgres.event_store.master_keys import ID_BYTES, MasterKeys

BATCH = 1000

_OTHERS = f"is not null and substring({{column}} from 1 for {ID_BYTES}) <> $1"
_PAGE = "select {id} as id, {column} as key from {table} where {column} {others} and {id} > $2 order by {id} limit $3"
_LEFT = "select count(*) from {table} where {column} {others}"
_REWRAP = """
update {table} stored set {column} = new.key
from unnest($1::{type}[], $2::bytea[], $3::bytea[]) as new (id, old, key)
where stored.{id} = new.id and stored.{column} = new.old
"""
"""Only what is still as it was read: a key that was destroyed meanwhile stays so."""
_FORGET = "delete from csbe.master_keys where id <> $1"


_FIRST = UUID(int=0)


@dataclass(frozen=True)
class _Column:
    """Where wrapped keys are, and to whom each belongs."""

    table: str
    id: str
    column: str
    owner: Callable[..., UUID]
    type: str = "uuid"
    first: UUID | str = _FIRST

    def sql(self, template: str) -> str:
        """A statement about this column."""
        others = _OTHERS.format(column=self.column)
        return template.format(table=self.table, id=self.id, column=self.column, type=self.type, others=others)


def _itself(id: UUID) -> UUID:
    return id


WRAPPED: Sequence[_Column] = (
    _Column("csbe.keys", "subject", "key", _itself),
    _Column("csbe.installation_keys", "name", "key", owner_of, "text", ""),
    _Column("csbe.webhooks", "id", "secret", _itself),
    _Column("csbe.webhooks", "id", "previous_secret", _itself),
)
"""All columns that hold a wrapped key."""


@dataclass(frozen=True)
class Rotated:
    """How many keys were wrapped anew, and how many are still wrapped by another master key."""

    wrapped: int
    left: int


async def rotate(pool: asyncpg.Pool, masters: MasterKeys) -> Rotated:
    """Wrap anew whatever is wrapped by the other master key, and forget that one once nothing is.

    May be interrupted and begun again at any time. Raises `UnknownMasterKeyError` at a key that neither unwraps.
    """
    wrapped = 0
    for column in WRAPPED:
        after = column.first
        while page := await pool.fetch(column.sql(_PAGE), masters.id, after, BATCH):
            wrapped += await _rewrap(pool, masters, column, page)
            after = page[-1]["id"]
    left = sum([await pool.fetchval(column.sql(_LEFT), masters.id) for column in WRAPPED])
    if not left:
        await pool.execute(_FORGET, masters.id)
    return Rotated(wrapped, left)


async def _rewrap(pool: asyncpg.Pool, masters: MasterKeys, column: _Column, page: Sequence[asyncpg.Record]) -> int:
    ids, old = [row["id"] for row in page], [row["key"] for row in page]
    owners = [column.owner(id) for id in ids]
    new = [masters.wrap(owner, masters.unwrap(owner, key)) for owner, key in zip(owners, old, strict=True)]
    done: str = await pool.execute(column.sql(_REWRAP), ids, old, new)
    return int(done.rpartition(" ")[2])
