"""Whoever decides about webhooks, as REST and the terminal do it."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.webhooks.subscriptions import PostgresWebhooks
from domain.contexts import HANDLERS
from domain.dispatcher import CommandResult, Dispatcher
from domain.kernel.messages import Actor, Metadata, Role
from domain.webhooks.commands import AboutWebhook
from tests.support.clocks import SystemClock
from tests.support.services import GivenRulebooks

SERVICE = "drivenow-europe"
ACME, OTHER = (Actor(role=Role.PARTNER, id=name) for name in ("acme", "other"))
OLGA = Actor(role=Role.OPERATOR, id="olga")


@dataclass
class Desk:
    """Where requests about webhooks come in."""

    store: PostgresEventStore

    @property
    def webhooks(self) -> PostgresWebhooks:
        return PostgresWebhooks(self.store.pool, self.store)

    async def decide(
        self,
        command: AboutWebhook,
        by: Actor = ACME,
        *,
        service: str = SERVICE,
        key: UUID | None = None,
        seen: int | None = None,
    ) -> CommandResult:
        """Put it on record; the process may die right after."""
        dispatcher = Dispatcher(self.store, SystemClock(), GivenRulebooks(), HANDLERS)
        expected = {} if seen is None else {command.webhook_id: seen}
        metadata = Metadata.of(command, id=key or uuid4(), actor=by, service=service)
        return await dispatcher.dispatch(command, metadata, expected=expected)

    async def change(self, command: AboutWebhook, by: Actor = ACME) -> str | None:
        """Put it on record and take it up; returns a new secret if there is one."""
        done = await self.decide(command, by)
        await self.webhooks.take_up(command.webhook_id)
        return await self.webhooks.secret_of(command.webhook_id, done.position)
