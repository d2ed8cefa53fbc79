"""What Stripe sends by itself: believed only with its signature, kept once, and looked up.

Events come late, twice and out of order, so that none of what one says counts but what it is about.
"""

import hmac
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Literal

import orjson

from adapters.payments.stripe.book import StripeBook
from adapters.payments.stripe.objects import Object, id_of, uuid_in
from adapters.postgres.provider_notices import Notice, ProviderNotices
from domain.kernel.ids import PaymentId
from domain.kernel.payment_port import ForeignNoticeError
from domain.kernel.policy import LookUpPayment
from domain.kernel.ports import Clock

TOLERANCE = timedelta(minutes=5)
"""How far the time in a signature may be from ours; Stripe signs anew when it sends again."""
ABOUT: dict[str, Literal["payment", "refund", "dispute"]] = {
    "payment_intent": "payment",
    "refund": "refund",
    "dispute": "dispute",
}
"""Of which objects a word leads to a look at Stripe."""


class StripeWebhooks:
    """Takes in events. Two secrets count while one takes the place of the other."""

    def __init__(self, secrets: Sequence[str], book: StripeBook, notices: ProviderNotices, clock: Clock) -> None:
        self._secrets, self._book, self._notices, self._clock = secrets, book, notices, clock

    async def receive(self, body: bytes, signature: str, /) -> None:
        """Keep it, and have its object looked up. Raises `ForeignNoticeError` for what Stripe has not sent."""
        self._check(body, signature)
        event = _object(body)
        event_id, thing = id_of(event), _thing_of(event)
        if event_id is None:
            raise ForeignNoticeError("it is no event: it has no id")
        payment_id, service = await self._payment_of(thing)
        notice = Notice(event_id, str(event.get("type")), id_of(thing), payment_id)
        await self._notices.keep(notice, _look_up(payment_id, thing), service)

    def _check(self, body: bytes, signature: str) -> None:
        parts = [part.partition("=")[::2] for part in signature.split(",")]
        times = [value for name, value in parts if name.strip() == "t"]
        signed = [value for name, value in parts if name.strip() == "v1"]
        if not times or not times[0].isdecimal():
            raise ForeignNoticeError("its signature has no time")
        expected = [
            hmac.new(secret.encode(), times[0].encode() + b"." + body, sha256).hexdigest() for secret in self._secrets
        ]
        if not any(hmac.compare_digest(one.encode(), given.encode()) for one in expected for given in signed):
            raise ForeignNoticeError("its signature is not by our secret")
        if abs(self._clock.now().timestamp() - int(times[0])) > TOLERANCE.total_seconds():
            raise ForeignNoticeError("its signature is older than five minutes, or from the future")

    async def _payment_of(self, thing: Object) -> tuple[PaymentId | None, str]:
        """Ours with its service, by Stripe's name for it, or by what we wrote on it; none where it is not ours."""
        charge = thing.get("charge")
        holder = charge if isinstance(charge, dict) else {}
        intent = thing if thing.get("object") == "payment_intent" else thing.get("payment_intent")
        intent_id = id_of(intent) or id_of(holder.get("payment_intent"))
        if intent_id is not None and (known := await self._book.payment_of(intent_id)):
            return PaymentId(known[0]), known[1]
        written = thing.get("metadata")
        payment_id = uuid_in(written, "payment_id")
        if payment_id is None or not isinstance(written, dict) or not written.get("service"):
            return None, ""
        return PaymentId(payment_id), str(written["service"])


def _object(body: bytes) -> Object:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ForeignNoticeError("it is no JSON") from error
    if not isinstance(found, dict):
        raise ForeignNoticeError("it is no JSON object")
    return found


def _thing_of(event: Object) -> Object:
    data = event.get("data")
    thing = data.get("object") if isinstance(data, dict) else None
    return thing if isinstance(thing, dict) else {}


def _look_up(payment_id: PaymentId | None, thing: Object) -> LookUpPayment | None:
    about, reference = ABOUT.get(str(thing.get("object"))), id_of(thing)
    if payment_id is None or about is None or reference is None:
        return None
    return LookUpPayment(payment_id=payment_id, about=about, reference=reference)
