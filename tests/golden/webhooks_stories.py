"""A partner's webhook with everything that can be decided about one."""

from domain.kernel.ids import derived_id
from domain.kernel.messages import Actor, Role
from domain.webhooks import commands
from domain.webhooks.subscription import EventFilter
from tests.support.world import World

ACME = Actor(role=Role.PARTNER, id="acme")
OLGA = Actor(role=Role.OPERATOR, id="olga")
ID = derived_id("webhook", "acme")
SUBSCRIBE = commands.Subscribe(
    webhook_id=ID,
    url="https://acme.example/hooks",
    filter=EventFilter(types=("csbe.rental.trip.",), subject=derived_id("trip", "watched")),
)
STEPS: tuple[commands.AboutWebhook, ...] = (
    commands.AllowPersonalData(webhook_id=ID, allowed=True, reason="contract of today"),
    commands.Pause(webhook_id=ID, reason="it answers too slowly"),
    commands.RotateSecret(webhook_id=ID, overlap_h=24),
    commands.Replay(webhook_id=ID, from_position=1, log_end=4711, reason="it lost a day"),
    commands.Resume(webhook_id=ID, reason="it is fast again"),
    commands.SkipEvent(webhook_id=ID, position=4711, stopped_at=4711, reason="damaged row, see INC-7"),
    commands.AllowPersonalData(webhook_id=ID, allowed=False, reason="the contract ended"),
    commands.Unsubscribe(webhook_id=ID, reason="so did the partnership"),
)


async def a_partner_is_sent_events(world: World) -> None:
    await world.do(SUBSCRIBE, actor=ACME)
    for step in STEPS:
        await world.do(step, actor=OLGA)
