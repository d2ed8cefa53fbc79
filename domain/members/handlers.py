"""Load, decide, save: one short function per command about members."""

from domain.kernel.errors import refuse_if
from domain.kernel.ids import MemberId
from domain.kernel.messages import Command
from domain.members import commands
from domain.members.member import Member
from domain.unit_of_work import Handler, UnitOfWork


async def register_member(command: commands.RegisterMember, work: UnitOfWork) -> MemberId:
    refuse_if([work.rulebook.unknown_city(command.city_id)])
    work.add(Member.register(command, work.rulebook.key, work.now))
    return command.member_id


async def verify_email(command: commands.VerifyEmail, work: UnitOfWork) -> None:
    (await _member(command.member_id, work)).verify_email(command.code, work.now)


async def submit_licence(command: commands.SubmitLicence, work: UnitOfWork) -> None:
    (await _member(command.member_id, work)).submit_licence(command, work.now)


async def verify_licence(command: commands.VerifyLicence, work: UnitOfWork) -> None:
    (await _member(command.member_id, work)).verify_licence(work.now)


async def reject_licence(command: commands.RejectLicence, work: UnitOfWork) -> None:
    (await _member(command.member_id, work)).reject_licence(command.reason, work.now)


async def add_payment_method(command: commands.AddPaymentMethod, work: UnitOfWork) -> str:
    (await _member(command.member_id, work)).add_payment_method(command, work.now)
    return command.method_id


async def remove_payment_method(command: commands.RemovePaymentMethod, work: UnitOfWork) -> None:
    (await _member(command.member_id, work)).remove_payment_method(command.method_id, work.now)


async def block_member(command: commands.BlockMember, work: UnitOfWork) -> None:
    (await _member(command.member_id, work)).block(command.reason, work.now)


async def unblock_member(command: commands.UnblockMember, work: UnitOfWork) -> None:
    (await _member(command.member_id, work)).unblock(command.reason, work.now)


async def erase_member(command: commands.EraseMember, work: UnitOfWork) -> None:
    """A reservation or a trip that begins meanwhile changes the member too: one of the two decides again."""
    member = await work.load(Member, command.member_id)
    member.erase(command.reason, work.metadata.actor.id, work.now)


async def _member(member_id: MemberId, work: UnitOfWork) -> Member:
    """A member about whom something may still be noted. Refused once erased."""
    member = await work.load(Member, member_id)
    refuse_if([member.erasure()])
    return member


HANDLERS: dict[type[Command], Handler] = {
    commands.RegisterMember: register_member,
    commands.VerifyEmail: verify_email,
    commands.SubmitLicence: submit_licence,
    commands.VerifyLicence: verify_licence,
    commands.RejectLicence: reject_licence,
    commands.AddPaymentMethod: add_payment_method,
    commands.RemovePaymentMethod: remove_payment_method,
    commands.BlockMember: block_member,
    commands.UnblockMember: unblock_member,
    commands.EraseMember: erase_member,
}
