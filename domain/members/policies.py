"""What follows from what happens to a member."""

from collections.abc import Iterable

from domain.kernel.ids import MemberId
from domain.kernel.messages import RecordedEvent
from domain.kernel.policy import DestroyKey, ForgetIdentifier, Policies, Reaction, Scheduled, SendMessage
from domain.members.commands import EndBan
from domain.members.identifier import Identifier
from domain.members.member import Member


def when_registered_then_ask_to_verify_email(recorded: RecordedEvent, event: Member.Registered) -> Iterable[Reaction]:
    """The code is made when the mail is written.

    Something else is written where the address belongs to another account, whose owner is told.
    """
    yield SendMessage(member_id=MemberId(event.originator_id), template="verify_email")


def when_licence_verified_then_tell_member(
    recorded: RecordedEvent, event: Member.LicenceVerified
) -> Iterable[Reaction]:
    """The member may drive from now on, as far as the licence goes."""
    yield SendMessage(member_id=MemberId(event.originator_id), template="licence_verified")


def when_licence_rejected_then_tell_member(
    recorded: RecordedEvent, event: Member.LicenceRejected
) -> Iterable[Reaction]:
    """With the reason, which the messenger looks up: it may tell something of the person."""
    yield SendMessage(member_id=MemberId(event.originator_id), template="licence_rejected")


def when_blocked_then_tell_member(recorded: RecordedEvent, event: Member.Blocked) -> Iterable[Reaction]:
    """The reason is for the agents; the member is asked to get in touch."""
    yield SendMessage(member_id=MemberId(event.originator_id), template="account_blocked")


def when_in_arrears_then_tell_member(recorded: RecordedEvent, event: Member.FellIntoArrears) -> Iterable[Reaction]:
    """That the payment failed is told by billing; this is what follows from it."""
    yield SendMessage(member_id=MemberId(event.originator_id), template="account_in_arrears")


def when_arrears_settled_then_tell_member(recorded: RecordedEvent, event: Member.ArrearsSettled) -> Iterable[Reaction]:
    """As far as this invoice goes."""
    yield SendMessage(member_id=MemberId(event.originator_id), template="arrears_settled")


def when_ban_kept_then_end_it(recorded: RecordedEvent, event: Identifier.BanKept) -> Iterable[Reaction]:
    """What is kept of somebody who was erased is kept until the day that was set then."""
    identifier_id, member_id = event.originator_id, event.member_id
    yield Scheduled(due_at=event.until, command=EndBan(identifier_id=identifier_id, member_id=member_id))


def when_forgotten_then_nothing_leads_to_it(recorded: RecordedEvent, event: Identifier.Forgotten) -> Iterable[Reaction]:
    """Tried again until it is done."""
    yield ForgetIdentifier(identifier_id=event.originator_id)


def when_member_erased_then_destroy_key(recorded: RecordedEvent, event: Member.Erased) -> Iterable[Reaction]:
    """Tried again until it is done: what is on record must become so."""
    yield DestroyKey(subject=event.originator_id)


POLICIES: Policies = {
    Member.Registered: (when_registered_then_ask_to_verify_email,),
    Member.LicenceVerified: (when_licence_verified_then_tell_member,),
    Member.LicenceRejected: (when_licence_rejected_then_tell_member,),
    Member.Blocked: (when_blocked_then_tell_member,),
    Member.FellIntoArrears: (when_in_arrears_then_tell_member,),
    Member.ArrearsSettled: (when_arrears_settled_then_tell_member,),
    Member.Erased: (when_member_erased_then_destroy_key,),
    Identifier.BanKept: (when_ban_kept_then_end_it,),
    Identifier.Forgotten: (when_forgotten_then_nothing_leads_to_it,),
}
