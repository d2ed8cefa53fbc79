"""Where somebody is logged in, and what ends it."""

from collections.abc import Iterable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identity import commands as identity
from domain.identity.ports import Claims, ForeignTokenError
from domain.identity.sessions import MOST_SESSIONS, LoginMethod, Sessions, Subject
from domain.identity.staff import StaffRules
from domain.kernel.ids import derived_id
from domain.kernel.messages import Role
from domain.members.commands import EraseMember
from tests.support.people_and_cars import member
from tests.support.world import World

RULES = StaffRules(role_claim="realm.roles", roles=(("ops", Role.OPERATOR), ("desk", Role.AGENT)))


def session(number: int) -> UUID:
    return derived_id("session", number)


def opened(number: int, subject: str = "olga", role: Role = Role.OPERATOR) -> identity.OpenSession:
    method = LoginMethod.IDENTITY_PROVIDER
    return identity.OpenSession(role=role, subject_id=subject, session_id=session(number), method=method)


async def open_of(world: World, subject: str = "olga", role: Role = Role.OPERATOR) -> tuple[UUID, ...]:
    whose = Subject(world.service, role, subject)
    return tuple((await world.store.load(Sessions, whose.sessions_id)).open)


@pytest.fixture
def world() -> World:
    return World()


async def test_one_login_too_many_ends_the_oldest(world: World) -> None:
    for number in range(MOST_SESSIONS + 2):
        await world.do(opened(number))

    assert await open_of(world) == tuple(session(number) for number in range(2, MOST_SESSIONS + 2))


async def test_a_logout_ends_one_session_and_a_second_one_nothing(world: World) -> None:
    for number in range(2):
        await world.do(opened(number))
    logout = identity.RevokeSession(role=Role.OPERATOR, subject_id="olga", session_id=session(0))

    for _ in range(2):
        await world.do(logout)

    assert await open_of(world) == (session(1),)
    assert len(world.events(Sessions.SessionRevoked)) == 1


async def test_the_same_name_in_two_roles_is_two_subjects(world: World) -> None:
    await world.do(opened(0))
    await world.do(opened(1, role=Role.PARTNER))

    await world.do(identity.RevokeAllSessions(role=Role.PARTNER, subject_id="olga", reason="the contract ended"))

    assert await open_of(world) == (session(0),)
    assert await open_of(world, role=Role.PARTNER) == ()


async def test_an_erasure_ends_every_session_of_the_member(world: World) -> None:
    ada = await member(world)
    await world.do(opened(0, str(ada), Role.MEMBER))

    await world.do(EraseMember(member_id=ada, reason="asked by letter"))

    assert await open_of(world, str(ada), Role.MEMBER) == ()


def claims(roles: object, **more: object) -> Claims:
    return {"sub": "olga", "realm": {"roles": roles}, **more}


@pytest.mark.parametrize(
    ("said", "role"), [(["desk", "ops"], Role.OPERATOR), (["desk"], Role.AGENT), ("desk", Role.AGENT)]
)
def test_the_first_role_of_the_rules_that_somebody_has_counts(said: Iterable[str], role: Role) -> None:
    assert RULES.subject_of(claims(said), "berlin") == Subject("berlin", role, "olga")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_claims_of_any_type_make_somebody_or_nobody(value: object) -> None:
    for given_claims in (
        claims(value),
        claims(["ops"], sub=value),
        claims(["ops"], service=value),
        {"sub": "olga", "realm": value},
    ):
        try:
            found = RULES.subject_of(given_claims, None)
        except ForeignTokenError:
            continue
        assert all(isinstance(part, str) and part for part in (found.id, found.role))
        assert isinstance(found.service, str)
