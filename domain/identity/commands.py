"""What may be asked for about sessions. The service is that of the request."""

from uuid import UUID

from domain.identity.sessions import LoginMethod
from domain.kernel.messages import Command, Role
from domain.kernel.personal import Told


class OpenSession(Command):
    """Log somebody in who has proved who they are."""

    NAME = "identity.open_session"

    role: Role
    subject_id: str
    session_id: UUID
    method: LoginMethod


class RevokeSession(Command):
    """End one session: a logout."""

    NAME = "identity.revoke_session"

    role: Role
    subject_id: str
    session_id: UUID


class ReportRefreshReuse(Command):
    """End a session whose refresh token was used twice."""

    NAME = "identity.report_refresh_reuse"

    role: Role
    subject_id: str
    session_id: UUID


class RevokeAllSessions(Command):
    """End every session of somebody, and every token that was issued to them until now."""

    NAME = "identity.revoke_all_sessions"

    role: Role
    subject_id: str
    reason: Told[str]
