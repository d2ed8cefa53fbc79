"""Load, decide, save: one short function per command about members."""

from datetime import date

from domain.kernel.errors import refuse_if
from domain.kernel.ids import MemberId
from domain.kernel.messages import Command
from domain.members import commands
from domain.members.age import birth_date_violation
from domain.members.eligibility import method_expired
from domain.members.identification import identifiers, identify, let_go, turn_away_if_known
from domain.members.identifier import Identifier
from domain.members.identifier import IdentifierKind as Kind
from domain.members.licence_check import date_violations
from domain.members.member import Member
from domain.members.sameness import same_email, same_licence
from domain.unit_of_work import Handler, UnitOfWork


async def register_member(command: commands.RegisterMember, work: UnitOfWork) -> MemberId:
    unknown = work.rulebook.unknown_city(command.city_id)
    today = work.now.date() if unknown else work.rulebook.city(command.city_id).local_day(work.now)
    refuse_if([unknown, birth_date_violation(command.birth_date, work.rulebook.eligibility, today)])
    member = Member.register(command, work.rulebook.key, work.now)
    work.add(member)
    await turn_away_if_known(member, command.email, work)
    return command.member_id


async def verify_email(command: commands.VerifyEmail, work: UnitOfWork) -> None:
    member = await _member(command.member_id, work)
    if member.email_verified:
        return
    member.verify_email(work.now)
    if member.email is not None:
        await identify(member, Kind.EMAIL, same_email(member.email), work)


async def change_address(command: commands.ChangeAddress, work: UnitOfWork) -> None:
    (await _member(command.member_id, work)).change_address(command.address, work.now)


async def submit_licence(command: commands.SubmitLicence, work: UnitOfWork) -> None:
    member = await _member(command.member_id, work)
    refuse_if(date_violations(command, member.birth_date, _today(member, work)))
    await identify(member, Kind.LICENCE, same_licence(command.country, command.number), work)
    member.submit_licence(command, work.now)


async def verify_licence(command: commands.VerifyLicence, work: UnitOfWork) -> None:
    member = await _member(command.member_id, work)
    member.verify_licence(work.now, _today(member, work))


async def reject_licence(command: commands.RejectLicence, work: UnitOfWork) -> None:
    (await _member(command.member_id, work)).reject_licence(command.reason, work.now)


async def add_payment_method(command: commands.AddPaymentMethod, work: UnitOfWork) -> str:
    member = await _member(command.member_id, work)
    refuse_if([method_expired(command.expires_on, _today(member, work))])
    if command.fingerprint is not None:
        await identify(member, Kind.PAYMENT_METHOD, command.fingerprint, work, command.method_id)
    member.add_payment_method(command, work.now)
    return command.method_id


async def remove_payment_method(command: commands.RemovePaymentMethod, work: UnitOfWork) -> None:
    member = await _member(command.member_id, work)
    await let_go(member, Kind.PAYMENT_METHOD, work, command.method_id)
    member.remove_payment_method(command.method_id, work.now)


async def clear_review(command: commands.ClearReview, work: UnitOfWork) -> None:
    (await _member(command.member_id, work)).clear_review(command.reason, work.now)


async def block_member(command: commands.BlockMember, work: UnitOfWork) -> None:
    member = await _member(command.member_id, work)
    member.block(command.reason, work.now)
    for identifier in await identifiers(member, work):
        identifier.ban(member.id, work.now)


async def unblock_member(command: commands.UnblockMember, work: UnitOfWork) -> None:
    member = await _member(command.member_id, work)
    member.unblock(command.reason, work.now)
    for identifier in await identifiers(member, work):
        identifier.lift_ban(member.id, work.now)


async def erase_member(command: commands.EraseMember, work: UnitOfWork) -> None:
    """A reservation or a trip that begins meanwhile changes the member too: one of the two decides again."""
    member = await work.load(Member, command.member_id)
    known, ban_until = await identifiers(member, work), work.now + work.rulebook.uniqueness.ban_kept_for
    member.erase(command.reason, work.metadata.actor.id, work.now)
    for identifier in known:
        identifier.erase(member.id, work.now, ban_until=ban_until)


async def end_ban(command: commands.EndBan, work: UnitOfWork) -> None:
    """Of somebody who is erased, so that nobody else can lift it."""
    (await work.load(Identifier, command.identifier_id)).lift_ban(command.member_id, work.now)


def _today(member: Member, work: UnitOfWork) -> date:
    """The day that it is where the member registered."""
    return work.rulebook.city(member.city_id).local_day(work.now)


async def _member(member_id: MemberId, work: UnitOfWork) -> Member:
    """A member about whom something may still be noted. Refused once erased."""
    member = await work.load(Member, member_id)
    refuse_if([member.erasure()])
    return member


HANDLERS: dict[type[Command], Handler] = {
    commands.RegisterMember: register_member,
    commands.VerifyEmail: verify_email,
    commands.ChangeAddress: change_address,
    commands.SubmitLicence: submit_licence,
    commands.VerifyLicence: verify_licence,
    commands.RejectLicence: reject_licence,
    commands.AddPaymentMethod: add_payment_method,
    commands.RemovePaymentMethod: remove_payment_method,
    commands.ClearReview: clear_review,
    commands.EndBan: end_ban,
    commands.BlockMember: block_member,
    commands.UnblockMember: unblock_member,
    commands.EraseMember: erase_member,
}
