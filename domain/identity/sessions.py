"""The sessions of one subject: where somebody is logged in, and what ended it."""

from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, NamedTuple, Self
from uuid import UUID

from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.ids import derived_id
from domain.kernel.messages import Role
from domain.kernel.personal import Personal
from domain.kernel.values import Instant, Value

MOST_SESSIONS = 20
"""So many are open at a time; one more ends the oldest."""


class LoginMethod(StrEnum):
    """How somebody proved who they are."""

    MAIL_CODE = "mail_code"
    IDENTITY_PROVIDER = "identity_provider"
    PAGE_CODE = "page_code"


class Subject(NamedTuple):
    """Who a token is for: a member by id, an employee or a partner by name."""

    service: str
    role: Role
    id: str

    @property
    def sessions_id(self) -> UUID:
        """Of their aggregate."""
        return derived_id("identity.sessions", self.service, self.role, self.id)


class Login(Value):
    """How and when somebody proved who they are."""

    method: LoginMethod
    at: Instant


class Sessions(Aggregate):
    """begun -> (session opened -> session revoked)*, or all of them revoked at once."""

    TOPIC = "identity.sessions"

    service: str
    role: Role
    subject_id: str
    open: dict[UUID, Login] = field(default_factory=dict)
    """The oldest first. One whose refresh token was not used in time stays here and is of no use."""

    class Begun(Created):
        """Somebody logs in for the first time."""

        TOPIC = "identity.sessions.begun"
        service: str
        role: Role
        subject_id: str

    class SessionOpened(Event):
        """A login."""

        TOPIC = "identity.sessions.session_opened"
        session_id: UUID
        method: LoginMethod

        def apply(self, aggregate: "Sessions") -> None:
            aggregate.open = {**aggregate.open, self.session_id: Login(method=self.method, at=self.timestamp)}

    class SessionRevoked(Event):
        """A logout, or there were too many sessions."""

        TOPIC = "identity.sessions.session_revoked"
        session_id: UUID
        reason: str

        def apply(self, aggregate: "Sessions") -> None:
            aggregate.open = {id: login for id, login in aggregate.open.items() if id != self.session_id}

    class RefreshTokenReused(Event):
        """A refresh token came a second time, so somebody else has it: the session has ended."""

        TOPIC = "identity.sessions.refresh_token_reused"
        session_id: UUID

        def apply(self, aggregate: "Sessions") -> None:
            aggregate.open = {id: login for id, login in aggregate.open.items() if id != self.session_id}

    class AllRevoked(Event):
        """Every session has ended, and every token without a session that was issued before."""

        TOPIC = "identity.sessions.all_revoked"
        subject: ClassVar[str] = "told_of"
        service: str
        role: Role
        subject_id: str
        told_of: UUID
        """Under whose key the reason is: the member's, else nobody's but these sessions'."""
        session_ids: tuple[UUID, ...]
        reason: Personal[str]

        def apply(self, aggregate: "Sessions") -> None:
            aggregate.open = {}

    @classmethod
    def of(cls, subject: Subject, at: datetime) -> Self:
        """Of somebody who has not logged in before."""
        facts = {"service": subject.service, "role": subject.role, "subject_id": subject.id}
        return cls.begin(cls.Begun, id=subject.sessions_id, timestamp=at, **facts)

    def open_session(self, session_id: UUID, method: LoginMethod, at: datetime) -> None:
        """Log in."""
        for oldest in list(self.open)[: max(0, len(self.open) - MOST_SESSIONS + 1)]:
            self.revoke(oldest, "too many sessions", at)
        self.trigger_event(self.SessionOpened, session_id=session_id, method=method, timestamp=at)

    def revoke(self, session_id: UUID, reason: str, at: datetime) -> None:
        """Log out; a session that is not open changes nothing."""
        if session_id in self.open:
            self.trigger_event(self.SessionRevoked, session_id=session_id, reason=reason, timestamp=at)

    def report_reuse(self, session_id: UUID, at: datetime) -> None:
        """End a session whose refresh token came twice; one that is not open changes nothing."""
        if session_id in self.open:
            self.trigger_event(self.RefreshTokenReused, session_id=session_id, timestamp=at)

    def revoke_all(self, reason: str, at: datetime) -> None:
        """End everything that was given out until now."""
        whose = {"service": self.service, "role": self.role, "subject_id": self.subject_id}
        why = {"reason": reason, "told_of": self.told_of}
        self.trigger_event(self.AllRevoked, session_ids=tuple(self.open), timestamp=at, **why, **whose)

    @property
    def told_of(self) -> UUID:
        """The member whose sessions these are, else they themselves."""
        try:
            return UUID(self.subject_id) if self.role is Role.MEMBER else self.id
        except ValueError:  # somebody who is no member, and has no session either
            return self.id
