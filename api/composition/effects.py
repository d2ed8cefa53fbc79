"""What policies want of the outside world, carried out by the adapters."""

from dataclasses import dataclass
from uuid import UUID

from api.composition.tracing import effect_span
from domain.billing.payment import Payment
from domain.billing.policies import payment_answer
from domain.billing.provider_news import confirmation_of, payment_news
from domain.identity.ports import LoginCodes
from domain.kernel.messages import Command
from domain.kernel.payment_port import PaymentGateway
from domain.kernel.policy import (
    AskPaymentProvider,
    DestroyKey,
    Effect,
    ForgetIdentifier,
    LookUpPayment,
    SendMessage,
    TellVehicle,
)
from domain.kernel.ports import Clock, EventStore, Messenger, PersonalKeys, VehicleGateway
from domain.members.member import Member

WITH_CODE = frozenset(("verify_email", "login_code"))
"""Templates of mails with a login code."""
TO_CONFIRM = "payment_to_confirm"
"""Template of the mail that says where a payment is confirmed."""
_TOLD_OF = [event.TOPIC for event in (Member.Registered, Member.LicenceRejected, Member.TurnedAway)]


@dataclass(frozen=True)
class Effects:
    """Carries out effects on the outside world."""

    vehicles: VehicleGateway
    payments: PaymentGateway
    messenger: Messenger
    store: EventStore
    keys: PersonalKeys
    codes: LoginCodes
    clock: Clock

    async def perform(self, effect: Effect, idempotency_key: str) -> Command | None:
        """Do it once per key; returns the command that brings the answer back. Raises `GatewayUnavailableError`."""
        with effect_span(effect, idempotency_key):
            return await self._perform(effect, idempotency_key)

    async def _perform(self, effect: Effect, idempotency_key: str) -> Command | None:
        match effect:
            case TellVehicle():
                await self.vehicles.send(effect)
            case AskPaymentProvider():
                return await self._ask(effect, idempotency_key)
            case LookUpPayment():
                news = await self.payments.look_up(effect)
                return None if news is None else payment_news(effect, news)
            case SendMessage():
                await self._send(effect, idempotency_key)
            case DestroyKey():
                await self._forget(effect.subject)
            case ForgetIdentifier():
                await self.keys.forget(effect.identifier_id)
        return None

    async def _ask(self, asked: AskPaymentProvider, idempotency_key: str) -> Command | None:
        token = await self._token(asked)
        if token is None and asked.operation == "hold":  # erased meanwhile: there is nothing to hold money on
            return payment_answer(asked, accepted=False, reference="", decline_code="no_payment_method")
        answer = await self.payments.perform(asked, token=token, idempotency_key=idempotency_key)
        if answer.pending:
            return confirmation_of(asked, answer)
        return payment_answer(asked, answer.accepted, answer.reference, answer.decline_code)

    async def _token(self, asked: AskPaymentProvider) -> str | None:
        """The provider's token, of a method that may have been removed since; none once its owner is erased."""
        added = [Member.PaymentMethodAdded.TOPIC]
        async for recorded in self.store.read(aggregate_id=asked.payer_id, topics=added):
            match recorded.event:
                case Member.PaymentMethodAdded(method_id=asked.method_id, token=token):
                    return token
        return None

    async def _forget(self, subject: UUID) -> None:
        """Mails to a member first: once the key is gone, nobody knows to whom they were."""
        async for recorded in self.store.read(aggregate_id=subject, topics=[Member.Registered.TOPIC]):
            match recorded.event:
                case Member.Registered(email=str(address)):
                    await self.messenger.forget(address)
        await self.keys.erase(subject)

    async def _send(self, message: SendMessage, idempotency_key: str) -> None:
        registered, told = await self._looked_up(message)
        if registered is None or registered.email is None:  # erased: there is nobody to tell any more
            return
        if told.template in WITH_CODE:
            code_id, whose = UUID(idempotency_key), message.member_id
            code = await self.codes.make(code_id, registered.service, registered.email, whose, self.clock.now())
            if code is None:  # this address was sent more than enough
                return
            told = told.model_copy(update={"values": {**told.values, "code": code}})
        await self.messenger.send(told, address=registered.email, idempotency_key=idempotency_key)

    async def _looked_up(self, message: SendMessage) -> tuple[Member.Registered | None, SendMessage]:
        """Whom to tell, and what is personal of the text: from the log, which knows a member from the first moment."""
        registered, template, personal = None, message.template, dict[str, str]()
        if template == TO_CONFIRM:
            personal["where"] = await self._where_to_confirm(UUID(message.values["payment_id"]))
        async for recorded in self.store.read(aggregate_id=message.member_id, topics=_TOLD_OF):
            match recorded.event:
                case Member.Registered() as event:
                    registered = event
                case Member.LicenceRejected(reason=reason):
                    personal["reason"] = reason or ""
                case Member.TurnedAway(banned=banned) if message.template == "verify_email":
                    template = "account_declined" if banned else "account_exists"
        values = {**personal, **message.values}
        return registered, message.model_copy(update={"template": template, "values": values})

    async def _where_to_confirm(self, payment_id: UUID) -> str:
        required = [Payment.ConfirmationRequired.TOPIC]
        async for recorded in self.store.read(aggregate_id=payment_id, topics=required):
            match recorded.event:
                case Payment.ConfirmationRequired(confirm_link=str(address)) if address:
                    return address
        return "the app"
