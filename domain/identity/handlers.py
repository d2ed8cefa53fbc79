"""Load, decide, save: one short function per command about sessions."""

from domain.identity import commands
from domain.identity.sessions import Sessions, Subject
from domain.kernel.messages import Command, Role
from domain.unit_of_work import Handler, UnitOfWork


async def open_session(command: commands.OpenSession, work: UnitOfWork) -> None:
    sessions = await _sessions(command.role, command.subject_id, work)
    sessions.open_session(command.session_id, command.method, work.now)


async def revoke_session(command: commands.RevokeSession, work: UnitOfWork) -> None:
    sessions = await _sessions(command.role, command.subject_id, work)
    sessions.revoke(command.session_id, "logged out", work.now)


async def report_refresh_reuse(command: commands.ReportRefreshReuse, work: UnitOfWork) -> None:
    sessions = await _sessions(command.role, command.subject_id, work)
    sessions.report_reuse(command.session_id, work.now)


async def revoke_all_sessions(command: commands.RevokeAllSessions, work: UnitOfWork) -> None:
    sessions = await _sessions(command.role, command.subject_id, work)
    sessions.revoke_all(command.reason, work.now)


async def _sessions(role: Role, subject_id: str, work: UnitOfWork) -> Sessions:
    """Of this subject in the service; begun when there are none yet."""
    subject = Subject(service=work.metadata.service, role=role, id=subject_id)
    found = await work.find(Sessions, subject.sessions_id)
    if found is None:
        found = Sessions.of(subject, work.now)
        work.add(found)
    return found


HANDLERS: dict[type[Command], Handler] = {
    commands.OpenSession: open_session,
    commands.RevokeSession: revoke_session,
    commands.ReportRefreshReuse: report_refresh_reuse,
    commands.RevokeAllSessions: revoke_all_sessions,
}
