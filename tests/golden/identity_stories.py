"""Stories of logging in and out, told to the real domain."""

from uuid import UUID

from domain.identity import commands as identity
from domain.identity.sessions import LoginMethod
from domain.kernel.ids import derived_id
from domain.kernel.messages import Role
from tests.support.world import World

OPERATOR, OLGA = Role.OPERATOR, "olga"


async def an_employee_logs_in_and_out(world: World) -> None:
    """One session ends by a logout, one by a stolen token, one with all."""
    first, second, third = (_session(number) for number in range(3))
    for session in (first, second, third):
        await world.do(_opened(session))
    await world.do(identity.RevokeSession(role=OPERATOR, subject_id=OLGA, session_id=first))
    await world.do(identity.ReportRefreshReuse(role=OPERATOR, subject_id=OLGA, session_id=second))
    await world.do(identity.RevokeAllSessions(role=OPERATOR, subject_id=OLGA, reason="the laptop was stolen"))


def _opened(session: UUID) -> identity.OpenSession:
    method = LoginMethod.IDENTITY_PROVIDER
    return identity.OpenSession(role=OPERATOR, subject_id=OLGA, session_id=session, method=method)


def _session(number: int) -> UUID:
    return derived_id("session", number)
