"""The OpenAPI document: what FastAPI derives from the routes, and what all of them have in common."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from api.auth import SCOPES
from api.problems import MEDIA_TYPE, ProblemDocument
from api.rest.commands import MAX_KEY_LENGTH

Operation = dict[str, Any]  # an operation object of OpenAPI 3.1: JSON

_PROBLEM = {
    "description": "A problem document (RFC 9457).",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
}
_KEY = {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "title": "Idempotency-Key"}
_POSITION = {
    "description": "The position of the command's last event; `at_least` of a list waits for it.",
    "schema": {"type": "integer"},
    "example": 4711,
}
_LOCATION = {
    "description": "The address of what was made.",
    "schema": {"type": "string"},
    "example": "/v1/trips/4a0b8f7e-93c2-5b64-9d0e-52f1a3c40003",
}

TAGS = {
    "rental": "Quotes, reservations and trips: what members do, and what agents do for them.",
    "fleet": "Cars, zones, and work in the field.",
    "members": "Accounts: registration, driving licence, payment methods, blocks.",
    "billing": "Charges, payments, invoices and credit notes.",
    "login": "How members and staff get their tokens, and how tokens end.",
    "live": "Events as they happen.",
    "webhooks": "Events sent to a URL.",
    "reports": "Figures for analysts.",
    "operations": "What could not be done, and waits for an operator.",
    "history": "The log, for auditors.",
    "health": "Whether the server is well, and how its tokens are checked.",
}
_INTRODUCTION = """\
What an app, a partner or a member of staff needs to run car sharing.

**Tokens.** Send `Authorization: Bearer <token>`. Members log in by a code in a mail (`send_login_code`, `log_in`),
staff at their identity provider. The role in the token decides what is allowed; a member reaches only what is theirs.

| role | scopes |
|---|---|
{scopes}

Each operation names the scopes of which it needs one.

**Commands** (`POST`) want an `Idempotency-Key`: the same key with the same request gets the first answer, so a request
may be sent again whenever the answer did not come. `If-Match` with an ETag changes nothing newer than what was seen.

**Errors** are problem documents (RFC 9457). `type` is stable, `detail` is for people; of a refused command `violations`
has every rule that said no, of input that does not fit `errors` says where.
[What each code means, and what helps](errors).

**Lists** take `limit` and `cursor`, and answer with `next`: the cursor of the following page, null on the last one.

**Limits.** Who asks too much gets 429 with `Retry-After`. `RateLimit` tells what is left.
"""


def introduction() -> str:
    """What the page of the API begins with: tokens and scopes, commands, errors, lists."""
    rows = (
        f"| {role} | {' '.join(f'`{scope}`' for scope in sorted(scopes))} |"
        for role, scopes in SCOPES.items()
        if scopes
    )
    return _INTRODUCTION.format(scopes="\n".join(rows))


def describe(app: FastAPI) -> None:
    """Have the application describe itself, once, by the finished document."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign] # FastAPI's way to extend the document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, Operation]]:
    """Every operation of a document, by method and path."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def _document(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version=app.openapi_version,
        summary=app.summary,
        description=introduction(),
        tags=[{"name": name, "description": description} for name, description in TAGS.items()],
        license_info=app.license_info,
        routes=app.routes,
        webhooks=app.webhooks.routes,
    )
    schemas = found["components"]["schemas"]
    schemas["ProblemDocument"] = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    for foreign in ("HTTPValidationError", "ValidationError"):  # FastAPI's own errors, which are never sent
        schemas.pop(foreign, None)
    needed = _scopes(app)
    for name, operation in operations(found):
        _finish(operation, needed[name])
    for sent in found["webhooks"].values():
        sent["post"]["responses"].pop("422")
    return found


def _scopes(app: FastAPI) -> dict[str, tuple[str, ...]]:
    """Of each operation, by method and path, the scopes of which it needs one."""
    return {
        f"{method} {route.path}": tuple(
            scope for part in route.dependant.dependencies for scope in getattr(part.call, "scopes", ())
        )
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


def _finish(operation: Operation, scopes: tuple[str, ...]) -> None:
    operation["summary"] = operation["operationId"].replace("_", " ").capitalize()
    if scopes:
        operation["description"] += f"\n\nScope: {' or '.join(f'`{scope}`' for scope in scopes)}."
    answers = operation["responses"]
    answers.pop("422", None)
    answers["default"] = _PROBLEM
    headers = {parameter["name"]: parameter for parameter in operation.get("parameters", ())}
    if "idempotency-key" in headers:
        headers["idempotency-key"] |= {"required": True, "schema": _KEY}
        for status, answer in answers.items():
            if status.startswith("2"):
                answer["headers"] = {"X-CSBE-Position": _POSITION}
    if "201" in answers:
        answers["201"].setdefault("headers", {})["Location"] = _LOCATION
