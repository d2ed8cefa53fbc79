"""A payment provider for development and demo: it keeps books in the database and answers by the rules of a real one.

The payment method's token decides, as with the test cards of real providers: see `DECLINES`.
"""

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple
from uuid import UUID

import asyncpg

from adapters.postgres.database import TRANSIENT_ERRORS
from adapters.postgres.locks import Lock, alone
from domain.kernel.ids import derived_id
from domain.kernel.payment_port import MethodDetails, PaymentAnswer, PaymentNews
from domain.kernel.policy import AskPaymentProvider, LookUpPayment
from domain.kernel.ports import GatewayUnavailableError

DECLINES = {
    "tok_decline_capture": {"capture": "card_declined"},
    "tok_decline_refund": {"refund": "card_closed"},
    "tok_decline": {"hold": "card_declined"},
    "tok_insufficient": {"hold": "insufficient_funds"},
    "tok_expired": {"hold": "expired_card"},
    "tok_stolen": {"hold": "stolen_card"},
}
"""Beginning of a token -> the operations that it declines, with the code; the first that fits counts."""

BRANDS = frozenset({"visa", "mastercard", "amex", "maestro"})
_UNTIL = re.compile(r"_until_(\d{4})_(0[1-9]|1[0-2])")
_ONE_CARD = re.compile(r".*\d")

TWICE = "_twice"
"""A token that ends so declines an operation two times for each payment, and then no more."""

TO_CONFIRM = "tok_confirm"
"""A token that begins so can be held on only while its owner is there, who then confirms at once."""

CAPTURE_TOLERANCE_PERCENT = 15
"""How much more than the hold may be captured, as card schemes allow for car rental."""

_KNOWN = """
select accepted, reference, decline_code, operation, amount_minor, currency
from csbe.provider_operations where idempotency_key = $1
"""
_BOOKS = "select operation, amount_minor, currency from csbe.provider_operations where payment_id = $1 and accepted"
_DECLINED = """
select count(*) from csbe.provider_operations where payment_id = $1 and operation = $2 and not accepted
"""
_RECORD = """
insert into csbe.provider_operations
    (idempotency_key, payment_id, operation, amount_minor, currency, accepted, reference, decline_code)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""


class Entry(NamedTuple):
    """One accepted operation on a payment, in minor units."""

    operation: str
    amount_minor: int
    currency: str


class SimulatedPaymentProvider:
    """Implements `PaymentGateway`. Asking again under one key changes nothing and gets the first answer, for ever."""

    WARNING = (
        "the payment provider is the simulated one: trips are invoiced and invoices count as paid, but no money moves"
    )

    def __init__(self, pool: asyncpg.Pool, *, declines: Mapping[str, Mapping[str, str]] = DECLINES) -> None:
        self._pool = pool
        self._declines = declines

    async def perform(
        self, request: AskPaymentProvider, /, *, token: str | None, idempotency_key: str
    ) -> PaymentAnswer:
        """Carry out the operation once per key. Raises `GatewayUnavailableError` when the books cannot be reached."""
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                await alone(connection, Lock.PROVIDER_PAYMENT, str(request.payment_id))
                if known := await connection.fetchrow(_KNOWN, idempotency_key):
                    return _repeat(known, request)
                books = [Entry(*row) for row in await connection.fetch(_BOOKS, request.payment_id)]
                declined = await connection.fetchval(_DECLINED, request.payment_id, request.operation)
                code = self._decline_of(request, token or "", declined) or refusal(books, request)
                answer = PaymentAnswer(code is None, _reference(request.payment_id, idempotency_key), code)
                await connection.execute(
                    _RECORD, idempotency_key, *_facts(request), answer.accepted, answer.reference, code
                )
        except TRANSIENT_ERRORS as error:
            msg = f"the payment provider cannot be reached: {error}"
            raise GatewayUnavailableError(msg) from error
        return answer

    async def describe(self, token: str, /) -> MethodDetails | None:
        """By the words of the token, such as `tok_visa_prepaid_4242_until_2027_03`; none of one that begins `tok_lost`.

        With a digit it is of one card, whatever follows the last one; without, of a test card that anybody may have.
        """
        if token.startswith("tok_lost"):
            return None
        words, until, card = token.split("_"), _UNTIL.search(token), _ONE_CARD.match(token)
        return MethodDetails(
            brand=next((word for word in words if word in BRANDS), None),
            prepaid=True if "prepaid" in words else None,
            expires_on=_last_day(int(until[1]), int(until[2])) if until else None,
            fingerprint=card[0] if card else None,
        )

    async def look_up(self, request: LookUpPayment, /) -> PaymentNews | None:
        """Nothing that was not answered at once."""
        del request
        return None

    def _decline_of(self, request: AskPaymentProvider, token: str, declined: int) -> str | None:
        """By the token, and how often the operation was declined for this payment before."""
        if token.startswith(TO_CONFIRM) and request.operation == "hold" and not request.on_session:
            return "authentication_required"
        if token.endswith(TWICE) and declined >= 2:  # noqa: PLR2004
            return None
        for beginning, codes in self._declines.items():
            if token.startswith(beginning):
                return codes.get(request.operation)
        return None


def refusal(books: Iterable[Entry], request: AskPaymentProvider) -> str | None:
    """Why the books do not allow the operation, or `None`: nothing is captured beyond its hold or given back twice."""
    entries = list(books)
    if any(e.currency != request.amount.currency for e in entries):
        return "currency_mismatch"
    held, captured, refunded = (_sum(entries, operation) for operation in ("hold", "capture", "refund"))
    released = any(e.operation == "release" for e in entries)
    amount = request.amount.amount_minor
    match request.operation:
        case "hold":
            return "already_held" if held else None
        case "capture":
            most = held + held * CAPTURE_TOLERANCE_PERCENT // 100
            return (
                "hold_released"
                if released
                else _first((not held, "no_hold"), (captured + amount > most, "exceeds_hold"))
            )
        case "release":
            return _first((not held, "no_hold"), (captured > 0, "already_captured"), (released, "already_released"))
        case "refund":
            return _first((not captured, "nothing_captured"), (refunded + amount > captured, "exceeds_captured"))


def _last_day(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def _first(*reasons: tuple[bool, str]) -> str | None:
    return next((code for applies, code in reasons if applies), None)


def _sum(entries: Iterable[Entry], operation: str) -> int:
    return sum(e.amount_minor for e in entries if e.operation == operation)


def _facts(request: AskPaymentProvider) -> tuple[UUID, str, int, str]:
    return request.payment_id, request.operation, request.amount.amount_minor, request.amount.currency.value


def _reference(payment_id: UUID, key: str) -> str:
    return f"sim_{derived_id('provider', payment_id, key).hex[:24]}"


def _repeat(known: asyncpg.Record, request: AskPaymentProvider) -> PaymentAnswer:
    asked = (request.operation, request.amount.amount_minor, request.amount.currency.value)
    if (known["operation"], known["amount_minor"], known["currency"]) != asked:
        return PaymentAnswer(accepted=False, reference=known["reference"], decline_code="idempotency_key_reused")
    return PaymentAnswer(known["accepted"], known["reference"], known["decline_code"])
