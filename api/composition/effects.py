"""What policies want of the outside world, carried out by the adapters."""

from dataclasses import dataclass

import asyncpg

from api.auth import TokenAuthority
from domain.billing.policies import payment_answer
from domain.kernel.ids import MemberId
from domain.kernel.messages import Command
from domain.kernel.policy import AskPaymentProvider, Effect, SendMessage, TellVehicle
from domain.kernel.ports import GatewayUnavailableError, Messenger, PaymentGateway, VehicleGateway

_EMAIL = "select email from read_v1.members where member_id = $1"


@dataclass(frozen=True)
class Effects:
    """Carries out effects on the outside world."""

    vehicles: VehicleGateway
    payments: PaymentGateway
    messenger: Messenger
    pool: asyncpg.Pool
    tokens: TokenAuthority

    async def perform(self, effect: Effect, idempotency_key: str) -> Command | None:
        """Do it once per key; returns the command that brings the answer back. Raises `GatewayUnavailableError`."""
        match effect:
            case TellVehicle():
                await self.vehicles.send(effect)
            case AskPaymentProvider():
                answer = await self.payments.perform(effect, idempotency_key=idempotency_key)
                return payment_answer(effect, answer.accepted, answer.reference, answer.decline_code)
            case SendMessage():
                await self._send(effect, idempotency_key)
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
        """None once the member is erased. Raises `GatewayUnavailableError` while the read models do not know them."""
        row = await self.pool.fetchrow(_EMAIL, member_id)
        if row is None:
            raise GatewayUnavailableError(f"the address of member {member_id} is not known yet")
        found: str | None = row["email"]
        return found
