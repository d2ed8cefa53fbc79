"""A projection: follows the log for every generation that this code can write, and exchanges one for another."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import NoReturn

import asyncpg

from adapters.postgres.database import LOCK_TIMEOUT, TRANSIENT_ERRORS, Connection, with_lock_timeout
from adapters.postgres.errors import BusyError, FollowerStoppedError, GenerationError
from adapters.postgres.event_store.reader import Shard
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.followers import shards
from adapters.postgres.followers.follower import POLL_SECONDS, Follower, FollowerStatus
from adapters.postgres.read_models import generations
from adapters.postgres.read_models.comparison import Comparison, compared
from adapters.postgres.read_models.generations import Generation, ReadModel, generations_of
from adapters.waiting import is_set_within

log = logging.getLogger(__name__)

LIVE_BATCH = 500
BUILD_BATCH = 10_000
"""A build takes more at a time than a live follower, which would keep readers of its rows waiting.

Not a build beside whatever else a process serves, which would wait for each batch to be decoded.
"""

COMPARE_ATTEMPTS = 100
"""How often it is tried to see two generations at one position, a tenth of a second apart."""

_POSITIONS = "select name, position from csbe.followers where name = any($1) order by name for update"

Tell = Callable[[int, int], None]
"""Hears how far a build has come, and where the log ends."""


class Projection:
    """Everything about one read model."""

    def __init__(self, pool: asyncpg.Pool, store: PostgresEventStore, model: ReadModel, *, swap: bool = True) -> None:
        self.name = model.NAME
        self._pool = pool
        self._store = store
        self._model = model
        self._swap = swap

    async def generations(self) -> list[Generation]:
        """All that are not dropped, the oldest first."""
        return await generations_of(self._pool, self.name)

    async def live(self) -> Generation:
        """The one that is shown."""
        return await self._in_state("live") or self._fail("is not there: run csbe migrate")

    def writes(self, generation: Generation) -> bool:
        """Whether it was made for this code."""
        return generation.digest == self._model.digest

    def follower(self, generation: Generation, batch: int = LIVE_BATCH, shard: Shard | None = None) -> Follower:
        """Who follows the log for a generation, or for one part of it."""
        consume = partial(self._model.apply, schema=generation.schema)
        name, topics, reads = generation.follower, self._model.topics, self._model.READS
        return Follower(self._pool, self._store, name, consume, topics=topics, reads=reads, batch=batch, shard=shard)

    async def statuses(self) -> list[tuple[Generation, FollowerStatus]]:
        """Where each generation stands, part by shard."""
        return [(generation, await follower.status()) for generation, follower in await self.followers()]

    async def followers(self) -> list[tuple[Generation, Follower]]:
        """Who follows for each generation: one, or one for each part while several processes build it."""
        found: list[tuple[Generation, Follower]] = []
        for generation in await self.generations():
            split = await shards.shards_of(self._pool, generation.follower)
            followers = [self.follower(generation, shard=shard) for shard in split] or [self.follower(generation)]
            found += [(generation, follower) for follower in followers]
        return found

    async def status(self) -> FollowerStatus:
        """Where the live one stands."""
        return await self.follower(await self.live()).status()

    async def catch_up(self) -> int:
        """Bring the live one to the end of the log."""
        return await self.follower(await self.live()).catch_up()

    async def run(self, stop: asyncio.Event) -> None:
        """Follow every generation that this code can write, until told to stop.

        When the live one was made for older code, another is built beside it, and takes its place unless the settings
        say that this is for an operator to do.
        """
        following: dict[int, tuple[asyncio.Event, asyncio.Task[None]]] = {}
        renewal: asyncio.Task[None] | None = None
        shown: Generation | None = None
        while not stop.is_set():
            try:
                found = await self.generations()
                due = await self._is_due(found, self._pool)
            except TRANSIENT_ERRORS:
                log.warning("%s has trouble with the database; trying again", self.name, exc_info=True)
            else:
                if due and (renewal is None or (renewal.done() and not renewal.exception())):
                    renewal = asyncio.create_task(self._renew(stop))
                was, shown = shown, next((g for g in found if g.state == "live"), None)
                if shown and shown != was and not due and not self.writes(shown):
                    log.warning("%s shows generation %d, which only its own release follows", self.name, shown.number)
                await self._follow([g for g in found if self.writes(g) and g.state != "building"], following)
            await is_set_within(stop, POLL_SECONDS)
        await self._follow([], following)
        if renewal is not None:
            await renewal

    async def build(
        self, tell: Tell = lambda _done, _end: None, stop: asyncio.Event | None = None, batch: int = BUILD_BATCH
    ) -> Generation:
        """Fill a generation beside the live one, or go on with one that was begun. Raises `FollowerStoppedError`."""
        new = await self.begun()
        await self._fill(new, tell, stop, batch)
        return new

    async def progress(self, new: Generation) -> int:
        """How far the log is read for a generation, by the mean of its shards. Raises `GenerationError` if dropped."""
        positions = await shards.positions_of(self._pool, new.follower)
        return sum(positions) // len(positions) if positions else self._fail(f"lost generation {new.number}: dropped")

    async def level(self, new: Generation) -> None:
        """Bring the parts of a generation to one position, alone, and join them. Raises `FollowerStoppedError`."""
        furthest = max(await shards.positions_of(self._pool, new.follower), default=0)
        for shard in await shards.shards_of(self._pool, new.follower):
            await self.follower(new, BUILD_BATCH * shard.of, shard).catch_up(until=furthest)
        async with self._pool.acquire() as connection, connection.transaction():
            await shards.join(connection, new.follower)

    async def compare(self) -> list[Comparison]:
        """The live generation and the one made beside it, table by table, as they once stood at one position.

        Both go on meanwhile. Raises `GenerationError` when one of another release does not come to that position.
        """
        live, new = await self.live(), await self.ready()
        for _ in range(COMPARE_ATTEMPTS):
            if self.writes(live):
                await self.follower(live, BUILD_BATCH).catch_up()
            async with self._pool.acquire() as reader, reader.transaction(isolation="repeatable_read", readonly=True):
                async with self._aligned(live, new):
                    pass  # nothing is seen of it by the reader before it asks for the first time
                if (found := await compared(reader, live, new)) is not None:
                    return found
            await asyncio.sleep(POLL_SECONDS / 5)
        return self._fail(
            f"generations {live.number} and {new.number} are not at one position: let their releases follow them"
        )

    async def show(self, number: int) -> bool:
        """Show this generation, built or previous; the live one becomes the previous. False when it is live already."""
        found = next((g for g in await self.generations() if g.number == number), None)
        if found is None or found.state == "building":
            self._fail(f"has no generation {number} to show")
        if found.state == "live":
            return False
        await self._exchange(found)
        return True

    async def drop_generation(self, number: int) -> bool:
        """Remove this generation, not the live one; false when it is not there any more."""
        return await with_lock_timeout(f"the tables of {self.name}", partial(self._try_drop, number))

    async def ready(self) -> Generation:
        """The one that a swap would show. Raises `GenerationError`."""
        if await self._in_state("building"):
            self._fail("is still being built: let csbe projections build finish")
        return await self._in_state("ready") or self._fail("has no generation to show: build one first")

    async def previous(self) -> Generation:
        """The one that was shown before. Raises `GenerationError`."""
        return await self._in_state("previous") or self._fail("has no previous generation to go back to")

    async def spare(self, number: int | None = None) -> Generation:
        """The one of a number; without it the one that can best be spared, which never is the last way back.

        Raises `GenerationError`.
        """
        found = [g for g in await self.generations() if g.state != "live"]
        if not found:
            self._fail("has the live generation only, which cannot be dropped")
        if number is None:
            return max(found, key=lambda g: g.state != "previous")
        numbers = " or ".join(f"{g.number} ({g.state})" for g in found)
        named = next((g for g in found if g.number == number), None)
        return named or self._fail(f"has no generation {number} that can be dropped: say {numbers}")

    async def _is_due(self, found: Sequence[Generation], connection: asyncpg.Pool | Connection) -> bool:
        """Whether this code is newer than what is shown, and nobody has built for it: it never had its turn."""
        done = {"live"} if self._swap else {"live", "ready"}
        if any(g.state in done and self.writes(g) for g in found):
            return False
        return not await generations.had_its_turn(connection, self._model)

    async def _renew(self, stop: asyncio.Event) -> None:
        """Build and swap. Pauses after trouble, which may be over when it is called again."""
        try:
            async with self._alone() as connection:
                if not await self._is_due(await generations_of(connection, self.name), connection):
                    return
                new = await self._begun(connection)
            log.warning("%s was made by older code: generation %d is built beside it", self.name, new.number)
            await self._fill(new, stop=stop, batch=LIVE_BATCH)
            ready = await self._in_state("ready")
            if self._swap and ready and self.writes(ready):
                await self._exchange(ready)
        except TRANSIENT_ERRORS:
            log.warning("%s has trouble with the database; trying again", self.name, exc_info=True)
        except (BusyError, FollowerStoppedError, GenerationError, asyncpg.DependentObjectsStillExistError) as why:
            log.error("%s", why)  # noqa: TRY400 (where it happened says nothing)
        else:
            return
        await is_set_within(stop, 10 * POLL_SECONDS)

    async def _follow(
        self, wanted: list[Generation], following: dict[int, tuple[asyncio.Event, asyncio.Task[None]]]
    ) -> None:
        for generation in wanted:
            if generation.number not in following:
                stop = asyncio.Event()
                task = asyncio.create_task(self.follower(generation).run(stop), name=generation.follower)
                following[generation.number] = stop, task
        for number in following.keys() - {g.number for g in wanted}:
            stop, task = following.pop(number)
            stop.set()
            await task

    async def begun(self) -> Generation:
        """The generation being built: begun anew when it was begun by other code."""
        async with self._alone() as connection:
            return await self._begun(connection)

    async def _begun(self, connection: Connection) -> Generation:
        for begun in await generations_of(connection, self.name):
            if begun.state in {"building", "ready"}:
                if self.writes(begun):
                    return begun
                await generations.drop(connection, begun)
        return await generations.make(connection, self._model, "building")

    async def _fill(
        self,
        new: Generation,
        tell: Tell = lambda _done, _end: None,
        stop: asyncio.Event | None = None,
        batch: int = BUILD_BATCH,
    ) -> None:
        while not await self._is_built(new, tell) and not (stop and stop.is_set()):
            if not await self._build_on(new, batch):
                await asyncio.sleep(POLL_SECONDS / 5)  # another process is at it

    async def _is_built(self, new: Generation, tell: Tell) -> bool:
        """Whether it has caught up, which is then on record; it gets its indexes then."""
        done, end = await self.progress(new), await self._store.end()
        tell(done, end)
        if done < end:
            return False
        async with self._alone() as connection:
            if await shards.shards_of(connection, new.follower):
                return False
            state = (await self._states(connection)).get(new.number)
            if state is None:
                self._fail(f"lost generation {new.number}: dropped")
            if state == "building":
                await generations.add_indexes(connection, self._model, new)
                await generations.set_state(connection, new, "ready")
        return True

    async def _build_on(self, new: Generation, batch: int) -> bool:
        """Do a little more, or what another build in shards left undone; false while another process is at it."""
        if not await shards.shards_of(self._pool, new.follower):
            return await self.follower(new, batch).catch_up(once=True) > 0
        async with shards.alone(self._pool, new.follower) as alone:
            if alone:
                await self.level(new)
        return alone

    async def _exchange(self, new: Generation) -> None:
        await with_lock_timeout(f"the views of {self.name}", partial(self._try_exchange, new))

    async def _try_exchange(self, new: Generation) -> None:
        live = await self.live()
        async with self._aligned(live, new) as connection:
            await connection.execute(LOCK_TIMEOUT)
            # Lost rows are made again from the log; a swap that was lost after it was announced is not.
            await connection.execute("set local synchronous_commit to default")
            await generations.show(connection, new, live)
            for old in await generations_of(connection, self.name):
                if old.state == "previous" and old.number != new.number:
                    await generations.drop(connection, old)
            await generations.set_state(connection, live, "previous")
            await generations.set_state(connection, new, "live")

    async def _try_drop(self, number: int) -> bool:
        async with self._alone() as connection:
            found = next((g for g in await generations_of(connection, self.name) if g.number == number), None)
            if found is None:
                return False
            if found.state == "live":
                self._fail(f"shows generation {number}, which cannot be dropped")
            await shards.hold(connection, found.follower)
            await connection.execute(LOCK_TIMEOUT)
            await generations.drop(connection, found)
        return True

    @asynccontextmanager
    async def _aligned(self, live: Generation, new: Generation) -> AsyncIterator[Connection]:
        """A transaction in which nobody follows for either, and the new one is not behind."""
        follower = self.follower(new, BUILD_BATCH)
        if self.writes(new):
            await follower.catch_up()
        async with self._alone() as connection:
            states = await self._states(connection)
            if (states.get(live.number), states.get(new.number)) != (live.state, new.state):
                self._fail("was changed by somebody else meanwhile: look at the status and try again")
            rows = await connection.fetch(_POSITIONS, [live.follower, new.follower])
            positions = {row["name"]: row["position"] for row in rows}
            until = positions.get(live.follower, 0)
            if positions.get(new.follower, 0) < until:
                if not self.writes(new):
                    behind = until - positions.get(new.follower, 0)
                    self._fail(
                        f"generation {new.number} is behind by {behind}, and only the release that made it can bring "
                        "it up to date: give this command with that release"
                    )
                await follower.go_on(until, connection)
            yield connection

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[Connection]:
        """A transaction in which nobody else makes, swaps or drops generations of this projection."""
        async with self._pool.acquire() as connection, connection.transaction():
            await generations.one_at_a_time(connection, self.name)
            yield connection

    async def _states(self, connection: Connection) -> dict[int, str]:
        return {generation.number: generation.state for generation in await generations_of(connection, self.name)}

    async def _in_state(self, state: str) -> Generation | None:
        return next((g for g in await self.generations() if g.state == state), None)

    def _fail(self, why: str) -> NoReturn:
        raise GenerationError(self.name, why)
