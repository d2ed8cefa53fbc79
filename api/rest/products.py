"""What members have in advance, over HTTP: what there is, buying it, giving it, cancelling it, what is left."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from api.auth import Allowed, Caller
from api.command_ids import new_id
from api.problems import Problem
from api.rest.commands import TAGGED, DispatchIfMatch, InSystem, tag
from api.rest.members import own_or_any
from api.rest.routing import Answers, Router
from api.rest.schemas.base import Accepted, Proposable, ReasonBody, Word
from api.rest.schemas.products import (
    BalanceShown,
    CodeBody,
    EntryAlone,
    GiftBody,
    ProductBody,
    ProductShown,
    ProductsShown,
)
from api.system import System
from domain.billing import product_commands as commands
from domain.billing.balance import Balance
from domain.billing.charge import Charge
from domain.kernel.errors import NotFoundError, refuse_if
from domain.kernel.ids import ChargeId, MemberId
from domain.members.member import Member

router = Router(prefix="/v1", tags=["billing"])

SEES_ALL = "invoices:read"
GIVES = "invoices:write"
Reader = Annotated[Caller, Depends(Allowed("own:read", SEES_ALL))]
Buyer = Annotated[Caller, Depends(Allowed("own:write", GIVES))]
Agent = Annotated[Caller, Depends(Allowed(GIVES))]

_PROPOSED: Answers = {202: {"model": Proposable, "description": "It waits for a second person."}}


@router.get("/products")
async def list_products(by: Reader, system: InSystem, *, city_id: Word) -> ProductsShown:
    """What members may buy in a city in advance, or be given there."""
    rulebook = system.rulebook(by.service)
    refuse_if([rulebook.unknown_city(city_id)])
    return ProductsShown(products=[ProductShown.model_validate(one) for one in rulebook.city(city_id).products])


@router.get("/members/{member_id}/balance", responses=TAGGED)
async def get_balance(member_id: UUID, by: Reader, system: InSystem, response: Response) -> BalanceShown:
    """What a member has in advance, what of it is left and until when, and which charges used it.

    Its ETag binds what is bought, given and cancelled to what was seen.
    """
    owner = own_or_any(by, member_id, SEES_ALL)
    balance = await _balance(owner, by, system)
    if balance is None:
        await system.store.load(Member, owner, service=by.service)  # who has nothing yet is somebody
    tag(response, balance.version if balance else 0)
    return BalanceShown.of_balance(member_id, balance)


@router.get("/members/{member_id}/products/{entry_id}")
async def get_balance_entry(member_id: UUID, entry_id: UUID, by: Reader, system: InSystem) -> EntryAlone:
    """One of the things that a member has in advance."""
    balance = await _balance(own_or_any(by, member_id, SEES_ALL), by, system)
    if balance is None or entry_id not in balance.entries:
        raise Problem.not_found("there is no such product among what the member has")
    return EntryAlone.of_entry(balance.entries[entry_id], balance)


@router.command("/members/{member_id}/products", commands.BuyProduct, status_code=201)
async def buy_product(member_id: UUID, body: ProductBody, by: Buyer, dispatch: DispatchIfMatch) -> Accepted:
    """For oneself, or by an agent who was asked to."""
    owner = own_or_any(by, member_id, GIVES)
    command = commands.BuyProduct(entry_id=new_id(), member_id=owner, **body.model_dump())
    done = await dispatch(command, Balance.id_of(by.service, owner), by)
    return dispatch.made(done, among=f"/v1/members/{member_id}/products")


@router.command("/members/{member_id}/codes", commands.RedeemCode)
async def redeem_code(member_id: UUID, body: CodeBody, by: Buyer, dispatch: DispatchIfMatch) -> Accepted:
    """Ten tries in an hour for each member: nobody finds a code by trying. The answer names what it gave."""
    owner = own_or_any(by, member_id, GIVES)
    if (wait_s := await dispatch.system.code_allowance(str(member_id))) is not None:
        raise Problem.come_again(wait_s)
    command = commands.RedeemCode(entry_id=new_id(), member_id=owner, code=body.code)
    return await dispatch(command, Balance.id_of(by.service, owner), by)


@router.command("/members/{member_id}/gifts", commands.GiveProduct, responses=_PROPOSED)
async def give_product(member_id: UUID, body: GiftBody, by: Agent, dispatch: DispatchIfMatch) -> Proposable:
    """Answers 202 with `proposed` while another agent has yet to give the same."""
    command = commands.GiveProduct(
        entry_id=new_id(),
        member_id=MemberId(member_id),
        city_id=body.city_id,
        product=body.product,
        amount=body.amount,
        reason=body.reason,
    )
    done = await dispatch(command, Balance.id_of(by.service, member_id), by)
    balance = await _balance(command.member_id, by, dispatch.system)
    proposed = balance is None or done.id not in balance.entries
    if proposed:
        dispatch.response.status_code = 202
    return Proposable(**done.model_dump(), proposed=proposed)


@router.command("/members/{member_id}/products/{entry_id}/cancel", commands.CancelProduct)
async def cancel_product(member_id: UUID, entry_id: UUID, by: Buyer, dispatch: DispatchIfMatch) -> Accepted:
    """What does not renew ends by itself."""
    owner = own_or_any(by, member_id, GIVES)
    balance = await _balance(owner, by, dispatch.system)
    if balance is None or entry_id not in balance.entries:
        raise Problem.not_found("there is no such product among what the member has")
    return await dispatch(commands.CancelProduct(member_id=owner, entry_id=entry_id), balance.id, by)


@router.command("/charges/{charge_id}/give-back", commands.GiveBackUse, responses=_PROPOSED)
async def give_back_use(charge_id: UUID, body: ReasonBody, by: Agent, dispatch: DispatchIfMatch) -> Proposable:
    """Answers 202 with `proposed` while another agent has yet to do the same."""
    command = commands.GiveBackUse(charge_id=ChargeId(charge_id), reason=body.reason)
    done = await dispatch(command, charge_id, by)
    charge = await dispatch.system.store.load(Charge, charge_id, service=by.service)
    balance = await _balance(MemberId(charge.payer_id), by, dispatch.system)
    proposed = balance is not None and command.charge_id in balance.uses
    if proposed:
        dispatch.response.status_code = 202
    return Proposable(**done.model_dump(), proposed=proposed)


async def _balance(member_id: MemberId, by: Caller, system: System) -> Balance | None:
    try:
        return await system.store.load(Balance, Balance.id_of(by.service, member_id), service=by.service)
    except NotFoundError:
        return None
