"""Finding members: by what is to be done about them, and by what they tell of themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends

from api.auth import Allowed, Caller
from api.rest.commands import InSystem
from api.rest.pagination import InPage, InPeriod, Listing, Order
from api.rest.routing import Router
from api.rest.schemas.base import Word
from api.rest.schemas.member_search import MemberPage, MembersFound, MemberSummary, SearchBody
from api.rest.schemas.members import Account
from api.system import System
from domain.members.facts import LicenceState, MemberState
from domain.members.identification import holders_of
from domain.members.identifier import IdentifierKind
from domain.members.member import Member
from domain.members.sameness import same_licence

router = Router(prefix="/v1", tags=["members"])

Agent = Annotated[Caller, Depends(Allowed("members:read"))]

_MEMBERS = Listing(
    "select member_id, city_id, state, email_verified, licence_state, licence_expires_on, payment_methods, blocked, "
    "in_review, registered_at, erased_at from read_v1.members",
    Order("members", {"registered_at": datetime, "member_id": UUID}),
)


@router.get("/members")
async def list_members(
    by: Agent,
    system: InSystem,
    page: InPage,
    registered: InPeriod,
    *,
    city_id: Word | None = None,
    state: MemberState | None = None,
    licence_state: LicenceState | None = None,
    email_verified: bool | None = None,
    blocked: bool | None = None,
    in_review: bool | None = None,
    erased: bool = False,
) -> MemberPage:
    """Accounts that are not erased, newest first. `licence_state=submitted` are the licences that wait for a check."""
    rows, after = await _MEMBERS.page(
        system,
        page,
        [
            ("service = {}", by.service),
            ("city_id = {}", city_id),
            ("state = {}", state),
            ("licence_state = {}", licence_state),
            ("email_verified = {}", email_verified),
            ("blocked = {}", blocked),
            ("in_review = {}", in_review),
            ("(erased_at is not null) = {}", erased),
            *registered.of("registered_at"),
        ],
    )
    return MemberPage(members=[MemberSummary(**row) for row in rows], next=after)


@router.post("/member-search")
async def search_members(body: SearchBody, by: Agent, system: InSystem) -> MembersFound:
    """Accounts with exactly this mail address, or exactly this driving licence. Whom it finds is on record."""
    found = [await system.store.load(Member, id, service=by.service) for id in await _ids(body, by.service, system)]
    rulebook, now = system.rulebook(by.service), system.clock.now()
    return MembersFound(members=[Account.seen(member, rulebook, now) for member in found])


async def _ids(body: SearchBody, service: str, system: System) -> Sequence[UUID]:
    """By keyed digests: what identifies a person stands in no read model."""
    if body.licence is None:
        return await system.login.codes.members_at(service, body.email or "")
    value = same_licence(body.licence.country, body.licence.number)
    return await holders_of(IdentifierKind.LICENCE, value, service, system.store)
