"""The OpenAPI document: what FastAPI derives from the routes, and what all of them have in common."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.problems import MEDIA_TYPE, ProblemDocument

Operation = dict[str, Any]  # an operation object of OpenAPI 3.1: JSON

_PROBLEM = {
    "description": "A problem document (RFC 9457).",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
}
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
        description=app.description,
        license_info=app.license_info,
        routes=app.routes,
        webhooks=app.webhooks.routes,
    )
    schemas = found["components"]["schemas"]
    schemas["ProblemDocument"] = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    for foreign in ("HTTPValidationError", "ValidationError"):  # FastAPI's own errors, which are never sent
        schemas.pop(foreign, None)
    for _, operation in operations(found):
        _finish(operation)
    for sent in found["webhooks"].values():
        sent["post"]["responses"].pop("422")
    return found


def _finish(operation: Operation) -> None:
    answers = operation["responses"]
    answers.pop("422", None)
    answers["default"] = _PROBLEM
    headers = {parameter["name"]: parameter for parameter in operation.get("parameters", ())}
    if "idempotency-key" in headers:
        headers["idempotency-key"]["required"] = True
        for status, answer in answers.items():
            if status.startswith("2"):
                answer["headers"] = {"X-CSBE-Position": _POSITION}
    if "201" in answers:
        answers["201"].setdefault("headers", {})["Location"] = _LOCATION
