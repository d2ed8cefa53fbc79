"""Members over HTTP: registration, licence, payment methods, blocks, one's own account."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from api.auth import Allowed, Caller
from api.command_ids import new_id
from api.problems import Problem
from api.rest.commands import TAGGED, Dispatch, DispatchIfMatch, InSystem, asked_for, tag
from api.rest.login import requested_service
from api.rest.routing import Router
from api.rest.schemas.base import Accepted, ReasonBody
from api.rest.schemas.members import (
    Account,
    AddressBody,
    LicenceBody,
    PaymentMethodBody,
    PaymentMethodShown,
    Profile,
    Registration,
)
from api.system import System
from domain.kernel.errors import RefusedError, Violation
from domain.kernel.ids import MemberId
from domain.kernel.messages import Actor, Role
from domain.kernel.payment_port import MethodDetails
from domain.members import commands
from domain.members.member import Member

router = Router(prefix="/v1/members", tags=["members"])

Oneself = Annotated[Caller, Depends(Allowed("own:read"))]
Reader = Annotated[Caller, Depends(Allowed("own:read", "members:read"))]
Writer = Annotated[Caller, Depends(Allowed("own:write", "members:write"))]
Agent = Annotated[Caller, Depends(Allowed("members:write"))]


@router.post("", status_code=201)
async def register_member(body: Registration, dispatch: Dispatch) -> Accepted:
    """Open an account. The code that is mailed proves the address and logs in: `POST /v1/login/tokens`."""
    system = dispatch.system
    service = requested_service(body.service, system)
    if (wait_s := await system.mail_allowance(body.email)) is not None:
        raise Problem.come_again(wait_s)
    member_id = MemberId(new_id())
    command = commands.RegisterMember(member_id=member_id, **body.model_dump(exclude={"service"}))
    asker = {"service": service, "role": "anonymous", "asker": body.email}
    id = system.command_ids.of(**asker, command=command.NAME, key=dispatch.key)
    oneself = Actor(role=Role.MEMBER, id=str(member_id))
    metadata = asked_for(command, id, oneself, service)
    return dispatch.made(await dispatch.send(command, member_id, metadata), among="/v1/members")


@router.get("/me", responses=TAGGED)
async def get_own_account(by: Oneself, system: InSystem, response: Response) -> Account:
    """One's own account."""
    return await _account(MemberId(UUID(by.subject)), by, system, response)


@router.get("/{member_id}", responses=TAGGED)
async def get_member(member_id: UUID, by: Reader, system: InSystem, response: Response) -> Account:
    """An account with its state and every reason against driving now."""
    return await _account(own_or_any(by, member_id, "members:read"), by, system, response)


@router.get("/{member_id}/profile")
async def get_profile(member_id: UUID, by: Reader, system: InSystem) -> Profile:
    """What the member gave at registration, and since."""
    member = await system.store.load(Member, own_or_any(by, member_id, "members:read"), service=by.service)
    return Profile.of(member, member_id=member.id)


@router.command("/{member_id}/address", commands.ChangeAddress)
async def change_address(member_id: UUID, body: AddressBody, by: Writer, dispatch: DispatchIfMatch) -> Accepted:
    command = commands.ChangeAddress(member_id=own_or_any(by, member_id, "members:write"), address=body.address)
    return await dispatch(command, member_id, by)


@router.command("/{member_id}/licence", commands.SubmitLicence)
async def submit_licence(member_id: UUID, body: LicenceBody, by: Writer, dispatch: DispatchIfMatch) -> Accepted:
    command = commands.SubmitLicence(member_id=own_or_any(by, member_id, "members:write"), **body.model_dump())
    return await dispatch(command, member_id, by)


@router.command("/{member_id}/licence/verify", commands.VerifyLicence)
async def verify_licence(member_id: UUID, by: Agent, dispatch: DispatchIfMatch) -> Accepted:
    return await dispatch(commands.VerifyLicence(member_id=MemberId(member_id)), member_id, by)


@router.command("/{member_id}/licence/reject", commands.RejectLicence)
async def reject_licence(member_id: UUID, body: ReasonBody, by: Agent, dispatch: DispatchIfMatch) -> Accepted:
    command = commands.RejectLicence(member_id=MemberId(member_id), reason=body.reason)
    return await dispatch(command, member_id, by)


@router.command("/{member_id}/payment-methods", commands.AddPaymentMethod, status_code=201)
async def add_payment_method(
    member_id: UUID, body: PaymentMethodBody, by: Writer, dispatch: DispatchIfMatch
) -> Accepted:
    owner = own_or_any(by, member_id, "members:write")
    said = await dispatch.system.describe_method(body.token)
    command = _as_known(owner, str(new_id()), body, said)
    done = await dispatch(command, member_id, by)
    return dispatch.made(done, among=f"/v1/members/{member_id}/payment-methods")


@router.get("/{member_id}/payment-methods/{method_id}")
async def get_payment_method(member_id: UUID, method_id: UUID, by: Reader, system: InSystem) -> PaymentMethodShown:
    """One payment method of an account, without the provider's token."""
    member = await system.store.load(Member, own_or_any(by, member_id, "members:read"), service=by.service)
    for method in member.payment_methods:
        if method.method_id == str(method_id):
            return PaymentMethodShown.model_validate(method)
    raise Problem.not_found("there is no such payment method")


@router.command("/{member_id}/payment-methods/{method_id}/remove", commands.RemovePaymentMethod)
async def remove_payment_method(member_id: UUID, method_id: UUID, by: Writer, dispatch: DispatchIfMatch) -> Accepted:
    """Not while a reservation or a trip may have to be charged."""
    owner = own_or_any(by, member_id, "members:write")
    command = commands.RemovePaymentMethod(member_id=owner, method_id=str(method_id))
    return await dispatch(command, member_id, by)


@router.command("/{member_id}/clear-review", commands.ClearReview)
async def clear_member_review(member_id: UUID, body: ReasonBody, by: Agent, dispatch: DispatchIfMatch) -> Accepted:
    command = commands.ClearReview(member_id=MemberId(member_id), reason=body.reason)
    return await dispatch(command, member_id, by)


@router.command("/{member_id}/block", commands.BlockMember)
async def block_member(member_id: UUID, body: ReasonBody, by: Agent, dispatch: DispatchIfMatch) -> Accepted:
    command = commands.BlockMember(member_id=MemberId(member_id), reason=body.reason)
    return await dispatch(command, member_id, by)


@router.command("/{member_id}/unblock", commands.UnblockMember)
async def unblock_member(member_id: UUID, body: ReasonBody, by: Agent, dispatch: DispatchIfMatch) -> Accepted:
    command = commands.UnblockMember(member_id=MemberId(member_id), reason=body.reason)
    return await dispatch(command, member_id, by)


@router.command("/{member_id}/erase", commands.EraseMember)
async def erase_member(member_id: UUID, body: ReasonBody, by: Agent, dispatch: DispatchIfMatch) -> Accepted:
    """Not while a reservation or a trip is open."""
    command = commands.EraseMember(member_id=MemberId(member_id), reason=body.reason)
    return await dispatch(command, member_id, by)


def own_or_any(by: Caller, member_id: UUID, scope: str) -> MemberId:
    """The member asked about, if the caller may see it. Raises `Problem` 404, which tells nothing."""
    if by.subject == str(member_id) or by.may(scope):
        return MemberId(member_id)
    raise Problem.not_found("there is no such member, or it is another's")


def _as_known(
    member_id: MemberId, method_id: str, body: PaymentMethodBody, said: MethodDetails | None
) -> commands.AddPaymentMethod:
    """What the provider says counts. Raises `RefusedError` if it knows no such token, `Problem` 422 for a gap."""
    if said is None:
        detail = "the payment provider knows no such token: let its client library give you another one"
        raise RefusedError(Violation(code="member.unknown_payment_method", detail=detail))
    brand, expires_on = said.brand or body.brand, said.expires_on or body.expires_on
    if brand is None or expires_on is None:
        known = {"brand": brand, "expires_on": expires_on}
        gaps = {name: "the provider does not say it" for name, value in known.items() if value is None}
        raise Problem.unfit(gaps, place="body")
    return commands.AddPaymentMethod(
        member_id=member_id,
        method_id=method_id,
        token=body.token,
        brand=brand,
        prepaid=body.prepaid if said.prepaid is None else said.prepaid,
        expires_on=expires_on,
        fingerprint=said.fingerprint,
    )


async def _account(member_id: MemberId, by: Caller, system: System, response: Response) -> Account:
    member = await system.store.load(Member, member_id, service=by.service)
    tag(response, member.version)
    return Account.seen(member, system.rulebook(by.service), system.clock.now())
