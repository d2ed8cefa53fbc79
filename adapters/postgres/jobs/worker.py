"""Policies and what follows from them: one follower writes jobs, one worker carries them out, both survive a crash."""

import asyncio
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import structlog
from pydantic import TypeAdapter

from adapters import tracing
from adapters.postgres.database import TRANSIENT_ERRORS, UnencodableError
from adapters.postgres.desks import Desk
from adapters.postgres.jobs.queue import Job, JobFailure, JobQueue
from adapters.postgres.listener import Channel
from domain.kernel.errors import DomainError, VersionConflictError
from domain.kernel.messages import Command, Metadata
from domain.kernel.policy import Effect
from domain.kernel.ports import Clock, GatewayUnavailableError

log = structlog.get_logger(__name__)

EFFECT_SECONDS = 20.0
"""How long the outside world may take for one effect: less than a claim, so that no other worker begins it too."""
SLOW_SECONDS = 0.25
"""After which a job is finished in the background, so that a gateway that hangs does not hold up the others."""
MAX_ATTEMPTS = 20
FIRST_BACKOFF = timedelta(seconds=0.5)
MAX_BACKOFF = timedelta(minutes=10)
IDLE_POLL_S = 0.5
_effects: TypeAdapter[Effect] = TypeAdapter(Effect)


Perform = Callable[[Effect, str], Awaitable[Command | None]]
"""Carries out an effect under an idempotency key; returns the command that brings the answer back, if there is one."""

Outcome = Job | JobFailure
"""The job, once it is carried out, or why it was not."""


class JobWorker:
    """Carries out due jobs: commands by the dispatcher, effects by the gateways. Retries, backs off, then gives up.

    A refusal fails for good at once. Trouble with the database is nobody's failure and does not count.
    """

    def __init__(
        self,
        queue: JobQueue,
        news: Channel,
        clock: Clock,
        commands: Mapping[str, type[Command]],
        dispatch: Callable[[Command, Metadata], Awaitable[object]],
        perform: Perform,
        *,
        batch: int = 64,
    ) -> None:
        self._queue = queue
        self._news = news
        self._clock = clock
        self._commands = commands
        self._dispatch = dispatch
        self._perform = perform
        self._batch = batch
        self._busy: dict[asyncio.Task[Outcome], Job] = {}
        self._number: int | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; a lost database connection is waited out."""
        while not stop.is_set():
            try:
                async with self._queue.desk(self._in_hand) as desk:
                    self._number = desk.number
                    await self._work(desk, stop)
            except TRANSIENT_ERRORS as error:
                log.warning("job worker lost the database", error=str(error))
                await asyncio.sleep(IDLE_POLL_S)
        with suppress(*TRANSIENT_ERRORS):  # without the database: others take it over when the claims run out
            await self._finish(timeout=None)

    @property
    def _in_hand(self) -> list[UUID]:
        return [job.id for job in self._busy.values()]

    async def _work(self, desk: Desk, stop: asyncio.Event) -> None:
        while not stop.is_set():
            seen = self._news.count
            if gone := await desk.clear_others(self._clock.now()):
                log.warning("jobs of workers who are gone are free", workers=gone)
            if await self.run_due() == 0:
                await self._news.wait(seen, await self._idle_s())
        await self._finish(timeout=None)  # at the desk, so that nobody takes it for left behind

    async def run_due(self) -> int:
        """Carry out a batch of due jobs, in the background what takes long; returns how many there were.

        None of a kind of which half a batch hangs there already: they take no room from the others.
        """
        room, hanging = room_beside(Counter(job.kind for job in self._busy.values()), self._batch)
        if room == 0:
            await self._finish(timeout=SLOW_SECONDS)
            return 0
        now, in_hand = self._clock.now(), self._in_hand
        jobs = await self._queue.claim(now, room, without=hanging, by=self._number, in_hand=in_hand)
        self._busy |= {asyncio.create_task(self._carry_out(job)): job for job in jobs}
        await self._finish(timeout=SLOW_SECONDS)
        return len(jobs)

    async def _finish(self, timeout: float | None) -> None:  # noqa: ASYNC109 (the time is up for waiting, not for them)
        """Write down what is carried out by then."""
        if not self._busy:
            return
        carried_out, _ = await asyncio.wait(self._busy, timeout=timeout)
        self._busy = {task: job for task, job in self._busy.items() if task not in carried_out}
        outcomes = [job.result() for job in carried_out]
        done = [outcome for outcome in outcomes if isinstance(outcome, Job)]
        failures = [outcome for outcome in outcomes if isinstance(outcome, JobFailure)]
        if outcomes:
            await self._queue.finish(done, failures)

    async def _idle_s(self) -> float:
        next_due = await self._queue.next_due()
        if next_due is None:
            return IDLE_POLL_S
        until_due: float = (next_due - self._clock.now()).total_seconds()
        return min(IDLE_POLL_S, max(0.001, until_due))

    async def _carry_out(self, job: Job) -> Outcome:
        """Never raises: one job's trouble is not the others'."""
        with structlog.contextvars.bound_contextvars(
            job=str(job.id),
            kind=job.kind,
            correlation_id=str(job.correlation_id),
            causation_id=str(job.causation_id),
        ):
            try:
                with tracing.span(f"job {job.kind}", tracing.SpanKind.CONSUMER, parent=job.traceparent) as span:
                    span.set_attributes({"csbe.job.id": str(job.id), "csbe.policy": job.policy})
                    await self._do(job)
            except (DomainError, GatewayUnavailableError) as error:
                return self._failure(job, error, str(error))
            except UnencodableError as error:  # looks like a lost connection, and is none
                return self._failure(job, error, _place_of(error))
            except TRANSIENT_ERRORS as error:
                log.warning("job waits for the database", error=type(error).__name__)
                again_at = self._clock.now() + FIRST_BACKOFF
                return JobFailure(job, job.attempts, type(error).__name__, due_at=again_at)
            except Exception as error:  # noqa: BLE001 (whatever a handler or a gateway raises, the worker goes on)
                return self._failure(job, error, _place_of(error))
        return job

    async def _do(self, job: Job) -> None:
        if (command_class := self._commands.get(job.kind)) is not None:
            command = command_class.model_validate_json(job.payload)
            await self._dispatch(command, job.metadata(command))
            return
        answer = await self._perform_in_time(_effects.validate_json(job.payload), str(job.id))
        if answer is not None:
            await self._dispatch(answer, job.metadata(answer, part="answer"))

    async def _perform_in_time(self, effect: Effect, key: str) -> Command | None:
        try:
            async with asyncio.timeout(EFFECT_SECONDS):
                return await self._perform(effect, key)
        except OSError as error:  # time-outs among them
            msg = f"{effect.kind} was not answered: {type(error).__name__}"
            raise GatewayUnavailableError(msg) from error

    def _failure(self, job: Job, error: Exception, text: str) -> JobFailure:
        now, attempts = self._clock.now(), job.attempts + 1
        refused = isinstance(error, DomainError) and not isinstance(error, VersionConflictError)
        if refused or attempts >= MAX_ATTEMPTS:
            log.error("job failed", policy=job.policy, attempts=attempts, error=text)
            return JobFailure(job, attempts, text, failed_at=now)
        log.warning("job will be tried again", policy=job.policy, attempts=attempts, error=text)
        return JobFailure(job, attempts, text, due_at=now + min(MAX_BACKOFF, FIRST_BACKOFF * 2 ** (attempts - 1)))


def room_beside(busy: Mapping[str, int], batch: int) -> tuple[int, list[str]]:
    """For how many jobs there is room beside those in hand, by kind; and the kinds of which none is taken.

    A kind that hangs takes no room. Once it hangs no longer it does again, beside what was let in meanwhile: then there
    may be none until enough is finished.
    """
    hanging = [kind for kind, count in busy.items() if count >= batch // 2]
    taken = sum(count for kind, count in busy.items() if kind not in hanging)
    return max(0, batch - taken), hanging


def _place_of(error: Exception) -> str:
    """Where an unforeseen error came up. Its text stays out: it may quote what is known of a person."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {frame.name}, {frame.filename}:{frame.lineno}"
