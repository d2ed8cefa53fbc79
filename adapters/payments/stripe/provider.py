"""Implements `PaymentGateway` by Stripe's official library: holds are PaymentIntents with manual capture."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import stripe
from stripe import StripeClient

from adapters.payments.stripe.amounts import NotUnderstoodError, of_stripe, to_stripe
from adapters.payments.stripe.book import Entry, StripeBook
from adapters.payments.stripe.objects import (
    Object,
    confirm_link,
    decline_code,
    details_of,
    id_of,
    news_of_dispute,
    news_of_intent,
    news_of_refund,
    rows,
    status_of,
    uuid_in,
)
from domain.kernel.payment_port import MethodDetails, PaymentAnswer, PaymentNews
from domain.kernel.policy import AskPaymentProvider, LookUpPayment
from domain.kernel.ports import Clock, GatewayUnavailableError

TIMEOUT_S = 6.0
"""For one request; an effect may make three."""
KEYS_ARE_KNOWN_FOR = timedelta(hours=20)
"""Stripe forgets idempotency keys after 24 hours: what is older is looked for before it is asked again."""


class _Http(stripe.HTTPXClient):
    """Hands a body over as httpx wants it: by the name that the library uses, it warns of every request."""

    def _get_request_args_kwargs(self, method: str, url: str, headers: Any, post_data: Any) -> Any:
        args, kwargs = super()._get_request_args_kwargs(method, url, headers, post_data)
        return [
            args,
            {**{name: value for name, value in kwargs.items() if name != "data"}, "content": post_data or None},
        ]


class StripePaymentProvider:
    """Asks Stripe under our own idempotency keys. What went wrong on the way is looked up rather than asked again."""

    def __init__(self, key: str, book: StripeBook, clock: Clock, *, return_url: str, url: str | None = None) -> None:
        addresses: Any = {"api": url} if url else {}
        http = _Http(timeout=TIMEOUT_S)
        self._api = StripeClient(key, http_client=http, base_addresses=addresses, max_network_retries=0).v1
        self._book, self._clock, self._return_url = book, clock, return_url

    async def perform(
        self, request: AskPaymentProvider, /, *, token: str | None, idempotency_key: str
    ) -> PaymentAnswer:
        """Once per key, also when Stripe has forgotten the key or failed half way. Raises `GatewayUnavailableError`."""
        try:
            to_stripe(request.amount)
        except NotUnderstoodError:
            return PaymentAnswer(accepted=False, reference="", decline_code="amount_not_taken")
        entry = await self._book.entry(request.payment_id, request.service)
        is_late = self._clock.now() - request.asked_at > KEYS_ARE_KNOWN_FOR
        if (is_late or entry.doubts) and (found := await self._found(request, entry, token, idempotency_key)):
            return found
        key = f"{idempotency_key}:{entry.doubts}" if entry.doubts else idempotency_key
        try:
            answer: PaymentAnswer = await _heard(self._done(request, entry, token, key))
        except stripe.CardError as error:
            answer = await self._declined(request, error)
        except (stripe.InvalidRequestError, stripe.IdempotencyError) as error:
            found = await self._found(request, entry, token, idempotency_key)
            answer = found or PaymentAnswer(accepted=False, reference="", decline_code=_code(error))
        except NotUnderstoodError as error:  # it may have had its effect: neither a yes nor a no
            raise GatewayUnavailableError(f"what Stripe did is not understood: {error}") from error
        except GatewayUnavailableError as error:
            if getattr(error.__cause__, "http_status", None) == 500:  # noqa: PLR2004 (said to this key for ever)
                await self._book.doubt(request.payment_id)
            raise
        return answer

    async def _done(self, request: AskPaymentProvider, entry: Entry, token: str | None, key: str) -> PaymentAnswer:
        match request.operation:
            case "hold":
                return await self._hold(request, entry, token, key)
            case "capture":
                return await self._on_intent(request, entry, key, self._capture)
            case "release":
                return await self._on_intent(request, entry, key, self._cancel)
            case "refund":
                return await self._on_intent(request, entry, key, self._refund)

    async def _hold(self, request: AskPaymentProvider, entry: Entry, token: str | None, key: str) -> PaymentAnswer:
        if entry.intent_id is not None:
            known = await self._api.payment_intents.retrieve_async(entry.intent_id)
            return _answer(known.to_dict())
        amount, currency = to_stripe(request.amount)
        method = (await self._api.payment_methods.retrieve_async(token or "")).to_dict()
        ours = {"payment_id": str(request.payment_id), "service": request.service}
        asked: Any = {
            "amount": amount,
            "currency": currency,
            "capture_method": "manual",
            "confirm": True,
            "payment_method": token,
            "payment_method_types": ["card"],
            "metadata": ours,
        }
        if customer := id_of(method.get("customer")):
            asked["customer"] = customer
        asked |= {"return_url": self._return_url} if request.on_session else {"off_session": True}
        intent = (await self._api.payment_intents.create_async(asked, {"idempotency_key": key})).to_dict()
        await self._book.note(request.payment_id, str(intent["id"]))
        return _answer(intent)

    async def _on_intent(
        self,
        request: AskPaymentProvider,
        entry: Entry,
        key: str,
        do: Callable[[AskPaymentProvider, str, Any], Awaitable[PaymentAnswer]],
    ) -> PaymentAnswer:
        if entry.intent_id is None:
            return PaymentAnswer(accepted=False, reference="", decline_code="no_hold")
        return await do(request, entry.intent_id, {"idempotency_key": key})

    async def _capture(self, request: AskPaymentProvider, intent_id: str, options: Any) -> PaymentAnswer:
        amount, _ = to_stripe(request.amount)
        asked: Any = {"amount_to_capture": amount}
        intent = (await self._api.payment_intents.capture_async(intent_id, asked, options)).to_dict()
        if status_of(intent) == "processing":
            return PaymentAnswer(accepted=False, reference=intent_id, pending=True)
        refused = PaymentAnswer(accepted=False, reference=intent_id, decline_code=_why_not(intent))
        return _captured(intent, request) or refused

    async def _cancel(self, request: AskPaymentProvider, intent_id: str, options: Any) -> PaymentAnswer:
        del request
        intent = (await self._api.payment_intents.cancel_async(intent_id, {}, options)).to_dict()
        return PaymentAnswer(accepted=True, reference=str(intent["id"]))

    async def _refund(self, request: AskPaymentProvider, intent_id: str, options: Any) -> PaymentAnswer:
        amount, _ = to_stripe(request.amount)
        ours = {
            "payment_id": str(request.payment_id),
            "credit_note_id": str(request.credit_note_id),
            "asked_as": options["idempotency_key"].partition(":")[0],
        }
        asked: Any = {"payment_intent": intent_id, "amount": amount, "metadata": ours}
        return _refunded((await self._api.refunds.create_async(asked, options)).to_dict())

    async def _found(
        self, request: AskPaymentProvider, entry: Entry, token: str | None, key: str
    ) -> PaymentAnswer | None:
        """What Stripe did already of what is asked for; none where it did nothing."""
        try:
            return await self._look_for(request, entry, token, key)
        except stripe.StripeError as error:
            raise _unavailable(error) from error

    async def _look_for(
        self, request: AskPaymentProvider, entry: Entry, token: str | None, key: str
    ) -> PaymentAnswer | None:
        intent_id = entry.intent_id
        if request.operation == "hold" and intent_id is None:
            intent_id = await self._intent_of(request, token)
        if intent_id is None:
            return None
        if request.operation == "refund":
            return await self._refund_of(intent_id, key)
        intent = await self._intent(intent_id)
        if request.operation == "hold":
            await self._book.note(request.payment_id, intent_id)
            return _answer(intent)
        if status_of(intent) != "canceled":
            return _captured(intent, request) if request.operation == "capture" else None
        gone = request.operation == "release"
        return PaymentAnswer(gone, intent_id, decline_code=None if gone else "hold_lost")

    async def _refund_of(self, intent_id: str, key: str) -> PaymentAnswer | None:
        asked: Any = {"payment_intent": intent_id, "limit": 100}
        listed = await _heard(self._api.refunds.list_async(asked))
        mine = [row for row in rows(listed.to_dict()) if (row.get("metadata") or {}).get("asked_as") == key]
        return _refunded(mine[0]) if mine else None

    async def _intent_of(self, request: AskPaymentProvider, token: str | None) -> str | None:
        """By what we wrote on it, among those of the customer."""
        method = await self._method(token) if token else None
        if (customer := id_of((method or {}).get("customer"))) is None:
            return None
        since = int((request.asked_at - timedelta(minutes=5)).timestamp())
        asked: Any = {"customer": customer, "created": {"gte": since}, "limit": 100}
        listed = await _heard(self._api.payment_intents.list_async(asked))
        for intent in rows(listed.to_dict()):
            if uuid_in(intent.get("metadata"), "payment_id") == request.payment_id:
                return id_of(intent)
        return None

    async def _declined(self, request: AskPaymentProvider, error: stripe.CardError) -> PaymentAnswer:
        said = _body(error)
        intent_id = id_of(said.get("payment_intent"))
        if intent_id is not None:
            await self._book.note(request.payment_id, intent_id)
        return PaymentAnswer(accepted=False, reference=intent_id or "", decline_code=decline_code(said))

    async def describe(self, token: str, /) -> MethodDetails | None:
        """A method that no customer has yet becomes that of one of its own, so that it can be charged again."""
        method = await self._method(token)
        details = details_of(method) if method is not None else None
        if method is None or details is None or method.get("customer"):
            return details
        try:
            options: Any = {"idempotency_key": f"customer of {token}"}
            customer = await _heard(self._api.customers.create_async({}, options))
            await _heard(self._api.payment_methods.attach_async(token, {"customer": str(customer.id)}))
        except (stripe.CardError, stripe.InvalidRequestError):  # used up, or refused by its bank
            return None
        return details

    async def look_up(self, request: LookUpPayment, /) -> PaymentNews | None:
        """Its present state, whatever was sent before."""
        try:
            match request.about:
                case "payment":
                    return news_of_intent(await self._intent(request.reference))
                case "refund":
                    refund = await _heard(self._api.refunds.retrieve_async(request.reference))
                    return news_of_refund(refund.to_dict())
                case "dispute":
                    dispute = await _heard(self._api.disputes.retrieve_async(request.reference))
                    return news_of_dispute(dispute.to_dict())
        except NotUnderstoodError as error:
            raise GatewayUnavailableError(f"{request.reference}: {error}") from error

    async def _method(self, token: str) -> Object | None:
        try:
            found: Object = (await _heard(self._api.payment_methods.retrieve_async(token))).to_dict()
        except stripe.InvalidRequestError:
            return None
        return found

    async def _intent(self, intent_id: str) -> Object:
        found: Object = (await _heard(self._api.payment_intents.retrieve_async(intent_id))).to_dict()
        return found


async def _heard(asking: Awaitable[Any]) -> Any:
    """Stripe's answer. Raises `GatewayUnavailableError` where there is none, and its own errors where it says no."""
    try:
        return await asking
    except (stripe.CardError, stripe.InvalidRequestError, stripe.IdempotencyError):
        raise
    except stripe.StripeError as error:
        raise _unavailable(error) from error


def _unavailable(error: stripe.StripeError) -> GatewayUnavailableError:
    """Without its text, which may quote what is known of a person."""
    why = error.code or type(error).__name__
    return GatewayUnavailableError(f"Stripe did not do it: {error.http_status or 'no answer'} {why}")


def _body(error: stripe.StripeError) -> Object:
    body = error.json_body if isinstance(error.json_body, dict) else {}
    said = body.get("error")
    return said if isinstance(said, dict) else {}


def _code(error: stripe.StripeError) -> str:
    return str(error.code or ("idempotency_key_reused" if isinstance(error, stripe.IdempotencyError) else "refused"))


def _answer(intent: Object) -> PaymentAnswer:
    """To a hold."""
    reference = str(intent.get("id"))
    match status_of(intent):
        case "requires_capture" | "succeeded":
            return PaymentAnswer(accepted=True, reference=reference)
        case "requires_payment_method" | "canceled":
            return PaymentAnswer(accepted=False, reference=reference, decline_code=_why_not(intent))
        case "requires_action":
            return PaymentAnswer(accepted=False, reference=reference, pending=True, confirm_link=confirm_link(intent))
    return PaymentAnswer(accepted=False, reference=reference, pending=True)


def _captured(intent: Object, request: AskPaymentProvider) -> PaymentAnswer | None:
    """To a capture; none where the money is not there."""
    if status_of(intent) != "succeeded":
        return None
    reference = str(intent.get("id"))
    told = intent.get("amount_received")
    received = request.amount if told is None else of_stripe(told, intent.get("currency"))
    if received != request.amount:  # neither a yes nor a no: an operator has to look
        msg = f"{reference}: {received} was captured at Stripe, where {request.amount} is asked for"
        raise GatewayUnavailableError(msg)
    return PaymentAnswer(accepted=True, reference=reference)


def _refunded(refund: Object) -> PaymentAnswer:
    reference, status = str(refund.get("id")), refund.get("status")
    if status in {"failed", "canceled"}:
        why = str(refund.get("failure_reason") or status)
        return PaymentAnswer(accepted=False, reference=reference, decline_code=why)
    return PaymentAnswer(accepted=status == "succeeded", reference=reference, pending=status != "succeeded")


def _why_not(intent: Object) -> str:
    return decline_code(intent.get("last_payment_error"), str(intent.get("cancellation_reason") or "declined"))
