"""Erasing a member over HTTP, on the whole system."""

from domain.kernel.messages import Role
from domain.members.member import Member
from tests.support.city import City
from tests.support.waiting import until


async def test_an_agent_erases_a_member_whose_key_is_destroyed_at_once(city: City) -> None:
    member, agent = await city.member(), city.token(Role.AGENT)
    path = f"/v1/members/{member['X-Member']}"
    store = city.running.store

    answer = await city.post(f"{path}/erase", {"reason": "asked by letter"}, agent)

    async def is_unreadable() -> bool:
        read = store.read(topics=[Member.Registered.TOPIC])
        names = {str(e.event.originator_id): e.event.name async for e in read if isinstance(e.event, Member.Registered)}
        return names[member["X-Member"]] is None

    assert answer.status_code == 200
    await until(is_unreadable)
    account = await city.get(path, agent)
    assert [violation["code"] for violation in account["ineligibility"]] == ["member.erased"]


async def test_a_member_erases_nobody(city: City) -> None:
    member = await city.member()

    answer = await city.post(f"/v1/members/{member['X-Member']}/erase", {"reason": "for fun"}, member)

    assert answer.status_code == 403
