"""Stories of webhooks: subscribed, steered by whom they are there for, and ended for good."""

from uuid import UUID, uuid4

import pytest

from domain.kernel.errors import NotFoundError, RefusedError
from domain.kernel.messages import Actor, Role
from domain.webhooks.commands import (
    AboutWebhook,
    AllowPersonalData,
    Pause,
    Replay,
    Resume,
    RotateSecret,
    SkipEvent,
    Subscribe,
    Unsubscribe,
)
from domain.webhooks.subscription import EventFilter
from domain.webhooks.webhook import Webhook
from tests.support.world import World, codes

ACME, OTHER = (Actor(role=Role.PARTNER, id=name) for name in ("acme", "other"))
OLGA = Actor(role=Role.OPERATOR, id="olga")
ID = UUID(int=7)
FILTER = EventFilter(types=("csbe.rental.trip.",))
SUBSCRIBE = Subscribe(webhook_id=ID, url="https://acme.example/", filter=FILTER)
PAUSE, RESUME, END = (kind(webhook_id=ID) for kind in (Pause, Resume, Unsubscribe))
ROTATE = RotateSecret(webhook_id=ID, overlap_h=24)
REPLAY = Replay(webhook_id=ID, from_position=3, log_end=3)
SKIP = SkipEvent(webhook_id=ID, position=3, stopped_at=3, reason="a damaged disk")
ALLOW, WITHDRAW = (AllowPersonalData(webhook_id=ID, allowed=yes, reason="by contract") for yes in (True, False))
STEPS: tuple[AboutWebhook, ...] = (PAUSE, RESUME, REPLAY, SKIP, ROTATE, ALLOW, END)


@pytest.fixture
async def world() -> World:
    """Acme has a webhook."""
    world = World()
    await world.do(SUBSCRIBE, actor=ACME)
    return world


async def webhook(world: World) -> Webhook:
    return await world.store.load(Webhook, ID)


async def test_a_subscription_is_of_whom_it_was_asked_by(world: World) -> None:
    [told] = world.events(Webhook.Subscribed)

    assert (told.owner, told.url, told.filter) == (ACME, "https://acme.example/", FILTER)


async def test_a_subscription_that_is_asked_for_again_is_the_first_one(world: World) -> None:
    key = uuid4()

    first, again = [
        await world.do(SUBSCRIBE.model_copy(update={"webhook_id": uuid4()}), actor=ACME, command_id=key)
        for _ in range(2)
    ]

    assert (again.value, again.repeated) == (first.value, True)
    assert len(world.events(Webhook.Subscribed)) == 2


@pytest.mark.parametrize("actor", [ACME, OLGA], ids=lambda actor: actor.id)
@pytest.mark.parametrize(
    ("command", "topic"),
    [
        (PAUSE, "paused"),
        (RESUME, "resumed"),
        (REPLAY, "replay_ordered"),
        (SKIP, "skip_ordered"),
        (ROTATE, "secret_rotated"),
        (ALLOW, "personal_data_allowed"),
        (END, "unsubscribed"),
    ],
    ids=lambda value: getattr(value, "NAME", ""),
)
async def test_what_its_owner_or_an_operator_decides_is_on_record(
    world: World, command: AboutWebhook, topic: str, actor: Actor
) -> None:
    await world.do(command, actor=actor)

    assert world.news(1) == [f"webhooks.webhook.{topic}"]
    assert world.store.log[-1].metadata.actor == actor


async def test_why_an_operator_did_it_is_on_record(world: World) -> None:
    await world.do(Pause(webhook_id=ID, reason="it is too slow"), actor=OLGA)
    await world.do(SKIP, actor=OLGA)

    assert [event.reason for event in world.events(Webhook.Paused, Webhook.SkipOrdered)] == [
        "it is too slow",
        "a damaged disk",
    ]


@pytest.mark.parametrize("command", STEPS, ids=lambda command: command.NAME)
async def test_another_partners_webhook_is_not_there(world: World, command: AboutWebhook) -> None:
    with pytest.raises(NotFoundError):
        await world.do(command, actor=OTHER)

    assert world.news(1) == []


@pytest.mark.parametrize("command", STEPS, ids=lambda command: command.NAME)
async def test_another_services_webhook_is_not_there(world: World, command: AboutWebhook) -> None:
    world.service = "reachnow-usa"

    with pytest.raises(NotFoundError):
        await world.do(command, actor=OLGA)


@pytest.mark.parametrize("command", STEPS, ids=lambda command: command.NAME)
async def test_what_has_ended_is_not_there_any_more(world: World, command: AboutWebhook) -> None:
    await world.do(END, actor=ACME)

    with pytest.raises(NotFoundError):
        await world.do(command, actor=OLGA)


@pytest.mark.parametrize(("command", "undo"), [(PAUSE, RESUME), (ALLOW, WITHDRAW)], ids=lambda command: command.NAME)
async def test_what_holds_already_is_not_decided_again(world: World, command: AboutWebhook, undo: AboutWebhook) -> None:
    for each in (command, command, undo, command):
        await world.do(each, actor=OLGA)

    assert len(world.news(1)) == 3


async def test_what_nobody_paused_is_resumed_as_it_may_have_failed(world: World) -> None:
    await world.do(RESUME, actor=ACME)

    assert world.news(1) == ["webhooks.webhook.resumed"]


@pytest.mark.parametrize("command", [RESUME, SKIP], ids=lambda command: command.NAME)
async def test_a_webhook_that_goes_on_can_be_paused_again(world: World, command: AboutWebhook) -> None:
    for each in (PAUSE, command, PAUSE):
        await world.do(each, actor=ACME)

    assert (await webhook(world)).paused
    assert len(world.events(Webhook.Paused)) == 2


@pytest.mark.parametrize(("stopped_at", "hint"), [(None, "it is not stopped"), (4, "it is stopped at 4")])
async def test_only_the_event_that_stopped_it_is_skipped(world: World, stopped_at: int | None, hint: str) -> None:
    with pytest.raises(RefusedError, match=hint) as refused:
        await world.do(SKIP.model_copy(update={"stopped_at": stopped_at}), actor=OLGA)

    assert codes(refused) == {"webhook.not_stopped_there"}


async def test_a_replay_begins_at_an_event_that_there_is(world: World) -> None:
    with pytest.raises(RefusedError, match="the log ends at 2") as refused:
        await world.do(REPLAY.model_copy(update={"log_end": 2}), actor=ACME)

    assert codes(refused) == {"webhook.beyond_the_log"}


@pytest.mark.parametrize(
    ("command", "later"),
    [(SKIP, {"stopped_at": None}), (REPLAY, {"log_end": 4711})],
    ids=["skip", "replay"],
)
async def test_a_repeated_request_is_known_again_however_things_stand_by_then(
    world: World, command: AboutWebhook, later: dict[str, int | None]
) -> None:
    key = uuid4()
    first = await world.do(command, actor=OLGA, command_id=key)

    again = await world.do(command.model_copy(update=later), actor=OLGA, command_id=key)

    assert (again.position, again.repeated) == (first.position, True)
    assert len(world.news(1)) == 1
