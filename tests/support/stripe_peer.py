"""Somebody who speaks as Stripe does over HTTP, and misbehaves as a test says: written by its public documents."""

import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request, Response
from starlette.types import Receive, Scope, Send
from stripe import WebhookSignature

from adapters.embedded.broker import free_port
from api.server import served_app

Json = dict[str, Any]
Fault = Literal["fails", "fails_after", "cut_after", "busy", "in_progress"]
"""500 before or after the effect, a connection that is cut in the middle of the answer, 429, 409."""
SECRET = "whsec_of_the_tests"
METHODS: dict[str, Json] = {
    "pm_visa": {"card": {"brand": "visa", "funding": "credit", "exp_year": 2039, "exp_month": 12, "fingerprint": "f1"}},
    "pm_prepaid": {"card": {"brand": "visa", "funding": "prepaid", "exp_year": 2030, "exp_month": 2}},
    "pm_google_pay": {"card": {"brand": "mastercard", "funding": "debit", "wallet": {"type": "google_pay"}}},
    "pm_poor": {"card": {"brand": "visa"}, "declines": "insufficient_funds"},
    "pm_3ds": {"card": {"brand": "visa"}, "confirms": True},
    "pm_expires": {"card": {"brand": "visa"}, "declines_capture": "expired_card"},
    "pm_iban": {"type": "sepa_debit", "sepa_debit": {"last4": "3000"}},
}


class _CutResponse(Response):
    """Promises more than it sends."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 (as every answer has it)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"9999")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"id": "pi_', "more_body": True})
        raise ConnectionResetError


@dataclass
class StripePeer:
    """Its books, and the faults that its next answers have, by what is asked for."""

    port: int = field(default_factory=free_port)
    intents: dict[str, Json] = field(default_factory=dict)
    refunds: dict[str, Json] = field(default_factory=dict)
    disputes: dict[str, Json] = field(default_factory=dict)
    customers: dict[str, str] = field(default_factory=dict)
    """By payment method."""
    balance: list[Json] = field(default_factory=list)
    faults: defaultdict[str, list[Fault]] = field(default_factory=lambda: defaultdict(list))
    asked: list[str] = field(default_factory=list)
    answers: dict[str, tuple[str, Response]] = field(default_factory=dict)
    """By idempotency key: what was asked, and what the answer was, for ever."""
    numbers: Any = field(default_factory=lambda: count(1))
    pending_refunds: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["StripePeer"]:
        """Answer during the block."""
        app = FastAPI(openapi_url=None)
        app.add_api_route("/v1/{path:path}", self._answer, methods=["GET", "POST"])
        async with served_app(app, "127.0.0.1", self.port):
            yield self

    def confirm(self, intent_id: str) -> None:
        """The payer has confirmed it."""
        self.intents[intent_id] |= {"status": "requires_capture", "next_action": None}
        self.intents[intent_id]["amount_capturable"] = self.intents[intent_id]["amount"]

    def end_hold(self, intent_id: str) -> None:
        """As card networks do after seven days."""
        self.intents[intent_id] |= {"status": "canceled", "cancellation_reason": "automatic"}

    def dispute(self, intent_id: str, status: str, amount: int, *, fee: int = 1500) -> str:
        """A payer's bank takes a payment back, or decides about it; says the dispute's id."""
        dispute_id = f"dp_{intent_id}"
        taken = {"amount": -amount, "currency": "eur", "fee": fee, "object": "balance_transaction"}
        back = {"amount": amount, "currency": "eur", "fee": 0, "object": "balance_transaction"}
        moved = [] if status.startswith("warning") else [taken, back] if status == "won" else [taken]
        self.disputes[dispute_id] = {
            "id": dispute_id,
            "object": "dispute",
            "amount": amount,
            "currency": "eur",
            "reason": "fraudulent",
            "status": status,
            "payment_intent": intent_id,
            "charge": f"ch_{intent_id}",
            "balance_transactions": moved,
            "evidence_details": {"due_by": 2_000_000_000},
        }
        return dispute_id

    def event(self, thing: Json, type: str, *, id: str = "") -> bytes:
        """The body of a webhook."""
        event_id = id or f"evt_{next(self.numbers)}"
        return json.dumps({"id": event_id, "object": "event", "type": type, "data": {"object": thing}}).encode()

    async def _answer(self, path: str, request: Request) -> Response:
        text = (await request.body()).decode()
        asked = text if request.method == "POST" else request.url.query
        what = (
            f"{request.method} {path.partition('/')[0]}{'/' + path.rpartition('/')[2] if path.count('/') > 1 else ''}"
        )
        self.asked.append(what)
        key = request.headers.get("idempotency-key")
        fault = self.faults[what].pop(0) if self.faults[what] else None
        if fault == "busy":
            return _error(429, "rate_limit_error", "rate_limit")
        if fault == "in_progress":
            return _error(409, "idempotency_error", "idempotency_key_in_use")
        if key and key in self.answers:
            known, answer = self.answers[key]
            return answer if known == f"{path} {asked}" else _error(400, "idempotency_error", "idempotency_error")
        if fault == "fails":
            answer = _error(500, "api_error", "api_error")
        else:
            answer = self._done(path, request.method, _decoded(asked))
        said = _error(500, "api_error", "api_error") if fault == "fails_after" else answer
        if key:
            self.answers[key] = (f"{path} {asked}", said)
        return _CutResponse() if fault == "cut_after" else said

    def _done(self, path: str, method: str, asked: Json) -> Response:
        return self._written(path, asked) if method == "POST" else self._read(path, asked)

    def _read(self, path: str, asked: Json) -> Response:
        match path.split("/"):
            case ["payment_methods", token]:
                return self._method(token)
            case ["payment_intents"]:
                return _listed(i for i in self.intents.values() if i["customer"] == asked.get("customer"))
            case ["refunds"]:
                return _listed(r for r in self.refunds.values() if r["payment_intent"] == asked["payment_intent"])
            case ["balance_transactions"]:
                return _listed(self.balance)
            case [kind, id]:
                return _json(
                    {"payment_intents": self.intents, "refunds": self.refunds, "disputes": self.disputes}[kind][id]
                )
        return _error(404, "invalid_request_error", "resource_missing")

    def _written(self, path: str, asked: Json) -> Response:
        match path.split("/"):
            case ["customers"]:
                return _json({"id": f"cus_{next(self.numbers)}", "object": "customer"})
            case ["payment_methods", token, "attach"]:
                self.customers[token] = asked["customer"]
                return self._method(token)
            case ["payment_intents"]:
                return self._create(asked)
            case ["payment_intents", intent_id, "capture"]:
                return self._capture(self.intents[intent_id], int(asked["amount_to_capture"]))
            case ["payment_intents", intent_id, "cancel"]:
                return self._cancel(self.intents[intent_id])
        return self._refund(self.intents[asked["payment_intent"]], asked)

    def _method(self, token: str) -> Response:
        if token not in METHODS:
            return _error(404, "invalid_request_error", "resource_missing")
        known = {"id": token, "object": "payment_method", "type": "card", "customer": self.customers.get(token)}
        return _json(known | METHODS[token])

    def _create(self, asked: Json) -> Response:
        method, intent_id = METHODS[asked["payment_method"]], f"pi_{next(self.numbers)}"
        amount = int(asked["amount"])
        intent: Json = {
            "id": intent_id,
            "object": "payment_intent",
            "amount": amount,
            "currency": asked["currency"],
            "customer": asked.get("customer"),
            "metadata": asked.get("metadata", {}),
            "payment_method": asked["payment_method"],
            "amount_capturable": amount,
            "amount_received": 0,
            "status": "requires_capture",
        }
        self.intents[intent_id] = intent
        code = method.get("declines")
        if method.get("confirms") and asked.get("off_session") == "true":
            code = "authentication_required"
        if code:
            failure = {"type": "card_error", "code": "card_declined", "decline_code": code}
            intent |= {"status": "requires_payment_method", "amount_capturable": 0, "last_payment_error": failure}
            return _json({"error": failure | {"payment_intent": intent}}, 402)
        if method.get("confirms"):
            page = {"type": "redirect_to_url", "redirect_to_url": {"url": f"https://bank.example/{intent_id}"}}
            intent |= {"status": "requires_action", "amount_capturable": 0, "next_action": page}
        return _json(intent)

    def _capture(self, intent: Json, amount: int) -> Response:
        if intent["status"] != "requires_capture" or amount > intent["amount_capturable"]:
            return _error(400, "invalid_request_error", "payment_intent_unexpected_state")
        if code := METHODS[intent["payment_method"]].get("declines_capture"):
            return _error(402, "card_error", code)
        intent |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
        return _json(intent)

    def _cancel(self, intent: Json) -> Response:
        if intent["status"] in {"succeeded", "canceled"}:
            return _error(400, "invalid_request_error", "payment_intent_unexpected_state")
        intent |= {"status": "canceled", "cancellation_reason": None, "amount_capturable": 0}
        return _json(intent)

    def _refund(self, intent: Json, asked: Json) -> Response:
        given = sum(r["amount"] for r in self.refunds.values() if r["payment_intent"] == intent["id"])
        if given + int(asked["amount"]) > intent["amount_received"]:
            return _error(400, "invalid_request_error", "charge_already_refunded")
        refund = {
            "id": f"re_{next(self.numbers)}",
            "object": "refund",
            "amount": int(asked["amount"]),
            "currency": intent["currency"],
            "payment_intent": intent["id"],
            "metadata": asked.get("metadata", {}),
            "status": "pending" if self.pending_refunds else "succeeded",
        }
        self.refunds[refund["id"]] = refund
        return _json(refund)


def signed(body: bytes, secret: str = SECRET, *, at: float | None = None) -> dict[str, str]:
    """Headers with which Stripe's own library signs."""
    moment = int(time.time() if at is None else at)
    return {"Stripe-Signature": WebhookSignature.generate_signature_header(body.decode(), secret, moment)}


def _decoded(text: str) -> Json:
    found: Json = {}
    for name, value in parse_qsl(text):
        outer, _, inner = name.partition("[")
        if inner:
            found.setdefault(outer, {})[inner.rstrip("]")] = value
        else:
            found[name] = value
    return found


def _json(content: Json, status: int = 200) -> Response:
    return Response(json.dumps(content), status, media_type="application/json")


def _listed(found: Iterable[Json]) -> Response:
    return _json({"object": "list", "data": [*found], "has_more": False})


def _error(status: int, type: str, code: str) -> Response:
    return _json({"error": {"type": type, "code": code, "message": "as the test says"}}, status)
