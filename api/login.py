"""Logging in by a code that was mailed, an identity provider, or a page's one-time code; going on, and ending it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from api.auth import TokenAuthority
from api.command_ids import new_id
from domain.dispatcher import Dispatcher
from domain.identity import sessions as identity
from domain.identity.commands import OpenSession, ReportRefreshReuse, RevokeSession
from domain.identity.ports import (
    Grant,
    LoginCodes,
    PageCodes,
    RefreshReusedError,
    RefreshTokens,
    Revocations,
    TooManyTriesError,
)
from domain.identity.sessions import LoginMethod, Sessions, Subject
from domain.kernel.errors import NotFoundError, RefusedError
from domain.kernel.ids import derived_id
from domain.kernel.messages import Actor, Command, Metadata, Role
from domain.kernel.ports import Clock, EventStore
from domain.members.commands import VerifyEmail

__all__ = ["Login", "LoginRefusedError", "TokenPair", "TooManyTriesError"]

PAGE_CODE_LIFE = timedelta(minutes=2)
"""Of the code with which a browser comes back from the identity provider."""


class LoginRefusedError(Exception):
    """Nobody is logged in. Why is for the security log alone, with what little is known of who it was."""

    def __init__(self, why: str, grant: Grant | None = None) -> None:
        super().__init__(why)
        self.grant = grant


@dataclass(frozen=True)
class TokenPair:
    """What a login gives (RFC 6749, 5.1)."""

    access_token: str
    refresh_token: str
    expires_in: timedelta
    """Of the access token."""
    grant: Grant


class LiveSession(NamedTuple):
    """Where somebody is logged in."""

    id: UUID
    login: identity.Login
    ends_at: datetime
    """If it is not gone on with."""


@dataclass(frozen=True)
class Login:
    """Opens sessions for whoever proves who they are."""

    dispatcher: Dispatcher
    store: EventStore
    clock: Clock
    tokens: TokenAuthority
    access_life: timedelta
    codes: LoginCodes
    refresh_tokens: RefreshTokens
    pages: PageCodes
    revocations: Revocations

    async def send_code(self, service: str, email: str) -> None:
        """Have a code mailed, if the address is a member's. Raises `TooManyTriesError`."""
        await self.codes.ask(new_id(), service, email, self.clock.now())

    async def by_code(self, service: str, email: str, code: str) -> TokenPair:
        """Log a member in, whose address the code proves. Raises `LoginRefusedError`, `TooManyTriesError`."""
        used = await self.codes.use(service, email, code, self.clock.now())
        if used is None:
            raise LoginRefusedError("wrong code")
        subject = Subject(service, Role.MEMBER, str(used.member_id))
        try:
            await self._give(VerifyEmail(member_id=used.member_id), subject, used.code_id)
        except (RefusedError, NotFoundError) as error:
            raise LoginRefusedError("no such member any more") from error
        return await self.open(subject, LoginMethod.MAIL_CODE)

    async def page_address(self, subject: Subject, base_url: str, life: timedelta) -> str:
        """The live page's address with a one-time code, by which whoever opens it first is logged in."""
        code = await self.pages.make(subject, self.clock.now() + life)
        return f"{base_url}/#code={code}"

    async def by_page_code(self, code: str) -> TokenPair:
        """Log the page in to which somebody was sent. Raises `LoginRefusedError`."""
        subject = await self.pages.use(code, self.clock.now())
        if subject is None:
            raise LoginRefusedError("wrong page code")
        return await self.open(subject, LoginMethod.PAGE_CODE)

    async def open(self, subject: Subject, method: LoginMethod) -> TokenPair:
        """A session of somebody who has proved who they are."""
        grant = Grant(subject, new_id())
        session = OpenSession(role=subject.role, subject_id=subject.id, session_id=grant.session_id, method=method)
        await self._give(session, subject, grant.session_id)
        return self._pair(grant, await self.refresh_tokens.begin(grant, self.clock.now()))

    async def refresh(self, token: str) -> TokenPair:
        """The next tokens of a session. Raises `LoginRefusedError`; a token that was used before ends the session."""
        try:
            found = await self.refresh_tokens.rotate(token, self.clock.now())
        except RefreshReusedError as reused:
            await self._end(reused.grant, ReportRefreshReuse)
            raise LoginRefusedError("refresh token reused", reused.grant) from reused
        if found is None:
            raise LoginRefusedError("unknown refresh token")
        grant, following = found
        if not await self._is_open(grant):
            raise LoginRefusedError("session has ended", grant)
        return self._pair(grant, following)

    async def end(self, token: str) -> Grant | None:
        """Log out of the session of a refresh token; returns which, if there was one."""
        grant = await self.refresh_tokens.find(token, self.clock.now())
        if grant is not None:
            await self._end(grant, RevokeSession)
        return grant

    async def sessions(self, subject: Subject) -> list[LiveSession]:
        """Where somebody is logged in and can go on, the newest first."""
        try:
            found = await self.store.load(Sessions, subject.sessions_id, service=subject.service)
        except NotFoundError:
            return []  # whoever has a token of no session may never have logged in
        ends = await self.refresh_tokens.ends(subject, self.clock.now())
        alive = [LiveSession(id, login, ends[id]) for id, login in found.open.items() if id in ends]
        return alive[::-1]

    async def _end(self, grant: Grant, command: type[ReportRefreshReuse | RevokeSession]) -> None:
        subject = grant.subject
        session = command(role=subject.role, subject_id=subject.id, session_id=grant.session_id)
        await self._give(session, subject, grant.session_id)
        await self.revocations.refresh()

    async def _is_open(self, grant: Grant) -> bool:
        """By the log, so that it is true for each process at once."""
        await self.revocations.refresh()
        if self.revocations.holds(grant.subject, grant.session_id, 0):
            return False
        sessions = await self.store.load(Sessions, grant.subject.sessions_id, service=grant.subject.service)
        return grant.session_id in sessions.open

    async def _give(self, command: Command, subject: Subject, cause: UUID) -> None:
        id, actor = derived_id(command.NAME, cause), Actor(role=subject.role, id=subject.id)
        metadata = Metadata.of(command, id=id, actor=actor, service=subject.service)
        await self.dispatcher.dispatch(command, metadata)

    def _pair(self, grant: Grant, refresh_token: str) -> TokenPair:
        subject = grant.subject
        access = self.tokens.issue(
            subject.role,
            subject.id,
            service=subject.service,
            at=datetime.now(UTC),  # tokens tell the machine's time, by which everybody checks them
            expires_in=self.access_life,
            session_id=grant.session_id,
        )
        return TokenPair(access, refresh_token, self.access_life, grant)
