"""Members over HTTP: registration, licence, payment methods, blocks, one's own account."""

from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import ConfigDict, EmailStr, Field

from api.auth import Allowed, Caller
from api.problems import Problem
from api.rest.commanding import Accepted, Body, Give, InSystem, new_id, plain
from domain.kernel.ids import MemberId
from domain.kernel.messages import Actor, Role
from domain.members import commands
from domain.members.member import Member

router = APIRouter(prefix="/v1/members", tags=["members"])

FIRST_TOKEN = timedelta(hours=12)

Self_ = Annotated[Caller, Depends(Allowed("own:read", "members:read"))]
Writer = Annotated[Caller, Depends(Allowed("own:write", "members:write"))]
Agent = Annotated[Caller, Depends(Allowed("members:write"))]


class Registration(Body):
    """Who wants to become a member, and where."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"city_id": "berlin", "name": "Ada Beispiel", "email": "ada@example.org", "birth_date": "1990-05-17"}
            ]
        },
    )

    city_id: Annotated[str, Field(max_length=40)]
    name: Annotated[str, Field(min_length=1, max_length=120)]
    email: EmailStr
    birth_date: date
    service: Annotated[str | None, Field(max_length=40)] = None


class Registered(Accepted):
    """The new account, with a first token for its member."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"id": "0d3f1c6e-5a39-5a0f-8a55-6a1de7b1c001", "position": 12, "repeated": False, "token": "eyJ..."}
            ]
        }
    )

    token: str


class EmailCode(Body):
    """The code from the verification mail."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"code": "4f1d7a90bc"}]})

    code: Annotated[str, Field(max_length=40)]


class LicenceBody(Body):
    """A driving licence."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"number": "B072RRE2I55", "country": "DE", "issued_on": "2010-01-01", "expires_on": "2033-01-01"}
            ]
        },
    )

    number: Annotated[str, Field(min_length=4, max_length=40)]
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    issued_on: date
    expires_on: date


class PaymentMethodBody(Body):
    """A payment method as the provider's client library returned it; never a card number."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"token": "tok_visa", "brand": "visa", "prepaid": False, "expires_on": "2031-12-31"}]
        },
    )

    token: Annotated[str, Field(pattern="^tok_[a-z0-9_]{1,60}$")]
    brand: Annotated[str, Field(max_length=40)]
    prepaid: bool = False
    expires_on: date


class Reason(Body):
    """Why an employee does this."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "licence photo unreadable"}]})

    reason: Annotated[str, Field(min_length=3, max_length=400)]


@router.post("", status_code=201)
async def register(body: Registration, give: Give) -> Registered:
    """Open an account. The address is proved by a code that is mailed to it."""
    system = give.system
    service = body.service or system.settings.service
    if service not in system.rulebooks:
        raise Problem.bad_request(f"there is no service {service}: choose one of {', '.join(sorted(system.rulebooks))}")
    member_id = MemberId(new_id(None, f"{service}/{body.email}/{give.key}", "members.member"))
    command = commands.RegisterMember(
        member_id=member_id,
        email_code=system.tokens.code("email", str(member_id)),
        **body.model_dump(exclude={"service"}),
    )
    anybody = Actor(role=Role.MEMBER, id=str(member_id))
    done = await give.for_actor(command, member_id, anybody, service)
    token = system.tokens.issue(
        Role.MEMBER, str(member_id), service=service, at=system.clock.now(), expires_in=FIRST_TOKEN
    )
    return Registered(**done.model_dump(), token=token)


@router.get("/me")
async def me(
    by: Annotated[Caller, Depends(Allowed("own:read"))], system: InSystem, response: Response
) -> dict[str, Any]:
    """One's own account."""
    return await _account(MemberId(UUID(by.subject)), by, system, response)


@router.get("/{member_id}")
async def account(member_id: UUID, by: Self_, system: InSystem, response: Response) -> dict[str, Any]:
    """An account with its status and every reason against driving now."""
    return await _account(own_or_any(by, member_id, "members:read"), by, system, response)


@router.post("/{member_id}/verify-email")
async def verify_email(member_id: UUID, body: EmailCode, by: Writer, give: Give) -> Accepted:
    """Prove the address."""
    command = commands.VerifyEmail(member_id=own_or_any(by, member_id, "members:write"), code=body.code)
    return await give(command, member_id, by)


@router.post("/{member_id}/licence")
async def submit_licence(member_id: UUID, body: LicenceBody, by: Writer, give: Give) -> Accepted:
    """Hand in a licence."""
    command = commands.SubmitLicence(member_id=own_or_any(by, member_id, "members:write"), **body.model_dump())
    return await give(command, member_id, by)


@router.post("/{member_id}/licence/verify")
async def verify_licence(member_id: UUID, by: Agent, give: Give) -> Accepted:
    """An agent has seen the licence."""
    command = commands.VerifyLicence(member_id=MemberId(member_id))
    return await give(command, member_id, by)


@router.post("/{member_id}/licence/reject")
async def reject_licence(member_id: UUID, body: Reason, by: Agent, give: Give) -> Accepted:
    """An agent turns the licence down."""
    command = commands.RejectLicence(member_id=MemberId(member_id), reason=body.reason)
    return await give(command, member_id, by)


@router.post("/{member_id}/payment-methods")
async def add_payment_method(member_id: UUID, body: PaymentMethodBody, by: Writer, give: Give) -> Accepted:
    """Add a way to pay; the newest is charged."""
    owner = own_or_any(by, member_id, "members:write")
    method_id = str(new_id(by, give.key, "members.payment_method"))
    command = commands.AddPaymentMethod(member_id=owner, method_id=method_id, **body.model_dump())
    return await give(command, member_id, by)


@router.post("/{member_id}/block")
async def block(member_id: UUID, body: Reason, by: Agent, give: Give) -> Accepted:
    """Keep a member from new reservations and trips."""
    command = commands.BlockMember(member_id=MemberId(member_id), reason=body.reason)
    return await give(command, member_id, by)


@router.post("/{member_id}/unblock")
async def unblock(member_id: UUID, body: Reason, by: Agent, give: Give) -> Accepted:
    """Lift a block."""
    command = commands.UnblockMember(member_id=MemberId(member_id), reason=body.reason)
    return await give(command, member_id, by)


def own_or_any(by: Caller, member_id: UUID, scope: str) -> MemberId:
    """The member asked about, if the caller may see it. Raises `Problem` 404, which tells nothing."""
    if by.subject == str(member_id) or by.may(scope):
        return MemberId(member_id)
    raise Problem.not_found(f"there is no member {member_id}")


async def _account(member_id: MemberId, by: Caller, system: InSystem, response: Response) -> dict[str, Any]:
    member = await system.store.load(Member, member_id, service=by.service)
    found = member.ineligibility(system.rulebooks[by.service], system.clock.now())
    reasons = [violation.model_dump(mode="json") for violation in found]
    response.headers["ETag"] = f'"{member.version}"'
    methods = [method.model_dump(mode="json", exclude={"token"}) for method in member.payment_methods]
    return plain(
        [
            {
                "id": member.id,
                "service": member.service,
                "city_id": member.city_id,
                "status": member.status,
                "email_verified": member.email_verified,
                "licence": member.licence.model_dump(mode="json") if member.licence else None,
                "payment_methods": methods,
                "blocked": member.blocked_for is not None,
                "reservation_id": member.reservation_id,
                "trip_id": member.trip_id,
                "eligible": not reasons,
                "ineligibility": reasons,
            }
        ]
    )[0]
