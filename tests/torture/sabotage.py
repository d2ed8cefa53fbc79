"""Builds that are broken on purpose: the torture must find each of them out."""

import re
from collections.abc import Awaitable, Callable

import asyncpg

Sabotage = Callable[[asyncpg.Connection], Awaitable[None]]
"""Breaks one database."""

_APPENDING = """
select p.oid::regprocedure::text as name, pg_get_functiondef(p.oid) as source from pg_proc p
where p.pronamespace = 'csbe'::regnamespace and p.prosrc like '%lock table csbe.append_order%'
"""
_LOCK = re.compile(r"lock table csbe\.append_order in exclusive mode;")
_LAST = re.compile(r"(?:\n    return \w+;)?\nend\n\$function\$")
_PAUSE = "\n    perform pg_sleep(random() * 0.02);"

_FORGET = """
create function csbe.forget() returns trigger language plpgsql as 'begin return null; end';
create trigger forget before insert on csbe.commands for each row execute function csbe.forget();
"""


async def no_safe_order(connection: asyncpg.Connection) -> None:
    """Appends take no lock, and a pause before the commit widens the race."""
    functions = await connection.fetch(_APPENDING)
    assert functions, "no function takes the lock: the sabotage must follow the store"
    for function in functions:
        source, found = _LOCK.subn("", function["source"])
        source, paused = _LAST.subn(rf"{_PAUSE}\g<0>", source)
        assert found, f"{function['name']} takes the lock in another way"
        assert paused, f"{function['name']} ends in another way"
        await connection.execute(source)


async def no_idempotency(connection: asyncpg.Connection) -> None:
    """Commands are not remembered."""
    await connection.execute(_FORGET)


SABOTAGE: dict[str, Sabotage] = {"no-safe-order": no_safe_order, "no-idempotency": no_idempotency}
CARELESS_FOLLOWER = "careless-follower"
"""The third one is not in the database: a follower whose work and position are two transactions."""
