"""What follows for sessions from what happens to people."""

from collections.abc import Iterable

from domain.identity.commands import RevokeAllSessions
from domain.kernel.messages import RecordedEvent, Role
from domain.kernel.policy import Policies, Reaction
from domain.members.member import Member


def when_member_erased_then_revoke_all_sessions(recorded: RecordedEvent, event: Member.Erased) -> Iterable[Reaction]:
    """The tokens have ended with the event itself; this ends what could get new ones."""
    yield RevokeAllSessions(role=Role.MEMBER, subject_id=str(event.originator_id), reason="the member was erased")


POLICIES: Policies = {
    Member.Erased: (when_member_erased_then_revoke_all_sessions,),
}
