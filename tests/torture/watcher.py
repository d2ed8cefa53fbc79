"""A watching process: reads the log in two ways, and follows it into a table, until it has seen the end."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from adapters.postgres.database import Connection
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.followers.follower import Follower
from domain.kernel.messages import RecordedEvent
from tests.torture.history import Page, Pen, Seen, read
from tests.torture.roles import END, TROUBLE, Part, begin

FOLLOWER = "torture"
POLL_S = 0.01
LIMIT = 200
BATCH = 20
CARELESS_S = 0.05
"""Between the work and the position of a careless follower: the window in which a kill does harm."""

FOLLOWED = """
create table public.followed (place bigserial primary key, position bigint not null);
comment on table public.followed is 'What the follower wrote down, in the transaction that moves its position.';
comment on column public.followed.place is 'In the order in which it was written.';
comment on column public.followed.position is 'Of the event.';
"""
_WRITE_DOWN = "insert into public.followed (position) values ($1)"
_TAIL = """
select notification_id, originator_id, originator_version from csbe.events
where notification_id > $1 order by notification_id limit $2
"""

Read = Callable[[int], Awaitable[list[Seen]]]
Consume = Callable[[Sequence[RecordedEvent], Connection], Awaitable[None]]


def main(part: Part) -> None:
    """Play the part until the end of the log is seen, where the round says that it is."""
    begin(part)
    part.counter.__name__  # noqa: B018 (its events must be known before they are read)
    with Pen(part.file) as pen:
        asyncio.run(_play(part, pen))


async def _play(part: Part, pen: Pen) -> None:
    stop = asyncio.Event()
    async with part.store() as store, asyncio.TaskGroup() as tasks:
        follower = Follower(store.pool, store, FOLLOWER, _consumer(part, store), batch=BATCH)
        tasks.create_task(follower.run(stop))
        readers = [_tail(part, pen, f"{part.name} {way}", read) for way, read in _ways(store).items()]
        await asyncio.gather(*readers)
        stop.set()


def _ways(store: PostgresEventStore) -> dict[str, Read]:
    async def by_sql(after: int) -> list[Seen]:
        return [Seen(*row) for row in await store.pool.fetch(_TAIL, after, LIMIT)]

    async def by_reader(after: int) -> list[Seen]:
        page = await store.reader.recorded(await store.reader.rows(after, LIMIT))
        return [Seen(r.position, r.event.originator_id, r.event.originator_version) for r in page]

    return {"by SQL": by_sql, "by Reader": by_reader}


async def _tail(part: Part, pen: Pen, name: str, read: Read) -> None:
    """Read what comes after what was seen last, for ever; what fails is tried again."""
    seen = _seen_before(part, name)
    while seen < _end(part):
        try:
            events = await read(seen)
        except TROUBLE:
            events = []
        if events:
            pen.write(Page(reader=name, after=seen, events=tuple(events)))
            seen = events[-1].position
        await asyncio.sleep(POLL_S)


def _seen_before(part: Part, name: str) -> int:
    """Where an earlier incarnation was."""
    pages = [fact for fact in read(part.file) if isinstance(fact, Page) and fact.reader == name]
    return pages[-1].events[-1].position if pages else 0


def _end(part: Part) -> float:
    file = part.folder / END
    return int(file.read_text()) if file.exists() else float("inf")


def _consumer(
    part: Part, store: PostgresEventStore
) -> Callable[[Sequence[RecordedEvent], Connection], Awaitable[None]]:
    async def write_down(events: Sequence[RecordedEvent], connection: Connection) -> None:
        await connection.executemany(_WRITE_DOWN, [(event.position,) for event in events])

    async def write_down_elsewhere(events: Sequence[RecordedEvent], _connection: Connection) -> None:
        async with store.pool.acquire() as other:
            await write_down(events, other)
        await asyncio.sleep(CARELESS_S)

    return write_down_elsewhere if part.careless else write_down
