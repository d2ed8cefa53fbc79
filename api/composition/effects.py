"""What policies want of the outside world, carried out by the adapters."""

from dataclasses import dataclass

from api.auth import TokenAuthority
from api.composition.tracing import effect_span
from domain.billing.policies import payment_answer
from domain.kernel.ids import MemberId
from domain.kernel.messages import Command
from domain.kernel.policy import AskPaymentProvider, DestroyKey, Effect, SendMessage, TellVehicle
from domain.kernel.ports import EventStore, Messenger, PaymentGateway, PersonalKeys, VehicleGateway
from domain.members.member import Member


@dataclass(frozen=True)
class Effects:
    """Carries out effects on the outside world."""

    vehicles: VehicleGateway
    payments: PaymentGateway
    messenger: Messenger
    store: EventStore
    keys: PersonalKeys
    tokens: TokenAuthority

    async def perform(self, effect: Effect, idempotency_key: str) -> Command | None:
        """Do it once per key; returns the command that brings the answer back. Raises `GatewayUnavailableError`."""
        with effect_span(effect, idempotency_key):
            return await self._perform(effect, idempotency_key)

    async def _perform(self, effect: Effect, idempotency_key: str) -> Command | None:
        match effect:
            case TellVehicle():
                await self.vehicles.send(effect)
            case AskPaymentProvider():
                answer = await self.payments.perform(effect, idempotency_key=idempotency_key)
                return payment_answer(effect, answer.accepted, answer.reference, answer.decline_code)
            case SendMessage():
                await self._send(effect, idempotency_key)
            case DestroyKey():
                await self.keys.erase(effect.member_id)
        return None

    async def _send(self, message: SendMessage, idempotency_key: str) -> None:
        address = await self._address(message.member_id)
        if address is None:  # erased: there is nobody to tell any more
            return
        if message.template == "verify_email":
            code = self.tokens.code("email", str(message.member_id))
            message = message.model_copy(update={"values": {**message.values, "code": code}})
        await self.messenger.send(message, address=address, idempotency_key=idempotency_key)

    async def _address(self, member_id: MemberId) -> str | None:
        """From the log, which knows a member from the first moment on; none once the member is erased."""
        async for recorded in self.store.read(aggregate_id=member_id, topics=[Member.Registered.TOPIC]):
            if isinstance(recorded.event, Member.Registered):
                return recorded.event.email
        return None
