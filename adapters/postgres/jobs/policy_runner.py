"""The follower's consumer that asks policies what should follow an event, and stores it as jobs."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from adapters import tracing
from adapters.postgres.database import Connection
from adapters.postgres.listener import JOBS
from domain.kernel.ids import event_id
from domain.kernel.messages import Command, RecordedEvent
from domain.kernel.policy import Policies, Policy, Reaction, Scheduled, reaction_id

WORTH_WAKING = timedelta(seconds=1)
"""A worker is woken for what is due before this; it finds by itself, in time, what is due later."""

_INSERT = """
insert into csbe.jobs (id, policy, kind, payload, service, correlation_id, causation_id, due_at, traceparent)
select id, policy, kind, payload::jsonb, service, correlation_id, causation_id, due_at, traceparent
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::timestamptz[],
    $9::text[]) as job (id, policy, kind, payload, service, correlation_id, causation_id, due_at, traceparent)
on conflict (id) do nothing
"""

_Row = tuple[UUID, str, str, str, str, UUID, UUID, datetime, str | None]
"""A job as `_INSERT` takes it."""


class PolicyRunner:
    """A follower's consumer: asks each policy of an event what should follow, and stores it with the position."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    @property
    def topics(self) -> list[str]:
        """Of the events that anything follows from; the others need not be read."""
        return [event.TOPIC for event in self._policies]

    async def __call__(self, events: Sequence[RecordedEvent], connection: Connection) -> None:
        """Store the reactions of a batch of events."""
        rows = [row for recorded in events for row in self._rows(recorded)]
        if rows:
            await connection.execute(_INSERT, *map(list, zip(*rows, strict=True)))
        if any(due_at < events[-1].recorded_at + WORTH_WAKING for *_, due_at, _traceparent in rows):
            await connection.execute("select pg_notify($1, '')", JOBS)

    def _rows(self, recorded: RecordedEvent) -> Iterable[_Row]:
        cause = event_id(recorded.event.originator_id, recorded.event.originator_version)
        for policy in self._policies.get(type(recorded.event), ()):
            for place, reaction in enumerate(policy(recorded, recorded.event)):
                yield _row(recorded, cause, policy, place, reaction)


def _row(recorded: RecordedEvent, cause: UUID, policy: Policy, place: int, reaction: Reaction) -> _Row:
    due_at, what = recorded.recorded_at, reaction
    if isinstance(reaction, Scheduled):
        due_at, what = reaction.due_at, reaction.command
    kind = what.NAME if isinstance(what, Command) else what.kind
    meta = recorded.metadata
    origin = (meta.service, meta.correlation_id, cause, due_at, tracing.onward(meta.traceparent))
    return reaction_id(recorded, policy, place), policy.__name__, kind, what.model_dump_json(), *origin
