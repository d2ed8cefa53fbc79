"""Errors as RFC 9457 problem documents: a stable type, and every violated rule at once."""

from collections.abc import Mapping
from typing import Any, Self
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from domain.kernel.errors import (
    CommandIdReusedError,
    NotFoundError,
    RefusedError,
    VersionConflictError,
)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:csbe:problem:"

log = structlog.get_logger(__name__)


class ProblemDocument(BaseModel):
    """The body of every error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    violations: list[dict[str, Any]] | None = None
    """Of a refused command: code, detail and the values that each violated rule looked at."""
    errors: list[dict[str, str]] | None = None
    """Of input that does not fit: what is wrong, and where as a JSON pointer."""


class Problem(Exception):  # noqa: N818 (the word of RFC 9457)
    """An error that a route or a dependency answers with."""

    def __init__(self, status: int, kind: str, title: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.document = ProblemDocument(type=TYPE_PREFIX + kind, title=title, status=status, detail=detail, **more)

    @classmethod
    def unauthorized(cls, detail: str) -> Self:
        return cls(401, "unauthorized", "Who are you?", detail)

    @classmethod
    def forbidden(cls, detail: str) -> Self:
        return cls(403, "forbidden", "Not allowed", detail)

    @classmethod
    def not_found(cls, detail: str) -> Self:
        return cls(404, "not-found", "Not found", detail)

    @classmethod
    def bad_request(cls, detail: str) -> Self:
        return cls(400, "bad-request", "Bad request", detail)

    def response(self) -> JSONResponse:
        """As sent."""
        headers = {"WWW-Authenticate": "Bearer"} if self.status == 401 else None  # noqa: PLR2004
        return _json(self.document, headers)


def install(app: FastAPI) -> None:
    """Have every error of the application answered by a problem document."""

    @app.exception_handler(Problem)
    async def problem(_: Request, error: Problem) -> JSONResponse:
        return error.response()

    @app.exception_handler(RefusedError)
    async def refused(_: Request, error: RefusedError) -> JSONResponse:
        violations = [violation.model_dump(mode="json") for violation in error.violations]
        return Problem(409, "refused", "The rules say no", str(error), violations=violations).response()

    @app.exception_handler(NotFoundError)
    async def not_found(_: Request, error: NotFoundError) -> JSONResponse:
        return Problem.not_found(str(error)).response()

    @app.exception_handler(VersionConflictError)
    async def conflict(_: Request, error: VersionConflictError) -> JSONResponse:
        return Problem(409, "conflict", "Changed meanwhile", f"{error}: read it again and retry").response()

    @app.exception_handler(CommandIdReusedError)
    async def reused(_: Request, error: CommandIdReusedError) -> JSONResponse:
        return Problem(422, "idempotency-key-reused", "Key used for another request", str(error)).response()

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        if any(found["type"] == "json_invalid" for found in error.errors()):
            return Problem(400, "malformed-json", "Not JSON", "the body is not valid JSON").response()
        errors = [{"detail": found["msg"], "pointer": _pointer(found["loc"])} for found in error.errors()]
        return Problem(422, "invalid-input", "Input does not fit", _summary(errors), errors=errors).response()

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        kind = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "http")
        document = Problem(error.status_code, kind, str(error.detail), f"{request.method} {request.url.path}").document
        return _json(document, error.headers)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        incident = str(uuid4())
        log.error("request failed", incident=incident, path=request.url.path, exc_info=error)
        detail = f"this is our fault; tell support the incident {incident}"
        return Problem(500, "internal", "Something broke", detail).response()


def _pointer(location: tuple[int | str, ...]) -> str:
    return "#/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in location)


def _summary(errors: list[dict[str, str]]) -> str:
    return "; ".join(f"{error['pointer']}: {error['detail']}" for error in errors[:5])


def _json(document: ProblemDocument, headers: Mapping[str, str] | None) -> JSONResponse:
    body = document.model_dump(exclude_none=True)
    return JSONResponse(body, document.status, headers=dict(headers or {}), media_type=MEDIA_TYPE)
