"""When there is nothing left to do."""

from uuid import uuid4

from api.composition import Running
from domain.kernel.ids import MemberId
from domain.kernel.messages import Command
from domain.members.commands import RegisterMember
from tests.support.installation import Installation


async def followed(running: Running) -> None:
    for projection in running.followers:
        await projection.catch_up()
    await running.policies.catch_up()


def registration() -> Command:
    """Leads to a mail."""
    return RegisterMember.model_validate(
        {
            "member_id": MemberId(uuid4()),
            "city_id": "berlin",
            "name": "Ada",
            "email": "ada@example.org",
            "birth_date": "1990-05-17",
        }
    )


async def test_a_system_is_idle_once_every_event_is_followed_and_every_task_is_done(installation: Installation) -> None:
    async with installation.composed() as running, installation.visited(running) as city:
        await followed(running)
        idle = {"at the start": await running.is_idle()}

        await city.give(registration())
        idle["with an event to follow"] = await running.is_idle()
        await followed(running)
        idle["with a mail to send"] = await running.is_idle()
        await running.worker.run_due()
        idle["at the end"] = await running.is_idle()

        assert idle == {
            "at the start": True,
            "with an event to follow": False,
            "with a mail to send": False,
            "at the end": True,
        }
