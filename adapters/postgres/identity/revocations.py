"""Which tokens have ended before their time, read from the log into memory: the port `Revocations`."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from time import monotonic
from uuid import UUID

import asyncpg

from adapters.postgres.database import TRANSIENT_ERRORS, retrying
from adapters.waiting import is_set_within
from domain.identity.sessions import Sessions, Subject
from domain.kernel.messages import Role
from domain.members.member import Member

log = logging.getLogger(__name__)

POLL_SECONDS = 0.4
"""How old what a process knows may be."""
FORGET_SECONDS = 3600.0
"""How often what no token can be of any more is forgotten."""
LONGEST_LIFE = timedelta(days=7)
"""No token is good for longer, so that no revocation need be remembered for longer."""
LEEWAY_S = 5.0
"""How far the clocks of hosts that issue tokens may be ahead of the database's."""

# The topics stand here as the index has them: PostgreSQL must know them when it plans.
_SINCE = """
select notification_id, topic, originator_id, recorded_at, metadata ->> 'service' as service,
    convert_from(state, 'UTF8')::jsonb as state
from csbe.events
where topic in ('identity.sessions.session_revoked', 'identity.sessions.refresh_token_reused',
        'identity.sessions.all_revoked', 'members.member.erased')
    and notification_id > $1 and recorded_at > $2
order by notification_id
"""
_END = "select coalesce(max(notification_id), 0) from csbe.events"


class LogRevocations:
    """Implements `Revocations`. `refresh` before the first use."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._position: int | None = None
        self._refreshing = asyncio.Lock()
        self._sessions: dict[UUID, datetime] = {}
        self._subjects: dict[Subject, datetime] = {}
        """When all of somebody's tokens were revoked."""
        self._erased: dict[Subject, datetime] = {}

    def holds(self, subject: Subject, session_id: UUID | None, issued_at: float) -> bool:
        if subject in self._erased:
            return True
        if session_id is not None:
            return session_id in self._sessions
        all_at = self._subjects.get(subject)
        return all_at is not None and issued_at <= all_at.timestamp() + LEEWAY_S

    async def refresh(self) -> None:
        async with self._refreshing:
            oldest, begins = datetime.now(UTC) - LONGEST_LIFE, self._position is None
            end = await retrying(lambda: self._pool.fetchval(_END)) if begins else 0
            for row in await retrying(lambda: self._pool.fetch(_SINCE, self._position or 0, oldest)):
                self._take_up(row)
                end = row["notification_id"]
            self._position = max(self._position or 0, end)

    async def run(self, stop: asyncio.Event) -> None:
        """Stay up to date until told to stop."""
        forgot_at = monotonic()
        while not stop.is_set():
            try:
                await self.refresh()
            except TRANSIENT_ERRORS:
                log.warning("revocations could not be read; those that are known hold on", exc_info=True)
            if monotonic() - forgot_at > FORGET_SECONDS:
                self._forget(datetime.now(UTC) - LONGEST_LIFE)
                forgot_at = monotonic()
            await is_set_within(stop, POLL_SECONDS)

    def _take_up(self, row: asyncpg.Record) -> None:
        state, at = row["state"], row["recorded_at"]
        if row["topic"] == Member.Erased.TOPIC:
            self._erased[Subject(service=row["service"], role=Role.MEMBER, id=str(row["originator_id"]))] = at
        elif row["topic"] == Sessions.AllRevoked.TOPIC:
            self._subjects[Subject(service=state["service"], role=state["role"], id=state["subject_id"])] = at
            self._sessions |= dict.fromkeys(map(UUID, state["session_ids"]), at)
        else:
            self._sessions[UUID(state["session_id"])] = at

    def _forget(self, before: datetime) -> None:
        """What no token can be of any more."""
        self._sessions = {id: at for id, at in self._sessions.items() if at >= before}
        self._subjects = {who: at for who, at in self._subjects.items() if at >= before}
        self._erased = {who: at for who, at in self._erased.items() if at >= before}
