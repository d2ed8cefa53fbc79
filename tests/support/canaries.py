"""Values of a person that cannot be there by chance, and a look into everything that the system keeps for them."""

import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from uuid import NAMESPACE_DNS, NAMESPACE_OID, NAMESPACE_URL, UUID, uuid5

import asyncpg
import orjson
from pydantic_core import to_jsonable_python

from adapters.postgres.event_store.store import PostgresEventStore
from domain.kernel.ids import derived_id

Found = set[tuple[str, str]]
"""Where, and which canary."""

_TABLES = """
select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
"""
_FOLDER = "select 'base/' || oid from pg_database where datname = current_database()"
_FILES = "select pg_ls_dir($1)"
_READ = """
select coalesce(pg_read_binary_file($1, 0, (pg_stat_file($1, true)).size, true), '')
"""
"""Nothing of a file that is gone since it was listed, as those are in which the server keeps what it knows itself."""
_TWINS = "select pg_read_binary_file(pg_relation_filepath('csbe.vehicle_twins'))"
_STATISTICS = "select coalesce(string_agg(most_common_vals::text || histogram_bounds::text, ' '), '') from pg_stats"


def _digests(value: str) -> Iterator[str]:
    plain = value.encode()
    for digest in (hashlib.sha256, hashlib.sha1, hashlib.md5):
        yield digest(plain).hexdigest()
    for made in (*(uuid5(space, value) for space in (NAMESPACE_DNS, NAMESPACE_OID, NAMESPACE_URL)), derived_id(value)):
        yield str(made)


def _forms(value: str) -> set[bytes]:
    """What somebody who knows the value would look for; nobody guesses a sentence."""
    texts = {value, value.lower(), *(() if " xqzw" in value else _digests(value))}
    raw = {text.encode() for text in texts}
    return {*raw, *(form.hex().encode() for form in raw), *(b64encode(form).rstrip(b"=") for form in raw)}


class Canaries:
    """By name, e.g. `{"email": "kanarie@example.org"}`."""

    def __init__(self, **values: str) -> None:
        self.values = values
        self._forms = {name: _forms(value) for name, value in values.items()}

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def in_text(self, where: str, *texts: str | bytes) -> Found:
        """Those in any of its forms in one of these."""
        raw = b"\n".join(text.encode() if isinstance(text, str) else text for text in texts)
        return {(where, name) for name, forms in self._forms.items() if any(form in raw for form in forms)}

    async def in_events(self, store: PostgresEventStore, of_others: Iterable[UUID]) -> Found:
        """In the log, for whoever has every key there is; but for what is under the keys of others."""
        others, found = set(of_others), Found()
        async for recorded in store.read():
            event = recorded.event
            if getattr(event, event.subject, None) not in others:
                told = (to_jsonable_python(event), to_jsonable_python(recorded.metadata))
                found |= self.in_text(recorded.topic, orjson.dumps(told))
        return found

    async def in_tables(self, owner: asyncpg.Connection) -> Found:
        """In the rows of every table, and in what the planner remembers of them."""
        found = self.in_text("pg_stats", await owner.fetchval(_STATISTICS))
        for schema, table in await owner.fetch(_TABLES):
            rows = await owner.fetch(f'select t::text from "{schema}"."{table}" t')  # noqa: S608 (of the catalogue)
            found |= self.in_text(f"{schema}.{table}", *(row[0] for row in rows))
        return found

    async def in_database_files(self, owner: asyncpg.Connection) -> Found:
        """In the database's files as they are on disk, where deleted rows stand until they are written anew.

        The place only among the twins of cars: deleted telemetry stays in its files until its day is dropped.
        """
        sought = {name: value.encode() for name, value in self.values.items() if name != "place"}
        found = Found()
        async for content in _database_files(owner):
            found |= {("files", name) for name, value in sought.items() if value in content}
        twins = await owner.fetchval(_TWINS)
        return found | {("twins", name) for name, value in self.values.items() if value.encode() in twins}

    def in_files(self, folder: Path) -> Found:
        """In whatever lies there."""
        return {
            hit
            for path in folder.rglob("*")
            if path.is_file()
            for hit in self.in_text(path.parent.name, path.read_bytes())
        }


async def in_database_files(owner: asyncpg.Connection, secret: bytes) -> bool:
    """Whether some bytes stand in the files of the database, in a row or in what is left of one."""
    return any([secret in content async for content in _database_files(owner)])


async def _database_files(owner: asyncpg.Connection) -> AsyncIterator[bytes]:
    await owner.execute("checkpoint")
    folder = await owner.fetchval(_FOLDER)
    for (name,) in await owner.fetch(_FILES, folder):
        yield await owner.fetchval(_READ, f"{folder}/{name}")
